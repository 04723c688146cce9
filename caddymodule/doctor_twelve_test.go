//go:build unix

package caddymodule_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// setUpFault is a fault of a set-up, made for real, and what is said of it: by doctor,
// or by a start that is refused.
type setUpFault struct {
	name          string
	seed          func(t *testing.T, h *host) (said string)
	words, remedy string
}

// diagnosed is what doctor says.
func diagnosed(t *testing.T, h *host) string {
	t.Helper()
	r := sparekey(t, "doctor", "--config", h.caddyfile(t))
	return r.out + r.said
}

// refused is why Caddy does not start.
func refused(t *testing.T, h *host) string {
	t.Helper()
	text, err := os.ReadFile(h.caddyfile(t))
	if err != nil {
		t.Fatal(err)
	}
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(text, nil)
	if err == nil {
		err = load(config)
	}
	if err == nil {
		t.Fatal("got a start, want it refused")
	}
	return err.Error()
}

func with(more string) func(t *testing.T, h *host) string {
	return func(t *testing.T, h *host) string {
		t.Helper()
		settle(t, h, "sam", samsMail())
		h.more = more
		return diagnosed(t, h)
	}
}

func setUpFaults() []setUpFault {
	return append(faultsOfStores(), []setUpFault{
		{"plain http", func(t *testing.T, h *host) string {
			h.name = "photos.lan"
			return with("")(t, h)
		}, "photos.lan", "serve it over https"},
		{"wrong clock", wrongClock, "it is behind what was seen before, by 1h", "set their clocks by the network"},
		{"portal of everybody", func(t *testing.T, h *host) string {
			h.more = "portal duckdns.org"
			return refused(t, h)
		}, "below duckdns.org everybody can have a name", "write one of yours"},
		{"proxy that hides its clients", hiddenClients, "all visitors since the start share one address", "trusted_proxies"},
		{"mail server away", func(t *testing.T, h *host) string {
			nobody, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil || nobody.Close() != nil {
				t.Fatal(err)
			}
			return with("notify smtp "+nobody.Addr().String()+" {\n from a@example.org\n}")(t, h)
		}, "connection refused", "nobody listens there"},
		{"group that nobody is in", func(t *testing.T, h *host) string {
			h.gate = "{\n allow admins famly user:sam user:robin\n}"
			return with("")(t, h)
		}, "nobody is meant by these words of allow: famly, user:robin", "write a group that somebody is in"},
		{"portal behind itself", func(t *testing.T, h *host) string {
			h.more = "portal login.example.com\nfrom 127.0.0.1\nsite login.example.com"
			return refused(t, h)
		}, "login.example.com is the portal, where no app stands", "take it out"},
	}...)
}

func faultsOfStores() []setUpFault {
	redis := func(t *testing.T, h *host, args ...string) *kvtest.Redis {
		t.Helper()
		server := kvtest.StartRedis(t, args...)
		h.store, h.secret = "redis "+server.URL(), strings.Repeat("0123456789abcdef", 4)
		h.socket = filepath.Join(h.folder, "xdg/caddy/sparekey/run/redis.sock")
		return server
	}
	return []setUpFault{
		{"Redis that evicts", func(t *testing.T, h *host) string {
			redis(t, h, "--maxmemory-policy", "allkeys-lru")
			return refused(t, h)
		}, "may evict accounts and sessions", "set it to noeviction"},
		{"Redis that evicts from now on", func(t *testing.T, h *host) string {
			server := redis(t, h)
			h.start(t)
			if _, err := server.Do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"); err != nil {
				t.Fatal(err)
			}
			return diagnosed(t, h)
		}, "may evict accounts and sessions", "set maxmemory-policy to noeviction"},
		{"Redis that persists nothing", func(t *testing.T, h *host) string {
			redis(t, h, "--save", "", "--appendonly", "no")
			h.start(t)
			return diagnosed(t, h)
		}, "all accounts are gone when it restarts", "set appendonly yes"},
		{"two nodes with different keys", func(t *testing.T, h *host) string {
			redis(t, h)
			h.start(t)
			h.stop(t)
			h.secret = strings.Repeat("fedcba9876543210", 4)
			return refused(t, h) + diagnosed(t, h)
		}, "sealed with another key", `put the right key into "secret"`},
		{"full disk", fullDisk, "no room is left", "make room on that disk"},
		{"store that cannot be read", func(t *testing.T, h *host) string {
			settle(t, h, "sam")
			f, err := os.OpenFile(filepath.Join(h.data(), "sparekey.db"), os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, err1 := f.WriteAt([]byte(strings.Repeat("canary", 1000)), 3*int64(os.Getpagesize()))
			if err := errors.Join(err1, f.Close()); err != nil {
				t.Fatal(err)
			}
			return refused(t, h) + diagnosed(t, h)
		}, "the store is damaged", "restore the newest backup"},
	}
}

// TestEachFaultOfASetUpIsNamed in words, with the remedy.
func TestEachFaultOfASetUpIsNamed(t *testing.T) {
	recoverytest.Alone(t)
	for _, tt := range setUpFaults() {
		t.Run(tt.name, func(t *testing.T) {
			said := strings.Join(strings.Fields(tt.seed(t, newHost(t))), " ")
			for _, want := range []string{tt.words, tt.remedy} {
				if !strings.Contains(said, want) {
					t.Errorf("got %s\nwant %q in it", said, want)
				}
			}
		})
	}
}

// wrongClock is a store that a machine has used whose clock is an hour ahead.
func wrongClock(t *testing.T, h *host) string {
	t.Helper()
	settle(t, h, "sam", samsMail())
	store := h.open(t)
	ahead := func() time.Time { return time.Now().Add(time.Hour + time.Minute) }
	e := &engine.Engine{Store: store, Now: ahead, Keys: h.keys(t), Policy: recovery.Default()}
	if err := errors.Join(e.CheckClock(context.Background()), store.Driver.Close()); err != nil {
		t.Fatal(err)
	}
	return diagnosed(t, h)
}

// hiddenClients is a proxy in front by which everybody comes from one address.
func hiddenClients(t *testing.T, h *host) string {
	t.Helper()
	settle(t, h, "sam", samsMail())
	h.more = cheapHash
	h.start(t)
	for _, name := range []string{"robin", "carol", "dora"} {
		sparekey(t, "user", "add", name, "--config", h.caddyfile(t)).want(t, 0, "")
		h.signIn(t, name)
	}
	return diagnosed(t, h)
}

// fullDisk is a store on a disk without room.
func fullDisk(t *testing.T, h *host) string {
	t.Helper()
	smallDisk(t, h.data())
	settle(t, h, "sam", samsMail())
	f, err := os.OpenFile(filepath.Join(h.data(), "filling"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1 << 16; size > 0; size /= 2 { // to the last byte
		for err = nil; err == nil; {
			_, err = fmt.Fprint(f, strings.Repeat("x", size))
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	store := h.open(t)
	_, written := kv.Create(t.Context(), store, "canary", strings.Repeat("x", 1<<20), time.Time{})
	if err := store.Driver.Close(); err != nil || written == nil || !strings.Contains(written.Error(), "make room on that disk") {
		t.Errorf("got %v, %v, want a write refused with the remedy", err, written)
	}
	return diagnosed(t, h)
}
