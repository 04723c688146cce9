package engine

import (
	"context"
	"sync"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Limits of the events of what was refused.
const (
	refusedPer  = time.Minute // at most one event of a kind from a network
	refusedMost = 4096        // networks and kinds that are told apart
	refusedRest = "others"    // stands for all networks beyond these
)

// refusals joins events of what was refused, so that nobody fills a log with
// them: the first is written at once, those that follow within a minute as one.
type refusals struct {
	mu   sync.Mutex
	seen map[refusal]*refused
}

type refusal struct {
	name    recovery.EventName
	network string
}

type refused struct {
	since time.Time      // when an event was last written
	last  recovery.Event // that was not, with the count of them
}

// Refused audits that something was refused.
func (e *Engine) Refused(ctx context.Context, ev recovery.Event) {
	if ev, first := e.refusals.join(e.attributed(ctx, ev), e.Now()); first {
		e.audit(ev)
	}
}

// join returns the event to be written, with how many it stands for; false: it
// is written later.
func (r *refusals) join(ev recovery.Event, now time.Time) (recovery.Event, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := refusal{ev.Name, ev.Network}
	x := r.seen[key]
	if x == nil && len(r.seen) >= refusedMost {
		key.network, ev.Network = refusedRest, refusedRest
		x = r.seen[key]
	}
	if x == nil {
		if r.seen == nil {
			r.seen = map[refusal]*refused{}
		}
		x = &refused{since: now.Add(-refusedPer)}
		r.seen[key] = x
	}
	ev.Count = x.last.Count + 1
	if x.last = ev; now.Before(x.since.Add(refusedPer)) {
		return ev, false
	}
	x.since, x.last = now, recovery.Event{}
	return ev, true
}

// due takes the events whose minute is over, or all of them, and forgets the
// networks from which nothing came since.
func (r *refusals) due(now time.Time, all bool) []recovery.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []recovery.Event
	for key, x := range r.seen {
		switch {
		case !all && now.Before(x.since.Add(refusedPer)):
		case x.last.Count == 0:
			delete(r.seen, key)
		default:
			out = append(out, x.last)
			x.since, x.last = now, recovery.Event{}
		}
	}
	return out
}

// tellRefusals writes what was joined: what is a minute old, or at the end all.
func (e *Engine) tellRefusals(all bool) {
	for _, ev := range e.refusals.due(e.Now(), all) {
		e.audit(ev)
	}
}
