package recovery

import (
	"context"
	"errors"
	"slices"
	"time"
)

// key is how a wait remembers its way: a policy written in another order is
// still the same way.
func (w Way) key() []string {
	k := slices.Clone(w.Proofs)
	slices.Sort(k)
	return k
}

// pending returns the wait begun for a goal and way, ripe or not.
func (a *Account) pending(g Goal, w Way, now time.Time) *Wait {
	for i := range a.Waits {
		x := &a.Waits[i]
		if x.Goal == g && slices.Equal(x.Way, w.key()) && now.Before(x.Until) {
			return x
		}
	}
	return nil
}

// ripe tells whether the cool-down of a way is over and not yet forgotten.
func (a *Account) ripe(g Goal, w Way, now time.Time) bool {
	x := a.pending(g, w, now)
	return x != nil && !now.Before(x.Ready)
}

// wait begins the cool-down of the way that lacks nothing else. It writes one
// dated fact into the account and tells every channel.
func (r *run) wait(ctx context.Context, in Input) (*Problem, error) {
	if in.Choice != waiting {
		return problem(ProblemMissing), nil
	}
	w, ok := waitFor(r.facts())
	if !ok {
		return problem(ProblemNotAvailable), nil
	}
	g, now := aim(r.facts()), r.Now()
	if r.account.pending(g, w, now) != nil {
		return nil, nil
	}
	// Who has to be told goes first: an entry without its wait is passed over
	// when it is due, a wait without its entry would be silent for ever.
	if err := r.awaited(ctx, g, now.Add(w.Wait)); err != nil {
		return nil, err
	}
	a, err := r.edit(ctx, r.flow.Account, func(a *Account) error {
		if err := r.fits(a); err != nil {
			return err
		}
		if a.pending(g, w, now) != nil {
			return errBegun
		}
		a.Waits = slices.DeleteFunc(a.Waits, func(x Wait) bool { return x.Goal == g || !now.Before(x.Until) })
		a.Waits = append(a.Waits, Wait{Goal: g, Way: w.key(), Ready: now.Add(w.Wait), Until: now.Add(w.Wait + r.Policy.Lifetimes.Ripe)})
		return nil
	})
	if errors.Is(err, errBegun) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r.account, r.flow.Goal = a, g
	r.audit(r.event(EventWaitStarted))
	r.tell(ctx, EventWaitStarted)
	return nil, nil
}

// errBegun says that another request began the same wait.
var errBegun = errors.New("the wait has begun")

// Waiting returns when the wait a flow stands before is over; zero when it has
// not begun.
func (o Outcome) Waiting(now time.Time) time.Time {
	if o.Account == nil || o.Step.Page != PageWait {
		return time.Time{}
	}
	for _, w := range o.Account.Waits {
		if w.Goal == o.Flow.Goal && now.Before(w.Ready) {
			return w.Ready
		}
	}
	return time.Time{}
}

// StopWaits ends every wait of an account: the signed-in owner pressed Stop.
func (e *Engine) StopWaits(ctx context.Context, account string, c Client) error {
	a, err := e.edit(ctx, account, func(a *Account) error {
		if len(a.Waits) == 0 {
			return errMoved
		}
		a.Waits = nil
		return nil
	})
	if errors.Is(err, errMoved) {
		return nil
	}
	if err == nil {
		e.audit(Event{Name: EventWaitStopped, Account: a.ID, Person: a.Name})
		e.notice(ctx, a, EventWaitStopped, c)
	}
	return err
}
