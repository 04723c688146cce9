//go:build unix

package caddymodule_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/boltkv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/kv/rediskv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// seed makes, before the first start, the store of the host with Alice,
// an administrator who is signed in, and returns her session cookie.
func (h *host) seed(t *testing.T) string {
	t.Helper()
	return h.seedPerson(t, recoverytest.Alice())
}

// seedPerson is seed with what the person holds.
func (h *host) seedPerson(t *testing.T, alice *recoverytest.Person) string {
	t.Helper()
	root := secret.NewRoot()
	h.secret = hex.EncodeToString(root)
	keys, err := secret.NewKeys(root)
	if err != nil {
		t.Fatal(err)
	}
	d := h.driver(t)
	w := recoverytest.New(t, recoverytest.WithDriver(d), func(w *recoverytest.World) { w.Keys = keys })
	b := w.Browser()
	w.Setup(alice)
	w.SignIn(b, alice, "/")
	w.Server.Close()
	w.Guard.Close()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Cookie("sparekey").Value
}

// driver opens the store of the host while no Caddy does.
func (h *host) driver(t *testing.T) kv.Driver {
	t.Helper()
	var d kv.Driver
	var err error
	if url, ok := strings.CutPrefix(h.store, "redis "); ok {
		d, err = rediskv.Open(t.Context(), rediskv.Options{URL: url})
	} else {
		d, err = boltkv.Open(filepath.Join(h.data(), "sparekey.db"), boltkv.Options{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// cookie is the Cookie header of a session here.
func (h *host) cookie(session string) string { return fmt.Sprintf("sparekey-%d=%s", h.port, session) }

// toLoopback reaches a site of a host whatever its name resolves to.
func toLoopback(ctx context.Context, _, addr string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	return new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:"+port)
}

// load has Caddy run a configuration, whose listeners alone there are then.
func load(config []byte) error {
	err := caddy.Load(config, true)
	kvtest.AwaitOldListeners(os.Getpid())
	return err
}
