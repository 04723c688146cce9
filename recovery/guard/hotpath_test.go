//go:build unix

package guard_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

const (
	manyRequests = 100_000
	hotSessions  = 10
)

// signedInMany signs in sessions at accounts and brings everything to rest:
// what they last did has been written and read again.
func signedInMany(t *testing.T, w *recoverytest.World, accounts, each int) []string {
	t.Helper()
	var cookies []string
	for i := range accounts {
		p := &recoverytest.Person{
			Name: fmt.Sprintf("person%d", i), Mail: fmt.Sprintf("person%d@example.org", i), Password: "correct horse staple",
		}
		if i == 0 {
			w.Setup(p)
		} else {
			w.Invite(p)
		}
		for range each {
			b := w.Browser()
			w.SignIn(b, p, "/")
			cookies = append(cookies, b.Cookie("sparekey").Value)
		}
	}
	w.Clock.Move(10 * time.Minute)
	rest(t, w.Guard, cookies)
	return cookies
}

// rest uses every session until none has anything to write, then waits for the
// reports of that to arrive, and reads what they dropped.
func rest(t *testing.T, g *guard.Guard, cookies []string) {
	t.Helper()
	for range 2 {
		for _, c := range cookies {
			allowed(t, g, c).Touch()
		}
		time.Sleep(200 * time.Millisecond)
	}
	for _, c := range cookies {
		if allowed(t, g, c).Due() {
			t.Fatal("a session at rest has something to write")
		}
	}
}

func allowed(t *testing.T, g *guard.Guard, cookie string) guard.Decision {
	t.Helper()
	d := g.Check(t.Context(), guard.Question{Cookie: cookie})
	if !d.OK() {
		t.Fatalf("got reason %d, want the session allowed", d.Reason)
	}
	return d
}

// use sends requests from several goroutines, as the handler does.
func use(t *testing.T, g *guard.Guard, cookies []string, requests int) {
	t.Helper()
	var users sync.WaitGroup
	var refused atomic.Int64
	const parallel = 8
	for n := range parallel {
		users.Go(func() {
			for i := n; i < requests; i += parallel {
				d := g.Check(t.Context(), guard.Question{Cookie: cookies[i/parallel%len(cookies)]})
				if !d.OK() {
					refused.Add(1)
				}
				d.Touch()
			}
		})
	}
	users.Wait()
	if n := refused.Load(); n != 0 {
		t.Errorf("got %d of %d requests refused, want 0", n, requests)
	}
}

// traffic is what a store was asked, by command.
type traffic map[string]int64

func (before traffic) to(after traffic) traffic {
	d := traffic{}
	for name, n := range after {
		if n != before[name] {
			d[name] = n - before[name]
		}
	}
	return d
}

// hotStores returns stores that tell what they were asked.
func hotStores() []hotStore {
	return []hotStore{
		{"bolt", "read", func(t *testing.T) (kv.Driver, func() traffic) {
			d := openBolt(t)
			return d, func() traffic {
				reads, writes := d.Stats()
				return traffic{"read": int64(reads), "write": int64(writes)}
			}
		}},
		{"redis", "get", func(t *testing.T) (kv.Driver, func() traffic) {
			server := kvtest.StartRedis(t)
			return openRedis(t, server), func() traffic {
				s := traffic(server.CommandStats(t))
				delete(s, "info") // ours, a moment ago
				return s
			}
		}},
	}
}

type hotStore struct {
	name, read string
	open       func(*testing.T) (kv.Driver, func() traffic)
}

// TestSteadyState is the promise of the hot path: a store is read once per
// session and 30 seconds, however many requests there are, and not written.
func TestSteadyState(t *testing.T) {
	shapes := []struct {
		name           string
		accounts, each int
	}{
		{"one account", 1, hotSessions},
		{"ten accounts", hotSessions, 1},
	}
	for _, s := range hotStores() {
		for _, shape := range shapes {
			t.Run(s.name+"/"+shape.name, func(t *testing.T) {
				d, asked := s.open(t)
				w := recoverytest.New(t, recoverytest.WithDriver(d))
				steady(t, w, s.read, asked, signedInMany(t, w, shape.accounts, shape.each))
			})
		}
	}
}

func steady(t *testing.T, w *recoverytest.World, read string, asked func() traffic, cookies []string) {
	t.Helper()
	w.Clock.Move(31 * time.Second)
	rounds := []struct {
		name string
		move time.Duration
		want traffic
	}{
		{"cold", 0, traffic{read: hotSessions}},
		{"hot", 0, traffic{}},
		{"29 s later", 29 * time.Second, traffic{}},
		{"31 s later", 2 * time.Second, traffic{read: hotSessions}},
		{"hot again", 0, traffic{}},
	}
	for _, r := range rounds {
		w.Clock.Move(r.move)
		before := asked()
		use(t, w.Guard, cookies, manyRequests)
		got := before.to(asked())
		t.Logf("%s: %d requests: %v", r.name, manyRequests, got)
		for _, other := range []string{"publish", "hello", "client|setinfo"} {
			delete(got, other) // heartbeats, and a connection more in the pool
		}
		if !maps.Equal(got, r.want) {
			t.Errorf("%s: got %v for %d requests, want %v", r.name, got, manyRequests, r.want)
		}
	}
}

// tapped is a memkv that counts, can be slow, and whose watch can fail.
type tapped struct {
	*memkv.Driver
	dead          atomic.Bool
	reads, writes atomic.Int64
	slow          atomic.Int64 // nanoseconds
}

func (d *tapped) Get(ctx context.Context, key string) ([]byte, error) {
	d.reads.Add(1)
	slow := time.Duration(d.slow.Load())
	value, err := d.Driver.Get(ctx, key)
	time.Sleep(slow) // what has been read is growing old
	return value, errors.Join(err, ctx.Err())
}

