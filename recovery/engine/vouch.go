package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// trusted takes the name of somebody who may vouch.
func (r *run) trusted(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	a, err := r.Find(ctx, strings.TrimSpace(in.Name))
	if p, err := r.another(a, err, recovery.ProblemContactSelf); p != nil || err != nil {
		return p, err
	}
	r.flow.Person, r.flow.PersonName = a.ID, a.Name
	return nil, nil
}

// DropTrustedContact takes back who may vouch for an account, and tells its owner.
// It is a change like any other: [ErrNotAllowed] while on probation.
func (e *Engine) DropTrustedContact(ctx context.Context, account, name string, c recovery.Client) error {
	dropped := func(v recovery.TrustedContact) bool { return v.Name == name }
	a, err := e.edit(ctx, account, func(a *recovery.Account) error {
		switch {
		case e.Now().Before(a.Probation):
			return recovery.ErrNotAllowed
		case !slices.ContainsFunc(a.TrustedContacts, dropped):
			return recovery.ErrMoved
		}
		a.TrustedContacts = slices.DeleteFunc(a.TrustedContacts, dropped)
		return nil
	})
	if errors.Is(err, recovery.ErrMoved) {
		return nil
	}
	if err == nil {
		e.audit(recovery.Event{Name: recovery.EventTrustedContactDropped, Account: a.ID, Person: a.Name, Network: c.Network})
		e.notice(ctx, a, recovery.EventTrustedContactDropped, c)
	}
	return err
}
