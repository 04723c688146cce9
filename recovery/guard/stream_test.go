//go:build unix

package guard_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// What it may cost at most that a request ends with its session.
const (
	maxFollowTime   = time.Microsecond
	maxFollowAllocs = 3
)

// BenchmarkFollow takes on a request and lets it go, beside a hundred of other
// people that stay open.
func BenchmarkFollow(b *testing.B) {
	g, cookie := benchGuard(b, memkv.New())
	benchFollow(b, g, cookie)
}

func benchFollow(b *testing.B, g *guard.Guard, cookie string) {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	d := g.Check(ctx, guard.Question{Cookie: cookie})
	if !d.OK() {
		b.Fatalf("got reason %d, want the session allowed", d.Reason)
	}
	conn := http.NewResponseController(httptest.NewRecorder())
	for range 100 {
		defer g.Follow(ctx, conn, d).Leave()
	}
	b.ReportAllocs()
	for b.Loop() {
		g.Follow(ctx, conn, d).Leave()
	}
}

func TestFollowIsCheap(t *testing.T) {
	recoverytest.Slow(t)
	g, cookie := benchGuard(t, memkv.New())
	var r testing.BenchmarkResult
	for range 3 { // beside other tests: the quickest tells most of this
		if x := testing.Benchmark(func(b *testing.B) { benchFollow(b, g, cookie) }); r.N == 0 || x.NsPerOp() < r.NsPerOp() {
			r = x
		}
	}
	if got := r.AllocsPerOp(); got > maxFollowAllocs {
		t.Errorf("got %v allocations, want at most %d", got, maxFollowAllocs)
	}
	if got := time.Duration(r.NsPerOp()); !recoverytest.UnderRace(t) && got > maxFollowTime {
		t.Errorf("got %v, want at most %v", got, maxFollowTime)
	}
	t.Logf("%s, %s", r, r.MemString())
}

// cuts counts the deadlines a request is given.
type cuts struct{ read, write atomic.Int64 }

func (c *cuts) SetReadDeadline(time.Time) error {
	c.read.Add(1)
	return nil
}

func (c *cuts) SetWriteDeadline(time.Time) error {
	c.write.Add(1)
	return nil
}

func follow(t *testing.T, g *guard.Guard, cookie string) (*guard.Stream, *cuts) {
	t.Helper()
	d, c := allowed(t, g, cookie), new(cuts)
	s := g.Follow(t.Context(), c, d)
	t.Cleanup(s.Leave)
	return s, c
}

func ended(t *testing.T, s *guard.Stream, limit time.Duration) {
	t.Helper()
	begin := time.Now()
	select {
	case <-s.Done():
		if !errors.Is(s.Err(), context.Canceled) {
			t.Errorf("got %v, want context.Canceled", s.Err())
		}
		t.Logf("ended after %v", time.Since(begin).Round(10*time.Microsecond))
	case <-time.After(limit):
		t.Errorf("not ended after %v", limit)
	}
}

func goesOn(t *testing.T, s *guard.Stream) {
	t.Helper()
	if err := s.Err(); err != nil {
		t.Errorf("got %v, want a request that goes on", err)
	}
}

// On each store: a session ends, another of the same account does not.
func TestStreamsEndOnEachStore(t *testing.T) {
	for _, s := range benchStores() {
		t.Run(s.name, func(t *testing.T) {
			w := recoverytest.New(t, recoverytest.WithDriver(s.open(t)))
			cookies := signedInMany(t, w, 1, 2)
			one, cut := follow(t, w.Guard, cookies[0])
			two, spared := follow(t, w.Guard, cookies[1])
			if err := w.Engine.SignOut(t.Context(), cookies[0], false); err != nil {
				t.Fatal(err)
			}
			ended(t, one, time.Second)
			goesOn(t, two)
			for begin := time.Now(); cut.write.Load() == 0; time.Sleep(10 * time.Millisecond) {
				if time.Since(begin) > 2*time.Second {
					t.Fatal("a request that does not listen to its context is not cut off")
				}
			}
			if cut.read.Load() != 1 || spared.read.Load()+spared.write.Load() != 0 {
				t.Errorf("got %d reads cut off, and %d of the other session", cut.read.Load(), spared.read.Load())
			}
		})
	}
}

