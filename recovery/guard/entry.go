package guard

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// entry is what the cache knows of a session, or of an access key.
type entry struct {
	identity *Identity
	access   *recovery.AccessKey // nil: it is a session
	host     string              // origin of the further host whose cookie it is; empty: the session's own
	old      bool                // the session's token has been replaced since that cookie was made
	account  string
	sum      string
	key      uint64       // kv.Sum of the account record
	loaded   time.Time    // age of what is known
	written  time.Time    // last-seen as stored
	paged    time.Time    // last page load as stored
	showing  time.Time    // until then a wait is shown before the next page; zero: there is none
	used     atomic.Int64 // last request here, Unix nanoseconds
	touching atomic.Bool  // one request at a time writes the last use
	idle     time.Duration
	end      time.Time
	facts
}

func (e *entry) live(now time.Time) bool {
	last := time.Unix(0, e.used.Load())
	return now.Before(e.end) && now.Before(last.Add(e.idle))
}

// due tells whether it is time to write the last use.
func (e *entry) due(now time.Time) bool {
	if e.access != nil {
		return e.written.Before(recovery.Day(now))
	}
	return now.Sub(e.written) >= recovery.TouchAfter(e.idle)
}

func (e *entry) touch(ctx context.Context, accounts Accounts, page bool) error {
	if e.access != nil {
		return accounts.UseKey(ctx, e.account, e.access.ID)
	}
	return accounts.Touch(ctx, e.account, e.sum, page)
}

func identityOf(a *recovery.Account, now time.Time) *Identity {
	return &Identity{ID: a.ID, User: a.Name, Name: a.Shown(), Mail: a.Address(recovery.ChannelMail, now), Groups: strings.Join(a.Groups, ",")}
}

// entryFor is what the cache knows of the session or access key that is claimed;
// nil: there is none.
func (g *Guard) entryFor(c claim, a *recovery.Account, now time.Time) *entry {
	switch {
	case c.access:
		return g.keyEntry(a, a.Key(c.sum, now), now)
	case c.host == "":
		return g.newEntry(a, c.sum, now)
	}
	s, old := a.HostSession(c.cookie, now)
	if s == nil {
		return nil
	}
	row := *s
	if old { // it is worth what it was when it was made
		row.Fresh, row.Second = time.Time{}, time.Time{}
	}
	e := g.entryOf(a, &row, now)
	e.host, e.old = c.host, old
	return e
}

func (g *Guard) newEntry(a *recovery.Account, sum string, now time.Time) *entry {
	s := a.Session(sum, now)
	if s == nil {
		return nil
	}
	e := g.entryOf(a, s, now)
	e.sum, e.end = sum, s.EndFor(sum)
	return e
}

// entryOf is the entry of a session, whatever token it goes by.
func (g *Guard) entryOf(a *recovery.Account, s *recovery.Session, now time.Time) *entry {
	e := &entry{
		account: a.ID, sum: s.TokenHash, key: kv.Sum(recovery.AccountKey(a.ID)), loaded: now, written: s.Seen,
		idle: time.Duration(s.Idle) * time.Second, end: s.End,
		identity: identityOf(a, now),
	}
	e.identity.session, e.identity.Browser = s.ID, s.Device
	e.used.Store(s.Seen.UnixNano())
	g.rulesOf(e, a)
	e.recovered = a.RecoveredAt(now)
	if m := g.Methods; m != nil {
		e.second, e.able, e.strong = m.TwoFactors(s), m.HasFactor(a), m.LastStrong(a, s)
	}
	if e.near = s.Near; e.near {
		return e // it is of no browser: nothing is shown there
	}
	for _, d := range a.Devices {
		if d.ID == s.Device {
			e.paged = d.Paged
		}
	}
	for _, w := range a.Showing(s.Device, now) {
		if w.Until.After(e.showing) {
			e.showing = w.Until
		}
	}
	return e
}

// rulesOf sets who the account is for the rules: it is in no group whose members must
// have a second factor as long as it has none.
func (g *Guard) rulesOf(e *entry, a *recovery.Account) {
	e.rules = a.Rules()
	if g.Policy == nil || g.Methods == nil {
		return
	}
	e.barred, e.locked = g.Policy.Barred(g.Methods, a)
	e.rules = slices.DeleteFunc(e.rules, func(r string) bool { return slices.Contains(e.barred, r) })
}

// keyForever stands for the end of a key that has none, and for its idle time: it
// fits into a duration.
const keyForever = 200 * 365 * 24 * time.Hour

// keyEntry is the entry of an access key; nil for none.
func (g *Guard) keyEntry(a *recovery.Account, k *recovery.AccessKey, now time.Time) *entry {
	if k == nil {
		return nil
	}
	e := &entry{
		account: a.ID, key: kv.Sum(recovery.AccountKey(a.ID)), loaded: now, written: k.Used, idle: keyForever, end: k.End,
		identity: identityOf(a, now), access: k,
	}
	if k.End.IsZero() {
		e.end = now.Add(keyForever)
	}
	e.used.Store(now.UnixNano())
	g.rulesOf(e, a)
	e.recovered, e.program = a.RecoveredAt(now), true
	return e
}

// opens tells whether an access key is for what was asked: inside of what the
// rules open for keys, and of its own hosts and paths.
func (e *entry) opens(q Question) bool {
	k := e.access
	if k.ByAnother(e.account) && (q.Rules.Factors > 1 || q.Rules.Fresh > 0) {
		return false
	}
	return q.keyed() && (len(k.Hosts) == 0 || k.On(hostOf(q.At))) && (len(k.Paths) == 0 || within(q.Paths, k.Paths))
}
