package recovery

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// Reason says why a request was decided as it was. The zero value denies.
type Reason int

// The reasons.
const (
	DeniedUnknown     Reason = iota // nothing was decided: deny
	DeniedAnonymous                 // no session, or one that has ended: ask to sign in
	DeniedForbidden                 // signed in, but not one of those allowed
	DeniedUnavailable               // cannot tell: 503, cookie left alone
	Allowed
)

// Question is what a gate asks about a request.
type Question struct {
	Cookie string   // value of the session cookie; empty: none
	Allow  []string // groups or user names, any of which will do; empty: everybody with an account
}

// Identity is what an app is told about the person.
type Identity struct {
	ID      string
	User    string
	Mail    string
	Groups  string // joined by commas
	groups  []string
	session string // id
}

// Decision is the answer. Its zero value denies.
type Decision struct {
	Reason   Reason
	Identity *Identity // set when somebody is signed in, also for DeniedForbidden
	touch    func()
}

// OK tells whether the request may go on.
func (d Decision) OK() bool { return d.Reason == Allowed && d.Identity != nil }

// Touch writes, if it is time, that the session was used. Call it after the
// response has been sent.
func (d Decision) Touch() {
	if d.touch != nil {
		d.touch()
	}
}

// Limits of the cache.
const (
	cacheLife = 30 * time.Second // no entry lives longer, whatever the watch says
	cacheSize = 50_000           // sessions; a full cache is emptied
)

// Guard decides about requests. In steady state it reads the store once per
// session and 30 seconds, and writes nothing.
type Guard struct {
	engine  *Engine
	watch   kv.Watcher // nil: nothing is cached
	stop    func()
	changes atomic.Uint64 // reports seen; an entry read before a report is not kept

	mu      sync.RWMutex
	entries map[[32]byte]*entry
	account map[uint64][][32]byte // by kv.Sum of the account's key
}

type entry struct {
	identity *Identity
	account  string
	sum      string
	key      uint64       // kv.Sum of the account record
	loaded   time.Time    // age of what is known
	written  time.Time    // last-seen as stored
	used     atomic.Int64 // last request here, Unix nanoseconds
	touching atomic.Bool  // one request is enough to write that it was used
	idle     time.Duration
	end      time.Time
}

// NewGuard watches the engine's store. Close ends that.
func NewGuard(e *Engine) *Guard {
	g := &Guard{engine: e, stop: func() {}}
	g.forgetAll()
	if w, ok := e.Store.Driver.(kv.Watcher); ok {
		g.watch = w
		g.stop = w.Watch(g.changed)
	}
	return g
}

// Close stops watching. The guard then reads the store for every request.
func (g *Guard) Close() { g.stop() }

func (g *Guard) changed(sum uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.changes.Add(1)
	if sum == 0 {
		g.forgetAll()
		return
	}
	for _, key := range g.account[sum] {
		delete(g.entries, key)
	}
	delete(g.account, sum)
}

func (g *Guard) forgetAll() {
	g.entries, g.account = map[[32]byte]*entry{}, map[uint64][][32]byte{}
}

// Check is the one decision, for the inline handler and every forward-auth
// dialect.
func (g *Guard) Check(ctx context.Context, q Question) Decision {
	if len(q.Cookie) != sessionSize {
		return Decision{Reason: DeniedAnonymous}
	}
	key := sha256.Sum256([]byte(q.Cookie))
	now := g.engine.Now()
	e := g.cached(key, now)
	if e == nil {
		var err error
		if e, err = g.load(ctx, q.Cookie, key, now); err != nil {
			return Decision{Reason: DeniedUnavailable}
		}
	}
	if e == nil || !e.live(now) {
		return Decision{Reason: DeniedAnonymous}
	}
	e.used.Store(now.UnixNano())
	return e.decide(g, q.Allow, now)
}

func (e *entry) decide(g *Guard, allow []string, now time.Time) Decision {
	d := Decision{Reason: Allowed, Identity: e.identity}
	if len(allow) > 0 && !e.identity.in(allow) {
		d.Reason = DeniedForbidden
	}
	if now.Sub(e.written) >= touchEvery && e.touching.CompareAndSwap(false, true) {
		d.touch = func() { g.touch(e) }
	}
	return d
}

func (id *Identity) in(allow []string) bool {
	return slices.Contains(allow, id.User) || slices.ContainsFunc(id.groups, func(have string) bool { return slices.Contains(allow, have) })
}

func (g *Guard) cached(key [32]byte, now time.Time) *entry {
	if g.watch == nil || !g.watch.Live() {
		return nil
	}
	g.mu.RLock()
	e := g.entries[key]
	g.mu.RUnlock()
	if e == nil || now.Sub(e.loaded) >= cacheLife || now.Before(e.loaded) {
		return nil
	}
	return e
}

func (e *entry) live(now time.Time) bool {
	last := time.Unix(0, e.used.Load())
	return now.Before(e.end) && now.Before(last.Add(e.idle))
}

// load reads the account and keeps what it found, unless something changed
// while it was reading. nil means that there is no such session.
func (g *Guard) load(ctx context.Context, cookie string, key [32]byte, now time.Time) (*entry, error) {
	before := g.changes.Load()
	id, sum := splitSession(cookie)
	if id == "" {
		return nil, nil
	}
	a, err := g.engine.account(ctx, id)
	if errors.Is(err, ErrNoAccount) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	e := newEntry(a, sum, now)
	if e == nil {
		return nil, nil
	}
	g.keep(key, e, before)
	return e, nil
}

func newEntry(a *Account, sum string, now time.Time) *entry {
	s := a.Session(sum, now)
	if s == nil {
		return nil
	}
	e := &entry{
		account: a.ID, sum: sum, key: kv.Sum(accountKey(a.ID)), loaded: now, written: s.Seen,
		idle: time.Duration(s.Idle) * time.Second, end: s.End,
		identity: &Identity{
			ID: a.ID, User: a.Name, Mail: a.Address(ChannelMail, now),
			Groups: strings.Join(a.Groups, ","), groups: a.Groups, session: s.ID,
		},
	}
	e.used.Store(s.Seen.UnixNano())
	return e
}

func (g *Guard) keep(key [32]byte, e *entry, before uint64) {
	if g.watch == nil || !g.watch.Live() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.changes.Load() != before {
		return
	}
	if len(g.entries) >= cacheSize {
		g.forgetAll()
	}
	if old := g.entries[key]; old == nil {
		g.account[e.key] = append(g.account[e.key], key)
	} else if last := old.used.Load(); last > e.used.Load() {
		e.used.Store(last)
	}
	g.entries[key] = e
}

// touch writes last-seen with a deadline of its own: the response is out.
func (g *Guard) touch(e *entry) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := g.engine.touch(ctx, e.account, e.sum); err != nil {
		g.engine.log().Warn("last use of a session not written", "error", err)
	}
}

// Due tells whether Touch has something to write.
func (d Decision) Due() bool { return d.touch != nil }
