//go:build unix

package guard_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/boltkv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/rediskv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// What a decision about a known session may cost at most: the promise to
// everybody who puts this gate in front of every request.
const (
	maxCheckTime   = 3 * time.Microsecond
	maxCheckAllocs = 8
)

// benchStores are the stores a check may stand on: what differs on the cached
// path is how each knows that its reports still arrive.
func benchStores() []benchStore {
	return []benchStore{
		{"memkv", func(testing.TB) kv.Driver { return memkv.New() }},
		{"bolt", func(tb testing.TB) kv.Driver { return openBolt(tb) }},
		{"redis", func(tb testing.TB) kv.Driver { return openRedis(tb, kvtest.StartRedis(tb)) }},
	}
}

type benchStore struct {
	name string
	open func(testing.TB) kv.Driver
}

func openBolt(tb testing.TB) *boltkv.Driver {
	tb.Helper()
	d, err := boltkv.Open(filepath.Join(tb.TempDir(), "sparekey.db"), boltkv.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	closeAtEnd(tb, d)
	return d
}

// openRedis returns a driver whose watch is live.
func openRedis(tb testing.TB, server *kvtest.Redis) *rediskv.Driver {
	tb.Helper()
	d, err := rediskv.Open(tb.Context(), rediskv.Options{URL: server.URL(), Timeout: 5 * time.Second})
	if err != nil {
		tb.Fatal(err)
	}
	closeAtEnd(tb, d)
	kvtest.WaitLive(tb, d, true, 5*time.Second)
	return d
}

func closeAtEnd(tb testing.TB, d kv.Driver) {
	tb.Helper()
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Errorf("Close: %v", err)
		}
	})
}

// benchCases are questions a gate asks about a session it knows, or none.
func benchCases(cookie string) []benchCase {
	return []benchCase{
		{"allowed", guard.Question{Cookie: cookie}, guard.Allowed},
		{"allowed group", guard.Question{Cookie: cookie, Rules: &guard.Rules{Allow: []string{"family", recovery.GroupAdmins}}}, guard.Allowed},
		{"forbidden", guard.Question{Cookie: cookie, Rules: &guard.Rules{Allow: []string{"family"}}}, guard.DeniedForbidden},
		{"anonymous", guard.Question{}, guard.DeniedAnonymous},
	}
}

type benchCase struct {
	name     string
	question guard.Question
	want     guard.Reason
}

// benchGuard is a guard on a real clock with one session.
func benchGuard(tb testing.TB, d kv.Driver) (*guard.Guard, string) {
	tb.Helper()
	w := recoverytest.New(tb, recoverytest.WithDriver(d))
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	return newNode(tb, w, d, time.Now), b.Cookie("sparekey").Value
}

// newNode is the guard of another Caddy on the same accounts.
func newNode(tb testing.TB, w *recoverytest.World, d kv.Driver, now func() time.Time) *guard.Guard {
	tb.Helper()
	e, err := engine.New(&engine.Engine{
		Store: &kv.Store{Driver: d, Sealer: w.Keys, Now: now}, Now: now,
		Keys: w.Keys, Policy: w.Policy, Methods: w.Engine.Methods, Notify: w.Outbox, Log: w.Engine.Log,
	})
	if err != nil {
		tb.Fatal(err)
	}
	g := guard.New(guard.Config{Accounts: e, Watch: e.Store.Watcher(), Now: e.Now, Log: e.Log})
	tb.Cleanup(g.Close)
	return g
}

func BenchmarkCheck(b *testing.B) {
	for _, s := range benchStores() {
		b.Run(s.name, func(b *testing.B) {
			g, cookie := benchGuard(b, s.open(b))
			for _, c := range benchCases(cookie) {
				b.Run(c.name, func(b *testing.B) { benchCheck(b, g, c) })
			}
		})
	}
}

func BenchmarkCheckParallel(b *testing.B) {
	g, cookie := benchGuard(b, memkv.New())
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			g.Check(b.Context(), guard.Question{Cookie: cookie})
		}
	})
}

func benchCheck(b *testing.B, g *guard.Guard, c benchCase) {
	ctx := b.Context()
	if got := g.Check(ctx, c.question).Reason; got != c.want {
		b.Fatalf("got reason %d, want %d", got, c.want)
	}
	b.ReportAllocs()
	for b.Loop() {
		g.Check(ctx, c.question)
	}
}

// TestCheckIsCheap holds every decision on the cached path to its limits. The
// time is far above what it takes, because a test runs beside others; a store
// that is read (10 µs and more) or a password hash still shows.
func TestCheckIsCheap(t *testing.T) {
	recoverytest.Slow(t)
	if recoverytest.UnderRace(t) {
		t.Log("times are not compared: this is the race detector's speed")
	}
	for _, s := range benchStores() {
		t.Run(s.name, func(t *testing.T) {
			g, cookie := benchGuard(t, s.open(t))
			for _, c := range benchCases(cookie) {
				t.Run(c.name, func(t *testing.T) { cheap(t, g, c) })
			}
		})
	}
}

func cheap(t *testing.T, g *guard.Guard, c benchCase) {
	if got := g.Check(t.Context(), c.question).Reason; got != c.want {
		t.Fatalf("got reason %d, want %d", got, c.want)
	}
	if got := testing.AllocsPerRun(1000, func() { g.Check(t.Context(), c.question) }); got > maxCheckAllocs {
		t.Errorf("got %v allocations, want at most %d", got, maxCheckAllocs)
	}
	if recoverytest.UnderRace(t) {
		return
	}
	r := testing.Benchmark(func(b *testing.B) { benchCheck(b, g, c) })
	if got := time.Duration(r.NsPerOp()); got > maxCheckTime {
		t.Errorf("got %v for a check, want at most %v", got, maxCheckTime)
	}
	t.Logf("%s, %s", r, r.MemString())
}
