package guard

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

// Identity is what an app is told about the person.
type Identity struct {
	ID      string
	User    string
	Name    string // to be shown
	Mail    string
	Groups  string // joined by commas
	Browser string // id of the known browser
	session string // id
}

// Decision is the answer. Its zero value denies.
type Decision struct {
	Reason   Reason
	Identity *Identity // set when somebody is signed in, also for DeniedForbidden; nil with AllowedOpen
	Keyed    bool      // access keys are looked at there
	touch    func()
	entry    *entry // what was decided on
	asked    asked
	changes  uint64 // those of the guard before it was looked up
}

// OK reports whether the request may go on.
func (d Decision) OK() bool {
	return d.Reason == Allowed && d.Identity != nil || d.Reason == AllowedOpen
}

// Until is when a person whose account was recovered lately may pass; zero: it is
// not that.
func (d Decision) Until() time.Time {
	if d.Reason != DeniedRecovered {
		return time.Time{}
	}
	return d.asked.recoveredUntil(&d.entry.facts)
}

// Able tells whether the person has a second factor, and so could show it.
func (d Decision) Able() bool { return d.entry != nil && d.entry.able }

// opened lets pass what the rules open. A person whom the other rules let pass is
// named to the app as elsewhere, another one is not. When it cannot be told who
// asks, that is neither yes nor "nobody".
func (d Decision) opened(q Question) Decision {
	if d.Reason == Allowed || d.Reason == DeniedUnavailable || !q.open() {
		return d
	}
	if d.Reason == DeniedShowing {
		d.Reason = Allowed
		return d
	}
	d.Reason, d.Identity = AllowedOpen, nil
	return d
}

// Touch writes, if it is time, that the session was used. Call it after the
// response has been sent.
func (d Decision) Touch() {
	if d.touch != nil {
		d.touch()
	}
}

// Limits of the cache.
const (
	cacheLife = 30 * time.Second // the longest life of an entry, even when no change was reported
	cacheSize = 50_000           // sessions; a full cache is emptied
)

// Guard decides about requests. In steady state it reads the store at most once
// per session every 30 seconds, and writes nothing.
type Guard struct {
	Config
	stop    func()
	changes atomic.Uint64 // reports that have been acted upon
	streams *streams
	looking sync.WaitGroup

	mu       sync.RWMutex
	entries  map[[32]byte]*entry
	account  map[uint64][][32]byte // by kv.Sum of the account's key
	readings map[[32]byte]*reading // under way
}

// Accounts is what a guard needs of the engine.
type Accounts interface {
	// Person returns an account by its id. [recovery.ErrNoAccount] says that
	// there is none; with any other error the answer is unknown.
	Person(ctx context.Context, id string) (*recovery.Account, error)
	// Touch writes that a session was used, with page by somebody who loaded a
	// page.
	Touch(ctx context.Context, account, sum string, page bool) error
	// KeyHolder returns the account that an access key lets in, by the two parts
	// of the key. [recovery.ErrNoAccount] says that it lets in nobody.
	KeyHolder(ctx context.Context, id, sum string) (*recovery.Account, error)
	// UseKey writes the day on which an access key was used.
	UseKey(ctx context.Context, account, key string) error
}

// Config is what a guard works with.
type Config struct {
	Accounts Accounts
	Methods  *recovery.Methods // say what a proof is worth; nil: nothing
	Policy   *recovery.Policy  // says who must have a second factor; nil: nobody
	Keys     *secret.Keys      // of the cookies of further hosts; nil: there are none
	Watch    kv.Watcher        // tells of changed records; nil: nothing is cached
	Now      func() time.Time  // time.Now outside tests
	Log      *slog.Logger      // nil: slog.Default()
	// Seen is told of a session that is in use, each time it is read; nil: nobody.
	Seen func(account, session string)
}

// New watches the store, if it can be watched, and the sessions of requests
// under way. Close ends that.
func New(c Config) *Guard {
	g := &Guard{Config: c, readings: map[[32]byte]*reading{}, streams: newStreams(c.Log)}
	g.forgetAll()
	unwatch := func() {}
	if g.Watch != nil {
		unwatch = g.Watch.Watch(g.changed)
	}
	ctx, cancel := context.WithCancel(context.Background())
	g.looking.Go(supervise.Func(g.log(), "requests under way", func() { g.lookAfter(ctx) }))
	g.stop = func() {
		unwatch()
		cancel()
		g.looking.Wait()
	}
	return g
}

// Close stops watching. The guard then reads the store for every request, and
// no request ends with its session.
func (g *Guard) Close() { g.stop() }

// changed is told by the store of a record that was written.
func (g *Guard) changed(sum uint64) {
	g.forget(sum)
	g.changes.Add(1) // after the cache and before the streams: see Follow
	g.streams.changed(sum, g.Now())
}

func (g *Guard) forget(sum uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for key, r := range g.readings {
		if sum == 0 || r.account == sum {
			r.stale = true
			delete(g.readings, key)
		}
	}
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
	return g.check(ctx, q).opened(q)
}

