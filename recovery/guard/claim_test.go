//go:build unix

package guard_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// hostQuestion is asked with the cookie of a further host, and its own with that
// of the session itself.
func hostQuestion(tb testing.TB) (g *guard.Guard, host, own guard.Question) {
	tb.Helper()
	const origin = "https://photos.example.com"
	w := recoverytest.New(tb, recoverytest.WithDriver(memkv.New()))
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	own.Cookie = b.Cookie("sparekey").Value
	_, s, err := w.Engine.Account(tb.Context(), own.Cookie)
	if err != nil || s == nil {
		tb.Fatalf("got %v, %v, want the session", s, err)
	}
	host.Host = origin
	if host.Cookie, err = recovery.NewHostCookie(s, own.Cookie, origin).Seal(w.Keys); err != nil {
		tb.Fatal(err)
	}
	g = guard.New(guard.Config{Accounts: w.Engine, Keys: w.Keys, Watch: w.Engine.Store.Watcher(), Now: time.Now, Log: w.Engine.Log})
	tb.Cleanup(g.Close)
	return g, host, own
}

// TestHostCookiesCostNothingMore than that of the session, once they are known:
// they are opened only when they are not.
func TestHostCookiesCostNothingMore(t *testing.T) {
	g, host, own := hostQuestion(t)
	allocs := func(q guard.Question) float64 {
		if d := g.Check(t.Context(), q); !d.OK() {
			t.Fatalf("got reason %d, want it allowed", d.Reason)
		}
		return testing.AllocsPerRun(1000, func() { g.Check(t.Context(), q) })
	}
	if got, want := allocs(host), allocs(own); got != want {
		t.Errorf("got %v allocations, want %v", got, want)
	}
}

func BenchmarkCheckHost(b *testing.B) {
	g, host, own := hostQuestion(b)
	for _, c := range []benchCase{{"session", own, guard.Allowed}, {"host", host, guard.Allowed}} {
		b.Run(c.name, func(b *testing.B) { benchCheck(b, g, c) })
	}
}
