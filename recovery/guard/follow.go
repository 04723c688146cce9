package guard

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

// Limits of requests under way.
const (
	lookEvery = time.Second     // for sessions that end by time
	unwatched = 30              // looks, after which every row is read while changes are not reported
	patience  = 2 * time.Minute // a session about which nothing can be learned ends then
	readTime  = 2 * time.Second // for one row
)

// streams are the requests under way, by kv.Sum of the account they came with.
// They are no part of the cache, which forgets.
type streams struct {
	log *slog.Logger

	mu   sync.Mutex
	head map[uint64]*Stream
	due  map[uint64]time.Time // accounts to be read, and since when
	wake chan struct{}
}

func newStreams(log *slog.Logger) *streams {
	return &streams{log: log, head: map[uint64]*Stream{}, due: map[uint64]time.Time{}, wake: make(chan struct{}, 1)}
}

// Follow has a request that was let through end with its session, or when its
// account may no longer pass here: within a second of the report of a change,
// and of an end by time. For idle sessions that is counted from the last
// request, and a stream is none. While changes are not reported the account is
// read every 30 seconds.
func (g *Guard) Follow(ctx context.Context, conn Conn, d Decision) *Stream {
	e := d.entry
	if d.Identity == nil { // it was let through as nobody's
		return &Stream{Context: ctx, conn: conn, among: g.streams}
	}
	s := &Stream{
		Context: ctx, conn: conn, among: g.streams, account: e.account, key: e.key, session: e.identity.session, asked: d.asked, until: e.until(),
	}
	if e.access != nil {
		s.session, s.program = e.access.ID, true
	}
	g.streams.add(s)
	// What has changed since it was decided was reported before there was
	// anything to end.
	if g.changes.Load() != d.changes || g.Watch == nil || !g.Watch.Live() {
		g.streams.changed(s.key, g.Now())
	}
	return s
}

// until is when the session ends by itself, as far as is known here.
func (e *entry) until() time.Time {
	if idle := time.Unix(0, e.used.Load()).Add(e.idle); idle.Before(e.end) {
		return idle
	}
	return e.end
}

func (l *streams) add(s *Stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.next = l.head[s.key]; s.next != nil {
		s.next.prev = s
	}
	l.head[s.key] = s
}

func (l *streams) remove(s *Stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case s.prev != nil:
		s.prev.next = s.next
	case l.head[s.key] != s:
		return // it was removed before
	case s.next == nil:
		delete(l.head, s.key)
	default:
		l.head[s.key] = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	}
	s.prev, s.next = nil, nil
}

// changed has the rows of an account read; 0: those of all.
func (l *streams) changed(sum uint64, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if sum == 0 {
		l.allDue(now)
	} else if l.head[sum] != nil {
		l.soon(sum, now)
	}
	if len(l.due) == 0 {
		return
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *streams) allDue(now time.Time) {
	for sum := range l.head {
		l.soon(sum, now)
	}
}

func (l *streams) soon(sum uint64, since time.Time) {
	if _, ok := l.due[sum]; !ok {
		l.due[sum] = since
	}
}

// expired makes those accounts due that have a session which ends by time.
func (l *streams) expired(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for sum, s := range l.head {
		for ; s != nil; s = s.next {
			if !now.Before(s.until) {
				l.soon(sum, now)
			}
		}
	}
}

// take returns the accounts that are due.
func (l *streams) take() map[uint64]time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	due := l.due
	l.due = map[uint64]time.Time{}
	return due
}

func (l *streams) of(sum uint64) []*Stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []*Stream
	for s := l.head[sum]; s != nil; s = s.next {
		list = append(list, s)
	}
	return list
}

// lookAfter ends requests under way until ctx ends.
func (g *Guard) lookAfter(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for looks := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-g.streams.wake:
		case <-tick.C:
			g.streams.expired(g.Now())
			if looks++; looks%unwatched == 0 && (g.Watch == nil || !g.Watch.Live()) {
				g.streams.changed(0, g.Now())
			}
		}
		supervise.Run(g.log(), "requests under way", func() { g.look(ctx) })
	}
}

// look reads the accounts that are due, and ends what has ended. One that cannot
// be read is due again; when it is the store that does not answer, the others
// are not tried.
func (g *Guard) look(ctx context.Context) {
	var away error
	for sum, since := range g.streams.take() {
		list := g.streams.of(sum)
		if len(list) == 0 {
			continue
		}
		a, err := (*recovery.Account)(nil), errUnread
		supervise.Run(g.log(), "reading the account of a request", func() {
			if away != nil {
				err = away
				return
			}
			a, err = g.row(ctx, list[0].account)
		})
		switch now := g.Now(); {
		case err == nil:
			g.judge(a, list, now)
		case now.Sub(since) >= patience:
			g.judge(nil, list, now)
		default:
			g.streams.later(sum, since)
		}
		if err != nil && !errors.Is(err, kv.ErrDamaged) && !errors.Is(err, errUnread) {
			away = err
		}
	}
}

// errUnread says that reading an account failed in a way that tells nothing of
// the store.
var errUnread = errors.New("account not read")

func (l *streams) later(sum uint64, since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.soon(sum, since)
}

// row reads an account; nil and no error when there is none.
func (g *Guard) row(ctx context.Context, id string) (*recovery.Account, error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	a, err := g.Accounts.Person(ctx, id)
	if errors.Is(err, recovery.ErrNoAccount) {
		return nil, nil
	}
	return a, err
}

// judge ends the requests whose session is not in the account any more, or that
// it would not let through today; nil ends all.
func (g *Guard) judge(a *recovery.Account, list []*Stream, now time.Time) {
	for _, s := range list {
		var e *entry
		if a != nil {
			e = g.again(a, s, now)
		}
		if e == nil || s.asked.judge(&e.facts) != Allowed {
			g.streams.remove(s)
			s.end()
			continue
		}
		g.streams.prolong(s, e.until())
	}
}

func (l *streams) prolong(s *Stream, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.until = until
}

// again is the entry today of what a request came with; nil: that has ended.
func (g *Guard) again(a *recovery.Account, s *Stream, now time.Time) *entry {
	if s.program {
		return g.keyEntry(a, a.KeyByID(s.session, now), now)
	}
	if row := a.SessionByID(s.session, now); row != nil { // its token may have been renewed
		return g.entryOf(a, row, now)
	}
	return nil
}
