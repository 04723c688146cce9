package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// Accounts that go are noted in one record, before they are closed: after a crash
// there is an entry with nothing behind it, and never an account that waits for ever.
const leavingKey = "leaving"

type leaving struct {
	Account string    `json:"account"`
	At      time.Time `json:"at"`
}

// postponed is how long an account waits that must not go yet.
const postponed = 24 * time.Hour

// mayLeave refuses the last administrator: nobody could help anybody.
func (r *run) mayLeave(ctx context.Context, _ recovery.Input) (*recovery.Problem, error) {
	last, err := r.lastAdmin(ctx, r.account)
	if err != nil || !last {
		return nil, err
	}
	return recovery.NewProblem(recovery.ProblemLastAdmin), nil
}

// listLeaving looks once more, and notes when the account goes.
func (r *run) listLeaving(ctx context.Context) error {
	last, err := r.lastAdmin(ctx, r.account)
	if err != nil {
		return err
	}
	if last {
		return recovery.ErrMoved
	}
	return r.noteLeaving(ctx, r.account.ID, r.Now().Add(r.Policy.Lifetimes.Delete))
}

func (e *Engine) noteLeaving(ctx context.Context, account string, at time.Time) error {
	_, err := kv.Update(ctx, e.Store, leavingKey, time.Time{}, func(list *[]leaving, _ bool) error {
		*list = append(slices.DeleteFunc(*list, func(x leaving) bool { return x.Account == account }), leaving{account, at})
		return nil
	})
	return err
}

// lastAdmin tells whether no other administrator is active who has a second factor.
func (e *Engine) lastAdmin(ctx context.Context, a *recovery.Account) (bool, error) {
	if !a.Admin() {
		return false, nil
	}
	people, err := e.People(ctx)
	if err != nil {
		return false, err
	}
	for _, p := range people {
		if p.ID == a.ID || !p.Admin {
			continue
		}
		other, err := e.account(ctx, p.ID)
		if err != nil && !errors.Is(err, recovery.ErrNoAccount) {
			return false, err
		}
		if err == nil && other.Admin() && other.State == recovery.StateActive && e.Methods.HasFactor(other) {
			return false, nil
		}
	}
	return true, nil
}

// RemoveDue removes the accounts whose time has come. It may be done by several
// processes at once, and again after it was cut off.
func (e *Engine) RemoveDue(ctx context.Context) error {
	list, _, err := kv.Load[[]leaving](ctx, e.Store, leavingKey)
	if err != nil {
		return err
	}
	var errs []error
	for _, x := range list {
		if e.Now().Before(x.At) {
			continue
		}
		again, err := e.removeOne(ctx, x.Account)
		if err == nil {
			err = e.settleLeaving(ctx, x, again)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// settleLeaving takes an entry off, or has it wait.
func (e *Engine) settleLeaving(ctx context.Context, x leaving, again bool) error {
	_, err := kv.Update(ctx, e.Store, leavingKey, time.Time{}, func(list *[]leaving, _ bool) error {
		*list = slices.DeleteFunc(*list, func(y leaving) bool { return y.Account == x.Account && y.At.Equal(x.At) })
		if again {
			*list = append(*list, leaving{x.Account, e.Now().Add(postponed)})
		}
		if len(*list) == 0 {
			return kv.ErrDrop
		}
		return nil
	})
	return err
}

// removeOne removes an account that still goes. again tells that it may not yet.
func (e *Engine) removeOne(ctx context.Context, id string) (again bool, err error) {
	a, err := e.account(ctx, id)
	switch {
	case errors.Is(err, recovery.ErrNoAccount):
		return false, e.forgetGone(ctx, id) // it was cut off behind the write that matters
	case err != nil:
		return false, err
	case a.State != recovery.StateLeaving:
		return false, nil
	case e.Now().Before(a.Leaves):
		return true, nil
	}
	if last, err := e.lastAdmin(ctx, a); last || err != nil {
		return true, err
	}
	if err := e.freeIdentifiers(ctx, a); err != nil {
		return false, err
	}
	now := e.Now()
	_, err = e.edit(ctx, id, func(a *recovery.Account) error {
		if a.State != recovery.StateLeaving || now.Before(a.Leaves) {
			return recovery.ErrMoved
		}
		a.Vanish(now)
		return nil
	})
	if errors.Is(err, recovery.ErrMoved) {
		return false, e.claim(ctx, a) // kept in this very moment
	}
	if err != nil {
		return false, err
	}
	e.record(ctx, recovery.Event{Name: recovery.EventGone, Account: id})
	return false, e.forgetGone(ctx, id)
}

// freeIdentifiers lets others have its addresses and numbers, and nobody its name
// for a long time: apps know people by it.
func (e *Engine) freeIdentifiers(ctx context.Context, a *recovery.Account) error {
	for _, id := range a.Identifiers() {
		for _, key := range e.indexKeys(id) {
			_, err := kv.Update(ctx, e.Store, key, time.Time{}, func(x *index, exists bool) error {
				switch {
				case !exists || x.Account != a.ID:
					return recovery.ErrMoved
				case id.Kind != "name":
					return kv.ErrDrop
				}
				x.Held = e.Now().Add(e.Policy.Lifetimes.Name)
				return nil
			})
			if err != nil && !errors.Is(err, recovery.ErrMoved) {
				return err
			}
		}
	}
	return nil
}

// forgetGone takes an account that is gone off the lists of others.
func (e *Engine) forgetGone(ctx context.Context, id string) error {
	if err := e.dropFromDirectory(ctx, id); err != nil {
		return err
	}
	people, err := e.People(ctx)
	if err != nil {
		return err
	}
	for _, p := range people {
		_, err := e.edit(ctx, p.ID, func(a *recovery.Account) error {
			before := len(a.TrustedContacts)
			a.TrustedContacts = slices.DeleteFunc(a.TrustedContacts, func(v recovery.TrustedContact) bool { return v.ID == id })
			if len(a.TrustedContacts) == before {
				return recovery.ErrMoved
			}
			return nil
		})
		if err != nil && !errors.Is(err, recovery.ErrMoved) && !errors.Is(err, recovery.ErrNoAccount) {
			return err
		}
	}
	return nil
}
