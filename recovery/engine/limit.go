package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// tally is the record of a meter.
type tally struct {
	Count int       `json:"count"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	Mark  uint64    `json:"mark,omitempty"`  // meter.mark of the last charge
	Flow  string    `json:"flow,omitempty"`  // of the last charges; only of a meter that is settled
	Tries int       `json:"tries,omitempty"` // how many of Count are of that flow
}

// rule reads a tally: wait is zero when one more try is free, anew says that
// the count begins again.
type rule func(t tally, now time.Time) (wait time.Duration, anew bool)

// meter is one counter to be charged before a check.
type meter struct {
	key  string
	rule rule
	life time.Duration // how long the record is kept after the last charge
	keep bool          // a success does not reset it, nor does sending again
	mark uint64        // a higher one than at the last charge begins the count again
	// A success takes back the tries of this flow only, and leaves those of
	// others. Empty: it resets the meter.
	flow string
	// stranger says that the record is about a name that nobody has: it is
	// counted when it is made.
	stranger bool
	// locks is what a try that uses it up locks (see rowLock.Of); empty: it only waits.
	// begun is the end of the lock that this try has begun; zero: none.
	locks string
	begun time.Time
	place int // in the table of rows of strangers, from 1; zero: the record is a tally
}

// errLimit says that a meter is used up.
type errLimit struct {
	wait time.Duration
}

func (e errLimit) Error() string { return fmt.Sprintf("limit reached, wait %s", e.wait) }

// window allows r.Count charges per r.Per, counted from the first.
func window(r recovery.Rate) rule {
	return func(t tally, now time.Time) (time.Duration, bool) {
		switch end := t.First.Add(r.Per); {
		case !now.Before(end):
			return 0, true
		case t.Count < r.Count:
			return 0, false
		default:
			return end.Sub(now), false
		}
	}
}

// backoff allows free charges, then one after each wait, doubling (TH-01).
func backoff(l recovery.Limits) rule {
	return func(t tally, now time.Time) (time.Duration, bool) {
		over := t.Count - l.Failures.Count
		if over < 0 {
			return 0, !now.Before(t.First.Add(l.Failures.Per))
		}
		wait := min(l.FirstWait<<min(over, 20), l.LastWait)
		if !now.Before(t.Last.Add(max(l.Failures.Per, 2*wait))) {
			return 0, true
		}
		return max(t.Last.Add(wait).Sub(now), 0), false
	}
}

// lockRule allows l.After tries and then none for l.For, counted from the last
// try that was checked.
func lockRule(l recovery.Lock) rule {
	return func(t tally, now time.Time) (time.Duration, bool) {
		end := t.Last.Add(l.For)
		if !now.Before(end) {
			return 0, true
		}
		if t.Count < l.After {
			return 0, false
		}
		return end.Sub(now), false
	}
}

// inARow suspends after n failures without a success between them (NIST SP
// 800-63B-4 section 3.2.2). A new credential ends it, since the meter is named
// after the credential.
func inARow(n int) rule {
	return func(t tally, _ time.Time) (time.Duration, bool) {
		if t.Count < n {
			return 0, false
		}
		return suspended, false
	}
}

const suspended = 400 * 24 * time.Hour

// charge counts one try on every meter, or returns errLimit. It is called
// before the check, so that parallel tries cannot exceed the limit (TH-03). A
// meter that cannot be written counts as used up (RD-02).
func (e *Engine) charge(ctx context.Context, meters []meter) error {
	for i := range meters {
		if err := e.chargeOne(ctx, &meters[i]); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) chargeOne(ctx context.Context, m *meter) error {
	if m.place > 0 {
		return e.chargePlace(ctx, *m)
	}
	now, anew := e.Now(), false
	_, err := kv.Update(ctx, e.Store, m.key, now.Add(m.life), func(t *tally, exists bool) error {
		wait, over := m.rule(*t, now)
		if anew = !exists; anew || over || t.Mark < m.mark {
			*t = tally{First: now, Mark: m.mark}
		} else if wait > 0 {
			return errLimit{wait}
		}
		if t.Flow != m.flow {
			t.Flow, t.Tries = m.flow, 0
		}
		t.Tries++
		t.Count++
		t.Last = now
		if m.begun = (time.Time{}); m.locks != "" {
			if wait, _ := m.rule(*t, now); wait > 0 {
				m.begun = now.Add(wait)
			}
		}
		return nil
	})
	if errors.Is(err, kv.ErrContended) {
		return errLimit{time.Second}
	}
	if err == nil && anew && m.stranger {
		e.strangers.add(now)
	}
	return err
}

// refund resets the meters of an authenticator after a success.
func (e *Engine) refund(ctx context.Context, meters []meter) {
	for _, m := range meters {
		var err error
		switch {
		case m.keep:
		case m.flow != "":
			err = e.takeBack(ctx, m)
		default:
			err = kv.Delete(ctx, e.Store, m.key)
		}
		if err != nil {
			e.log().Warn("meter not reset", "error", err)
		}
	}
}

// takeBack takes the tries of one flow off a meter. Of a flow that others
// interrupted only the tries since then are known.
func (e *Engine) takeBack(ctx context.Context, m meter) error {
	_, err := kv.Update(ctx, e.Store, m.key, e.Now().Add(m.life), func(t *tally, exists bool) error {
		tries := 1
		if t.Flow == m.flow {
			tries = t.Tries
		}
		t.Count, t.Flow, t.Tries = t.Count-tries, "", 0
		if !exists || t.Count <= 0 {
			return kv.ErrDrop
		}
		return nil
	})
	return err
}

// meterKey names a meter.
func (e *Engine) meterKey(kind string, parts ...string) string {
	return e.counters.key(kind, parts...)
}

// The table of rows: a name has one place in one of its records. Two names with
// the same place are counted together, and both are nobody's.
const (
	tableRecords = 1 << 10
	tablePlaces  = 1 << 9
)

// chargePlace charges a counter of the table.
func (e *Engine) chargePlace(ctx context.Context, m meter) error {
	_, err := kv.Update(ctx, e.Store, m.key, e.Now().Add(m.life), func(counts *[]byte, _ bool) error {
		if len(*counts) != tablePlaces {
			*counts = make([]byte, tablePlaces)
		}
		n := &(*counts)[m.place-1]
		if wait, _ := m.rule(tally{Count: int(*n)}, e.Now()); wait > 0 {
			return errLimit{wait}
		}
		*n = min(*n, 254) + 1
		return nil
	})
	if errors.Is(err, kv.ErrContended) {
		return errLimit{time.Second}
	}
	return err
}