func TestStreamsEndOnOtherNodes(t *testing.T) {
	server := kvtest.StartRedis(t)
	w := recoverytest.New(t, recoverytest.WithDriver(openRedis(t, server)))
	cookie := signedInMany(t, w, 1, 1)[0]
	s, _ := follow(t, newNode(t, w, openRedis(t, server), w.Clock.Now), cookie)
	raise(t, w, cookie)
	ended(t, s, 2*time.Second)
}

// A request that is over is not cut off: its connection carries another by then.
func TestARequestThatEndedInTimeIsNotCut(t *testing.T) {
	w := recoverytest.New(t)
	cookie := signedInMany(t, w, 1, 1)[0]
	s, cut := follow(t, w.Guard, cookie)
	raise(t, w, cookie)
	ended(t, s, time.Second)
	s.Leave()
	time.Sleep(1200 * time.Millisecond)
	if n := cut.read.Load() + cut.write.Load(); n != 0 {
		t.Errorf("got %d deadlines on a connection that was given back, want 0", n)
	}
}

// What is decided while the session ends must not escape both the cache and the
// streams.
func TestASessionThatEndsWhileItIsDecided(t *testing.T) {
	w := recoverytest.New(t)
	cookie := signedInMany(t, w, 1, 1)[0]
	d := allowed(t, w.Guard, cookie)
	raise(t, w, cookie)
	s := w.Guard.Follow(t.Context(), new(cuts), d)
	defer s.Leave()
	ended(t, s, time.Second)
}