func (g *Guard) check(ctx context.Context, q Question) Decision {
	keyed := q.keyed()
	if !keyed {
		q.Key = "" // it is nothing here
	}
	d := g.answer(ctx, &q)
	d.Keyed = keyed
	return d
}

func (g *Guard) answer(ctx context.Context, q *Question) Decision {
	key, ok := q.key()
	if !ok {
		return Decision{Reason: q.nobody()}
	}
	now, changes := g.Now(), g.changes.Load()
	e := g.cached(key, now)
	if e == nil {
		var err error
		if e, err = g.load(ctx, q, key, now); err != nil {
			return Decision{Reason: DeniedUnavailable}
		}
	}
	if e == nil || e.access == nil && e.host != q.Host || !e.live(now) {
		return Decision{Reason: q.nobody()}
	}
	e.used.Store(now.UnixNano())
	d := e.decide(g, *q, now)
	d.changes = changes
	return d
}

// Again decides about the person whom a gate has let pass, by the rules of the
// next gate on the same request. What was not let pass is not let pass here, and
// all gates must let it pass.
func (g *Guard) Again(before Decision, q Question) Decision {
	now := g.Now()
	switch {
	case !before.OK():
		return Decision{}
	case before.entry == nil || !before.entry.live(now):
		return Decision{Reason: DeniedAnonymous}.opened(q)
	}
	d := before.entry.decide(g, q, now)
	d.changes = before.changes
	return d.opened(q)
}

func (e *entry) decide(g *Guard, q Question, now time.Time) Decision {
	if e.access != nil && !e.opens(q) {
		return Decision{Reason: DeniedKey}
	}
	d := Decision{Identity: e.identity, entry: e, asked: asked{q.Rules, q.Client, now}}
	d.Reason = d.asked.judge(&e.facts)
	switch {
	case q.Page && e.old && !q.open():
		d.Reason, d.Identity = DeniedAnonymous, nil // the portal gives a new cookie, and leads back
	case d.Reason == Allowed && q.Page && now.Before(e.showing):
		d.Reason = DeniedShowing
	}
	page := q.Page && e.access == nil && !e.near && now.Sub(e.paged) >= recovery.PagedAfter
	if (page || e.due(now)) && e.touching.CompareAndSwap(false, true) {
		d.touch = func() { g.touch(e, page) }
	}
	return d
}

func (g *Guard) cached(key [32]byte, now time.Time) *entry {
	if g.Watch == nil || !g.Watch.Live() {
		return nil
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.fresh(key, now)
}

// fresh returns an entry that may still be used. It needs the lock.
func (g *Guard) fresh(key [32]byte, now time.Time) *entry {
	e := g.entries[key]
	if e == nil || now.Sub(e.loaded) >= cacheLife || now.Before(e.loaded) {
		return nil
	}
	return e
}

// reading is a read of the store under way.
type reading struct {
	account uint64        // kv.Sum of the record
	stale   bool          // the record changed meanwhile: no further request joins, and nothing is kept
	done    chan struct{} // closed when the rest is set
	entry   *entry
	err     error
}

var errNotRead = errors.New("session not read")

// load reads the account of a session: once for all the requests that a page
// makes at the same time. nil means that there is no such session.
func (g *Guard) load(ctx context.Context, q *Question, key [32]byte, now time.Time) (*entry, error) {
	c, ok := q.claim(g.Keys)
	if !ok {
		return nil, nil
	}
	if g.Watch == nil || !g.Watch.Live() {
		return g.read(ctx, c, now)
	}
	e, r, first := g.join(c.account, key, now)
	switch {
	case e != nil:
		return e, nil
	case first:
		defer g.leave(key, r)
		r.entry, r.err = g.read(ctx, c, now)
		g.keep(key, r)
		return r.entry, r.err
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if r.err != nil { // perhaps only that request was cancelled
		return g.read(ctx, c, now)
	}
	return r.entry, nil
}

// join returns an entry read since the caller looked, joins a reading, or
// begins one.
func (g *Guard) join(id string, key [32]byte, now time.Time) (e *entry, r *reading, first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e := g.fresh(key, now); e != nil {
		return e, nil, false
	}
	if r := g.readings[key]; r != nil {
		return nil, r, false
	}
	r = &reading{account: kv.Sum(recovery.AccountKey(id)), done: make(chan struct{}), err: errNotRead}
	g.readings[key] = r
	return nil, r, true
}

func (g *Guard) leave(key [32]byte, r *reading) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.readings[key] == r {
		delete(g.readings, key)
	}
	close(r.done)
}

// touch writes last-seen with a deadline of its own: the response is out.
func (g *Guard) touch(e *entry, page bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := e.touch(ctx, g.Accounts, page); err != nil {
		g.log().Warn("last use of a session or access key not written", "error", err)
	}
}

func (g *Guard) log() *slog.Logger {
	if g.Log == nil {
		return slog.Default()
	}
	return g.Log
}

// Due reports whether Touch has something to write.
func (d Decision) Due() bool { return d.touch != nil }
