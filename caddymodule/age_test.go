//go:build unix

package caddymodule_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// records are all of a store, as a backup has them.
func records(t *testing.T, d kv.Driver) map[string][]byte {
	t.Helper()
	keys, err := d.Keys(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, key := range keys {
		if all[key], err = d.Get(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// backup reads the store of the host, or puts one back, while no Caddy runs.
func (h *host) backup(t *testing.T, back map[string][]byte) map[string][]byte {
	t.Helper()
	d := h.driver(t)
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	now := records(t, d)
	for key, value := range back {
		if !bytes.Equal(now[key], value) {
			if ok, err := d.Swap(t.Context(), key, now[key], value, 0); err != nil || !ok {
				t.Fatalf("put back %s: got %v, %v", key, ok, err)
			}
		}
	}
	return now
}

// TestYesterdaysStore restores a backup in which a session lives that has been
// ended since: it is void, and log and doctor say why, unless the operator has
// said that the older store is meant.
func TestYesterdaysStore(t *testing.T) {
	recoverytest.SlowAlone(t)
	for _, store := range []string{"file", "redis"} {
		for _, accept := range []bool{false, true} {
			if store == "redis" && accept {
				continue // the command is the same, and each of these takes five seconds
			}
			name := store + ", unannounced"
			if accept {
				name = store + ", accepted"
			}
			t.Run(name, func(t *testing.T) {
				h := newHost(t)
				if store == "redis" {
					h.store, h.socket = "redis "+kvtest.StartRedis(t).URL(), filepath.Join(h.folder, "xdg/caddy/sparekey/run/redis.sock")
				}
				session := h.seed(t)
				h.start(t)
				if !h.signedIn(t, session) {
					t.Fatal("the session of the seed does not work")
				}
				h.stop(t)
				yesterday := h.backup(t, nil)
				h.start(t)
				h.signOut(t, session)
				h.stop(t)
				h.backup(t, yesterday)
				config := "--config=" + h.caddyfile(t)
				if accept {
					sparekey(t, "restore", "--accept-old", config).want(t, 0, "is accepted")
				}
				h.start(t)
				if h.signedIn(t, session) != accept {
					t.Errorf("signed in with a session that was ended after the backup: %v, want %v", !accept, accept)
				}
				want := "voided"
				if accept {
					want = "accepted"
				}
				if out := sparekey(t, "doctor", config); !bytes.Contains([]byte(out.out), []byte(want)) {
					t.Errorf("doctor says %s, want %q in it", out.out, want)
				}
				log, err := os.ReadFile(filepath.Join(h.folder, "log"))
				if err != nil {
					t.Fatal(err)
				}
				if got := bytes.Contains(log, []byte("older than what was acknowledged")); got == accept {
					t.Errorf("the log tells of an older store: %v, want %v", got, !accept)
				}
			})
		}
	}
}

// TestAStoreThatOnlyRestartsIsNotOlder: a power cut, a restart and a reload are
// no restore.
func TestAStoreThatOnlyRestartsIsNotOlder(t *testing.T) {
	h := newHost(t)
	session := h.seed(t)
	h.start(t)
	h.start(t)
	h.stop(t)
	h.start(t)
	if !h.signedIn(t, session) {
		t.Fatal("signed out")
	}
	sparekey(t, "restore", "--accept-old", "--config="+h.caddyfile(t)).want(t, 0, "nothing to accept")
	sparekey(t, "restore", "--config="+h.caddyfile(t)).want(t, 1, "--accept-old")
}