// Whoever is taken out of a group loses what only the group may see.
func TestStreamsEndWithTheGroup(t *testing.T) {
	w := recoverytest.New(t)
	cookie := signedInMany(t, w, 1, 1)[0]
	d := w.Guard.Check(t.Context(), guard.Question{Cookie: cookie, Rules: &guard.Rules{Allow: []string{recovery.GroupAdmins}}})
	s := w.Guard.Follow(t.Context(), new(cuts), d)
	defer s.Leave()
	other, _ := follow(t, w.Guard, cookie)
	_, err := kv.Update(t.Context(), w.Engine.Store, "account/"+cookie[:22], time.Time{}, func(a *recovery.Account, _ bool) error {
		a.Groups = nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ended(t, s, time.Second)
	goesOn(t, other)
}

// An idle session ends its streams: they are no use of it, a request is.
func TestStreamsEndByTime(t *testing.T) {
	w := recoverytest.New(t)
	cookies := signedInMany(t, w, 1, 2)
	unused, _ := follow(t, w.Guard, cookies[0])
	used, _ := follow(t, w.Guard, cookies[1])
	w.Clock.Move(w.Policy.Lifetimes.SessionIdle - time.Minute)
	allowed(t, w.Guard, cookies[1]).Touch()
	w.Clock.Move(2 * time.Minute)
	ended(t, unused, 2*time.Second)
	goesOn(t, used)
	w.Clock.Move(w.Policy.Lifetimes.SessionAbsolute)
	ended(t, used, 2*time.Second)
}

// A store that is away ends nothing at once: it may be a moment. But what cannot
// be asked about for minutes is not let go on for ever.
func TestStreamsWhileTheStoreIsAway(t *testing.T) {
	recoverytest.Slow(t)
	var away atomic.Bool
	d := &memkv.Faulty{Driver: memkv.New(), Before: func(string, string) error {
		if away.Load() {
			return errors.New("away")
		}
		return nil
	}}
	w := recoverytest.New(t, recoverytest.WithDriver(d))
	cookie := signedInMany(t, w, 1, 1)[0]
	for _, tc := range []struct {
		name  string
		gone  time.Duration
		lives bool
	}{{"a moment", time.Minute, true}, {"minutes", 3 * time.Minute, false}} {
		t.Run(tc.name, func(t *testing.T) {
			s, _ := follow(t, w.Guard, cookie)
			if err := w.Engine.Touch(t.Context(), cookie[:22], "", false); err != nil {
				t.Fatal(err)
			}
			away.Store(true)
			defer away.Store(false)
			_, _ = d.Driver.Swap(t.Context(), "nothing", nil, []byte("x"), 0) // any report would do; 0 has all rows read
			report(t, w, cookie)
			time.Sleep(1100 * time.Millisecond)
			goesOn(t, s)
			w.Clock.Move(tc.gone)
			if !tc.lives {
				ended(t, s, 2*time.Second)
				return
			}
			time.Sleep(1100 * time.Millisecond)
			goesOn(t, s)
		})
	}
}

// report has the row of an account read.
func report(t *testing.T, w *recoverytest.World, cookie string) {
	t.Helper()
	driver := w.Driver.(*memkv.Faulty).Driver
	key := recovery.AccountKey(cookie[:22])
	old, err := driver.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := driver.Swap(t.Context(), key, old, old, 0); err != nil || !ok {
		t.Fatalf("got %v, %v", ok, err)
	}
}

// The request's context behaves as one of package context: what is derived from
// it ends with it, without a goroutine each, and it ends with its parent.
func TestStreamIsAContext(t *testing.T) {
	w := recoverytest.New(t)
	cookie := signedInMany(t, w, 1, 1)[0]
	type key struct{}
	parent, leave := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	s := w.Guard.Follow(parent, new(cuts), allowed(t, w.Guard, cookie))
	defer s.Leave()
	before := runtime.NumGoroutine()
	var derived []context.Context
	for range 100 {
		ctx, cancel := context.WithCancel(context.WithValue(s, new(int), ""))
		defer cancel()
		derived = append(derived, ctx)
	}
	if got := runtime.NumGoroutine() - before; got > 10 {
		t.Errorf("got %d goroutines more for 100 contexts, want none", got)
	}
	if s.Value(key{}) != "value" || derived[0].Value(key{}) != "value" {
		t.Error("a value of the request is lost")
	}
	leave()
	for _, ctx := range append(derived, s) {
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
			t.Fatal("it does not end with the request")
		}
	}
}

// Many requests of many sessions come, go and end at once.
func TestStreamsInParallel(t *testing.T) {
	w := recoverytest.New(t)
	cookies := signedInMany(t, w, 3, 2)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 200 {
				d := w.Guard.Check(t.Context(), guard.Question{Cookie: cookies[(i+n)%len(cookies)]})
				if !d.OK() {
					continue
				}
				s := w.Guard.Follow(t.Context(), new(cuts), d)
				if n%3 == 0 {
					s.Done()
				}
				s.Leave()
				s.Leave()
			}
		})
	}
	last, _ := follow(t, w.Guard, cookies[5])
	raise(t, w, cookies[0])
	raise(t, w, cookies[4])
	all.Wait()
	ended(t, last, time.Second)
}

// A panic while a session is looked up ends neither the process nor the looking:
// the session of that very request still ends it later.
func TestAPanicEndsNoLooking(t *testing.T) {
	var panics atomic.Bool
	d := &memkv.Faulty{Driver: memkv.New(), Before: func(string, string) error {
		if panics.CompareAndSwap(true, false) {
			panic("lost")
		}
		return nil
	}}
	w := recoverytest.New(t, recoverytest.WithDriver(d))
	cookie := signedInMany(t, w, 1, 1)[0]
	s, _ := follow(t, w.Guard, cookie)
	panics.Store(true)
	report(t, w, cookie)
	for begin := time.Now(); panics.Load(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > 2*time.Second {
			t.Fatal("the account is not read")
		}
	}
	goesOn(t, s)
	raise(t, w, cookie)
	ended(t, s, 2*time.Second)
}