func (d *tapped) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	d.writes.Add(1)
	return d.Driver.Swap(ctx, key, old, new, ttl)
}

func (d *tapped) Live() bool { return !d.dead.Load() && d.Driver.Live() }

// unwatched hides that a driver can be watched.
type unwatched struct{ kv.Driver }

func tap(t *testing.T) (*tapped, *recoverytest.World) {
	t.Helper()
	d := &tapped{Driver: memkv.New()}
	return d, recoverytest.New(t, recoverytest.WithDriver(d))
}

// A page and what belongs to it is asked for at once: one read is enough.
func TestPageLoadReadsOnce(t *testing.T) {
	d, w := tap(t)
	cookie := signedInMany(t, w, 1, 1)[0]
	w.Clock.Move(31 * time.Second)
	d.slow.Store(int64(50 * time.Millisecond))
	before := d.reads.Load()
	use(t, w.Guard, []string{cookie}, 8)
	if got := d.reads.Load() - before; got != 1 {
		t.Errorf("got %d reads for 8 requests at once, want 1", got)
	}
}

// A browser that goes away must not take down the requests that wait for what
// it was reading.
func TestReadingOutlivesItsRequest(t *testing.T) {
	d, w := tap(t)
	cookie := signedInMany(t, w, 1, 1)[0]
	w.Clock.Move(31 * time.Second)
	d.slow.Store(int64(100 * time.Millisecond))
	gone, leave := context.WithCancel(t.Context())
	var first sync.WaitGroup
	first.Go(func() { w.Guard.Check(gone, guard.Question{Cookie: cookie}) })
	time.Sleep(30 * time.Millisecond)
	leave()
	allowed(t, w.Guard, cookie)
	first.Wait()
}

func TestNoCacheWithoutWatch(t *testing.T) {
	const checks = 100
	d, w := tap(t)
	cookie := signedInMany(t, w, 1, 1)[0]
	reads := func(g *guard.Guard) int64 {
		before := d.reads.Load()
		for range checks {
			allowed(t, g, cookie)
		}
		return d.reads.Load() - before
	}
	never := newNode(t, w, unwatched{d}, w.Clock.Now)
	tests := []struct {
		name  string
		guard *guard.Guard
		dead  bool
		want  int64
	}{
		{"live, hot", w.Guard, false, 0},
		{"watch lost", w.Guard, true, checks},
		{"live again", w.Guard, false, 0},
		{"a store without a watch", never, false, checks},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d.dead.Store(tt.dead)
			if got := reads(tt.guard); got != tt.want {
				t.Errorf("got %d reads for %d checks, want %d", got, checks, tt.want)
			}
		})
	}
}

// An anonymous visitor costs the store nothing: a flood of them is no more
// than a flood of pages.
func TestAnonymousPagesLeaveTheStoreAlone(t *testing.T) {
	d, w := tap(t)
	writes := d.writes.Load()
	w.Browser().Get("/album").Want("setup")
	if got := d.writes.Load() - writes; got != 0 {
		t.Errorf("before the first account: got %d writes, want 0", got)
	}
	w.Setup(recoverytest.Alice())
	w.Browser().Get("/album").Want("sign-in")
	reads, writes := d.reads.Load(), d.writes.Load()
	for range 200 {
		w.Browser().Get("/album?id=7").Want("sign-in")
		w.Browser().Get("/.sparekey/login").Want("sign-in")
		w.Browser().Get("/.sparekey/recover").Want("recover")
	}
	if r, n := d.reads.Load()-reads, d.writes.Load()-writes; r != 0 || n != 0 {
		t.Errorf("600 pages: got %d reads and %d writes, want none", r, n)
	}
}

// A cache that a flood of sessions could fill without end would be a way to
// stop the server.
func TestCacheIsBounded(t *testing.T) {
	recoverytest.Slow(t)
	if recoverytest.UnderRace(t) {
		t.Skip("one goroutine fills the cache: the run without the race detector has it")
	}
	const bound, over = 50_000, 1_000
	d, w := tap(t)
	w.Policy.FactorFor = []string{recovery.GroupAdmins} // those accounts have none
	cookies := plant(t, w, bound+over)
	for _, c := range cookies {
		allowed(t, w.Guard, c)
	}
	held, newest := 0, 0
	for i := len(cookies) - 1; i >= 0; i-- { // newest first: a miss adds to the cache
		before := d.reads.Load()
		allowed(t, w.Guard, cookies[i])
		if d.reads.Load() == before {
			held++
			if i >= bound {
				newest++
			}
		}
	}
	if held > bound || newest != over {
		t.Errorf("got %d sessions held, %d of the newest %d; want at most %d, and all the newest", held, newest, over, bound)
	}
}

// plant writes accounts with a session each, and returns the cookies.
func plant(t *testing.T, w *recoverytest.World, n int) []string {
	t.Helper()
	now := w.Clock.Now()
	cookies := make([]string, 0, n)
	for range n {
		id, token := secret.Token(16), secret.Token(32)
		a := recovery.Account{
			ID: id, Name: "somebody", State: recovery.StateActive, Created: now,
			Sessions: []recovery.Session{{
				ID: "s", TokenHash: secret.Sum(token), Created: now, Seen: now, Idle: 3600, End: now.Add(time.Hour),
			}},
		}
		if ok, err := kv.Create(t.Context(), w.Engine.Store, "account/"+id, a, time.Time{}); err != nil || !ok {
			t.Fatalf("Create: got %v, %v, want true", ok, err)
		}
		cookies = append(cookies, id+token)
	}
	return cookies
}
