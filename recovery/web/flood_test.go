package web_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// bookkeeper notes how long each record is kept and how large it is.
type bookkeeper struct {
	kv.Driver
	mu   sync.Mutex
	life map[string]time.Duration
	size map[string]int
}

func (d *bookkeeper) Swap(ctx context.Context, key string, old, fresh []byte, ttl time.Duration) (bool, error) {
	ok, err := d.Driver.Swap(ctx, key, old, fresh, ttl)
	if ok {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.life[key], d.size[key] = ttl, len(key)+len(fresh)
	}
	return ok, err
}

func bookkept(t *testing.T, options ...recoverytest.Option) (*recoverytest.World, *bookkeeper) {
	t.Helper()
	d := &bookkeeper{Driver: memkv.New(), life: map[string]time.Duration{}, size: map[string]int{}}
	w := recoverytest.New(t, append(options, recoverytest.WithDriver(d))...)
	w.Setup(recoverytest.Alice())
	clear(d.life)
	clear(d.size)
	return w, d
}

// total is what the records of a kind take up; limit is the longest any is kept.
func (d *bookkeeper) total(kind string) (records, bytes int, life time.Duration) {
	for key, n := range d.size {
		if strings.HasPrefix(key, kind+"/") {
			records, bytes, life = records+1, bytes+n, max(life, d.life[key])
		}
	}
	return records, bytes, life
}

// fromAnywhere is another network each time.
func fromAnywhere(i int) string { return fmt.Sprintf("%d.%d.%d.7", 1+i>>16, i>>8&255, i&255) }

// What is counted of a name that nobody has is kept for as long as it counts,
// a few hours, and the row of failures is a place in a table.
func TestTH05_NamesOfNobodyLeaveNothingForLong(t *testing.T) {
	w, d := bookkept(t)
	for i := range 300 {
		signInFrom(t, w, fromAnywhere(i), fmt.Sprintf("u%03d", i), "wrong horse staple")
	}
	b := w.Browser()
	b.Get("/.sparekey/recover").Submit("name", "ghost").Want("sent").Submit("method", recovery.RecoveryCode).Want("factor").Submit("code", "AAAA-AAAA-AAAA-AAAA")
	l := w.Policy.Limits
	if n, _, life := d.total("meter"); n < 300 || life > l.SendsDaily.Per+time.Minute {
		t.Errorf("got %d counters, kept for up to %s, want a day at most", n, life)
	}
	if n, bytes, _ := d.total("strangers"); n == 0 || n > 1024 || bytes > n<<10 {
		t.Errorf("got %d records of the table, %d bytes, want a table of bounded size", n, bytes)
	}
	for key, life := range d.life {
		if kind := kv.Kind(key); kind != "meter" && kind != "strangers" && life > time.Hour {
			t.Errorf("a record of kind %s is kept for %s", kind, life)
		}
	}
}

// TH-05: a flood of names takes up a stated number of bytes, and no more.
func TestTH05_AFloodOfNamesIsBounded(t *testing.T) {
	t.Parallel()
	recoverytest.Alone(t)
	names, bound := 3000, 256<<10
	if !testing.Short() {
		names, bound = 20_000, 4<<20
	}
	w, d := bookkept(t, recoverytest.WithPolicy(func(p *recovery.Policy) { p.Limits.Strangers = bound }))
	for i := range names {
		network := fromAnywhere(i)
		if testing.Short() {
			network = fromAnywhere(i % 200)
		}
		signInFrom(t, w, network, fmt.Sprintf("u%06d", i), "wrong horse staple")
	}
	if testing.Short() {
		if n, bytes, _ := d.total("meter"); bytes > bound {
			t.Errorf("got %d counters of %d bytes in all, want at most %d", n, bytes, bound)
		}
		return
	}
	n, bytes, _ := d.total("meter")
	rows, more, _ := d.total("strangers")
	if t.Logf("%d counters and %d records of the table: %d bytes", n, rows, bytes+more); bytes+more > bound {
		t.Errorf("got %d bytes in all, want at most %d", bytes+more, bound)
	}
}

