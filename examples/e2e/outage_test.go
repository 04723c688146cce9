package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/examples/e2e"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

const (
	noticed   = 2 * time.Second // until nothing is served from a cache any more
	recovered = 5 * time.Second // until people can go on
)

// TestRedisAway takes Redis away from under a signed-in person. Sparekey then
// cannot tell who they are: it says so, lets nobody in, and leaves the cookie
// alone.
func TestRedisAway(t *testing.T) {
	tests := []struct {
		name string
		away func(*kvtest.Redis)
		back func(*testing.T, *kvtest.Redis)
	}{
		{"stopped", (*kvtest.Redis).Stop, func(t *testing.T, r *kvtest.Redis) {
			if err := r.Start(); err != nil {
				t.Fatal(err)
			}
		}},
		{"hanging", (*kvtest.Redis).Pause, func(_ *testing.T, r *kvtest.Redis) { r.Resume() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, redis := e2e.New(t, caddy), durable(t)
			c := w.Run(e2e.Config{Store: "redis " + redis.URL()})
			alice := e2e.Alice()
			w.SetUp(c, alice)
			b := c.Browser()
			alice.SignIn(b, "/")
			cookie := *b.Cookie("sparekey")

			tt.away(redis)
			wantUnavailable(t, w, b)
			c.Browser().Get("/.sparekey/login").Submit("name", alice.Name, "password", alice.Password).Want("unavailable")
			tt.back(t, redis)
			wantBack(t, w, b)
			if got := *b.Cookie("sparekey"); got.Value != cookie.Value {
				t.Error("the session cookie was replaced")
			}
		})
	}
}

func wantUnavailable(t *testing.T, w *e2e.World, b *recoverytest.Browser) {
	t.Helper()
	for start := time.Now(); w.SignedIn(b); time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > noticed {
			t.Fatalf("Redis is away, and requests still reach the app after %v", noticed)
		}
	}
	hits := w.App.Hits()
	for range 5 {
		b.Get("/album").Want("unavailable")
		if b.Status != http.StatusServiceUnavailable || b.Answer.Get("Retry-After") == "" {
			t.Errorf("got status %d and Retry-After %q, want 503 and seconds", b.Status, b.Answer.Get("Retry-After"))
		}
		if set := b.Answer.Values("Set-Cookie"); len(set) > 0 {
			t.Errorf("got Set-Cookie %q, want none", set)
		}
	}
	if got := w.App.Hits() - hits; got != 0 {
		t.Errorf("%d requests reached the app while Redis was away", got)
	}
}

func wantBack(t *testing.T, w *e2e.World, b *recoverytest.Browser) {
	t.Helper()
	for start := time.Now(); !w.SignedIn(b); time.Sleep(50 * time.Millisecond) {
		if b.Status != http.StatusServiceUnavailable {
			t.Fatalf("got status %d while Redis came back, want 503 or the app\n%s", b.Status, b.Text())
		}
		if time.Since(start) > recovered {
			t.Fatalf("Redis is back, and requests still get 503 after %v", recovered)
		}
	}
}
