package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// trusted takes the user name of somebody who may vouch. A member learns nothing
// else of others: addresses and numbers find nobody, each name is charged before
// it is looked up, and the name that is kept is the one that was typed.
func (r *run) trusted(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	hourly := recovery.Rate{Count: 10, Per: time.Hour}
	if err := r.charge(ctx, []meter{{key: r.meterKey("named", r.account.ID), rule: window(hourly), life: time.Hour}}); err != nil {
		return nil, err
	}
	name, err := recovery.CanonicalName(strings.TrimSpace(in.Name))
	id := recovery.ByName(name)
	if err != nil {
		id.Kind = "odd" // belongs to nobody, and costs the same
	}
	a, err := r.find(ctx, id)
	if err == nil && a == nil {
		err = recovery.ErrNoAccount
	}
	if p, err := r.another(a, err, recovery.ProblemContactSelf); p != nil || err != nil {
		return p, err
	}
	r.flow.Person, r.flow.PersonName = a.ID, name
	return nil, nil
}

// DropTrustedContact takes back who may vouch for an account, and tells its owner.
// It is a change like any other: [ErrNotAllowed] while on probation.
func (e *Engine) DropTrustedContact(ctx context.Context, account, name string, c recovery.Client) error {
	dropped := func(v recovery.TrustedContact) bool { return v.Name == name }
	_, sum := recovery.SplitSession(c.Session)
	ev := e.attributed(ctx, recovery.Event{Name: recovery.EventTrustedContactDropped, Network: c.Network})
	change := func(a *recovery.Account, enter entry) error {
		switch {
		case !a.OnProbation(a.Session(sum, e.Now()), e.Now()).IsZero():
			return recovery.ErrNotAllowed
		case !slices.ContainsFunc(a.TrustedContacts, dropped):
			return recovery.ErrMoved
		}
		a.TrustedContacts = slices.DeleteFunc(a.TrustedContacts, dropped)
		a.Act(e.Now(), false)
		e.oweOf(a, recovery.EventTrustedContactDropped, recovery.Thing{Person: name}, c)
		return enter(a, &ev)
	}
	var a *recovery.Account
	err := e.always(func(enter entry) (err error) {
		a, err = e.editOwing(ctx, account, func(a *recovery.Account) error { return change(a, enter) })
		return err
	})
	if errors.Is(err, recovery.ErrMoved) {
		return nil
	}
	if err == nil {
		e.deliver(ctx, a)
	}
	return err
}