// answersTo is how long the answers to wrong passwords for a name wait, one after the
// other, from a network that has not been seen.
func answersTo(t *testing.T, w *recoverytest.World, network, name string) string {
	t.Helper()
	var out []string
	for range 7 {
		wait, o := signInFrom(t, w, network, name, "wrong horse staple")
		out = append(out, fmt.Sprint(o.Problem.Key, " ", wait))
	}
	return strings.Join(out, ", ")
}

// Before, in and after a flood a name that somebody has is answered like one that
// nobody has, and who has the right password gets in.
func TestA01_AFloodTellsNotWhoExists(t *testing.T) {
	w := recoverytest.New(t, recoverytest.WithPolicy(func(p *recovery.Policy) { p.Limits.Strangers = 100 * 256 }))
	alice := recoverytest.Alice()
	w.Setup(alice)
	alike := func(when string) string {
		t.Helper()
		known, unknown := answersTo(t, w, "198.51.100.1 "+when, "alice"), answersTo(t, w, "198.51.100.2 "+when, "ghost")
		if known != unknown {
			t.Errorf("%s: got %s for alice, %s for nobody", when, known, unknown)
		}
		return known
	}
	before := alike("before")
	for i := range 90 {
		signInFrom(t, w, fromAnywhere(i), fmt.Sprintf("u%03d", i), "wrong horse staple")
	}
	alike("in the flood")
	// One counter for all names of a network: a sixth name waits.
	for i := range 6 {
		want := time.Duration(0)
		if i == 5 {
			want = 30 * time.Second
		}
		if got, _ := signInFrom(t, w, "203.0.113.1", fmt.Sprintf("x%d", i), "wrong horse staple"); got != want {
			t.Errorf("in the flood, name %d from one network: got a wait of %s, want %s", i+1, got, want)
		}
	}
	if wait, _ := signInFrom(t, w, "203.0.113.1", "alice", alice.Password); wait != 30*time.Second {
		t.Errorf("in the flood: got a wait of %s for alice there, want that of the network", wait)
	}
	if _, o := signInFrom(t, w, "203.0.113.2", "alice", alice.Password); o.Problem != nil {
		t.Errorf("in the flood: got %v for the right password elsewhere, want it looked at", o.Problem)
	}
	w.Clock.Move(49 * time.Hour)
	if after := alike("after"); after != before {
		t.Errorf("after the flood: got %s, want as before: %s", after, before)
	}
}

// A name that nobody has is suspended after a hundred wrong passwords as one that
// somebody has is, and stays so.
func TestTH05_TheRowOfNobodyLooksLikeAnyOther(t *testing.T) {
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	for _, name := range []string{"alice", "ghost"} {
		for i := range 100 {
			if wait, _ := signInFrom(t, w, fromAnywhere(i/5), name, "wrong horse staple"); wait != 0 {
				t.Fatalf("%s, try %d: got a wait of %s, want none", name, i+1, wait)
			}
		}
	}
	for range 3 {
		for _, name := range []string{"alice", "ghost"} {
			if wait, _ := signInFrom(t, w, fromAnywhere(900), name, "wrong horse staple"); wait != time.Hour {
				t.Errorf("%s: got a wait of %s, want 1h", name, wait)
			}
		}
		w.Clock.Move(60 * 24 * time.Hour)
	}
}

// TH-10: nothing is charged or written while there is no place for one more hash.
func TestTH10_NothingIsWrittenWhileTheQueueIsFull(t *testing.T) {
	w, d := bookkept(t)
	hasher := secret.NewHasher(w.Policy.Hash, 1)
	_, leave, err := hasher.Queue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.Engine.Methods = method.All(method.Set{Keys: w.Keys, Hasher: hasher, Has: w.Outbox.Has})
	for i := range 20 {
		for _, name := range []string{"alice", fmt.Sprintf("u%03d", i)} {
			if _, o := signInFrom(t, w, "203.0.113.1", name, "wrong horse staple"); o.Problem.Key != recovery.ProblemBusy {
				t.Fatalf("got %s, want busy", o.Problem.Key)
			}
		}
	}
	if len(d.life) != 0 {
		t.Errorf("got writes of %v, want none", d.life)
	}
	leave()
	if got := answersTo(t, w, "203.0.113.1", "alice"); !strings.HasPrefix(got, recovery.ProblemNameOrPassword+" 0s, ") || !strings.HasSuffix(got, " 30s") {
		t.Errorf("got %s, want five free tries", got)
	}
}
