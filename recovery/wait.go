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

// pending returns when the wait begun for a goal and way is over, ripe or not;
// zero when there is none. It ends on the day that was named, or later when the
// policy has come to ask for more. One that would be forgotten before it is over
// is none: a new one can begin.
func (f Facts) pending(g Goal, w Way) time.Time {
	for _, x := range f.Account.Waits {
		over := x.Ready
		if longer := x.Began.Add(w.Wait); longer.After(over) {
			over = longer
		}
		end := over.Add(f.Policy.Lifetimes.Ripe)
		if x.Until.Before(end) {
			end = x.Until
		}
		if x.Goal == g && slices.Equal(x.Way, w.key()) && f.Now.Before(end) && over.Before(end) {
			return over
		}
	}
	return time.Time{}
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
	if !r.facts().pending(g, w).IsZero() {
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
		f := r.facts()
		f.Account = a
		if !f.pending(g, w).IsZero() {
			return errBegun
		}
		a.Waits = slices.DeleteFunc(a.Waits, func(x Wait) bool { return x.Goal == g || !now.Before(x.Until) })
		a.Waits = append(a.Waits, Wait{Goal: g, Way: w.key(), Began: now, Ready: now.Add(w.Wait), Until: now.Add(w.Wait + r.Policy.Lifetimes.Ripe)})
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
