//go:build unix

package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/kv/rediskv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// onRedis is an installation on a real server, with somebody signed in.
func onRedis(t *testing.T) (*kvtest.Redis, *recoverytest.World, *recoverytest.Browser) {
	t.Helper()
	redis := kvtest.StartRedis(t)
	d, err := rediskv.Open(t.Context(), rediskv.Options{URL: redis.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	w := recoverytest.New(t, recoverytest.WithDriver(d))
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	return redis, w, b
}

// do sends a command and fails the test on a refusal.
func do(t *testing.T, r *kvtest.Redis, args ...string) {
	t.Helper()
	if out, err := r.Do(args...); err != nil {
		t.Fatalf("%v: %v %s", args, err, out)
	}
}

func TestA63_RedisAwayDeniesAndComesBack(t *testing.T) {
	for _, tc := range []struct {
		name       string
		away, back func(t *testing.T, r *kvtest.Redis)
	}{
		{"stopped", func(_ *testing.T, r *kvtest.Redis) { r.Stop() }, func(t *testing.T, r *kvtest.Redis) {
			if err := r.Start(); err != nil {
				t.Fatal(err)
			}
		}},
		{"hanging", func(_ *testing.T, r *kvtest.Redis) { r.Pause() }, func(_ *testing.T, r *kvtest.Redis) { r.Resume() }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			redis, w, b := onRedis(t)
			if tc.name == "stopped" {
				do(t, redis, "SAVE")
			}
			cookie := b.Cookie("sparekey").Value
			tc.away(t, redis)
			denied := within(t, 3*time.Second, func() bool {
				hits := w.Hits()
				b.Get("/")
				return w.Hits() == hits
			})
			if b.Status != http.StatusServiceUnavailable || b.Answer.Get("Retry-After") == "" || len(b.Answer["Set-Cookie"]) > 0 {
				t.Errorf("away: got status %d, headers %v, want 503, Retry-After and the cookie left alone", b.Status, b.Answer)
			}
			for range 20 {
				hits := w.Hits()
				if b.Get("/"); w.Hits() != hits || b.Status != http.StatusServiceUnavailable {
					t.Fatalf("away: got status %d, and %d requests reached the app", b.Status, w.Hits()-hits)
				}
			}
			w.Browser().Get("/.sparekey/").Get("/.sparekey/recover")
			tc.back(t, redis)
			backAfter := within(t, 5*time.Second, func() bool { return w.SignedIn(b) })
			if got := b.Cookie("sparekey").Value; got != cookie {
				t.Error("the session cookie changed")
			}
			t.Logf("denied after %s, back after %s", denied, backAfter)
		})
	}
}

func within(t *testing.T, limit time.Duration, ok func() bool) time.Duration {
	t.Helper()
	begin := time.Now()
	for !ok() {
		if time.Since(begin) > limit {
			t.Fatalf("not within %s", limit)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(begin).Round(time.Millisecond)
}

// A server that refuses writes still tells who is signed in, but nobody signs
// in: what cannot be counted is not tried.
func TestA63_RedisThatRefusesWritesSignsNobodyIn(t *testing.T) {
	for name, refuse := range map[string][]string{
		"OOM":      {"CONFIG", "SET", "maxmemory", "1"},
		"READONLY": {"REPLICAOF", "127.0.0.1", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			redis, w, _ := onRedis(t)
			do(t, redis, "CONFIG", "SET", "replica-serve-stale-data", "yes")
			do(t, redis, refuse...)
			b := w.Browser()
			b.Get("/").Want("sign-in").Submit("name", "alice", "password", recoverytest.Alice().Password)
			if b.Status != http.StatusServiceUnavailable || b.Page() != "unavailable" {
				t.Errorf("sign-in: got status %d, page %q, want 503 and unavailable", b.Status, b.Page())
			}
			hits := w.Hits()
			if b.Get("/"); w.Hits() != hits {
				t.Error("a request without a session reached the app")
			}
		})
	}
}
