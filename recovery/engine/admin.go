package engine

import (
	"context"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Manage applies an action to an account and logs administrator and reason. The
// person is notified. Administrators cannot manage themselves (AD-05).
func (e *Engine) Manage(ctx context.Context, by *recovery.Account, person string, do recovery.Action, reason string) error {
	reason, err := e.accountable(by, person, reason)
	if err != nil {
		return err
	}
	ev := e.administered(ctx, do.Event(), by, reason)
	a, err := e.editOwing(ctx, person, func(a *recovery.Account) error {
		if err := do.Apply(a); err != nil {
			return err
		}
		if a.State != recovery.StateInvited { // an invited person has never signed in
			e.oweAdmin(ctx, a, do.Event(), recovery.Thing{})
		}
		return e.enter(a, &ev)
	})
	if err != nil {
		return err
	}
	e.say(ev)
	e.deliver(ctx, a)
	return e.updateDirectory(ctx, a)
}

// administered is the event of what an administrator does, and why.
func (e *Engine) administered(ctx context.Context, name recovery.EventName, by *recovery.Account, reason string) recovery.Event {
	return e.attributed(ctx, recovery.Event{Name: name, ActorID: by.ID, Actor: by.Name, Detail: reason})
}

// accountable checks that the administrator may act on the account, and returns
// the trimmed reason.
func (e *Engine) accountable(by *recovery.Account, person, reason string) (string, error) {
	if !by.Admin() || !e.Methods.HasFactor(by) || by.State != recovery.StateActive || by.ID == person || e.Now().Before(by.Probation) {
		return "", recovery.ErrNotAllowed
	}
	if reason = strings.TrimSpace(reason); len(reason) < 3 || len(reason) > 500 {
		return "", recovery.ErrReason
	}
	return reason, nil
}

// FreshOwn is Fresh for what people do with their own account (see
// [recovery.Methods.FreshOwn]).
func (e *Engine) FreshOwn(a *recovery.Account, s *recovery.Session) bool {
	return e.Methods.FreshOwn(a, s, e.Now().Add(-e.Policy.Lifetimes.Fresh))
}

// Fresh reports whether a strong proof was given in the session recently (see
// [recovery.Methods.Fresh]).
func (e *Engine) Fresh(a *recovery.Account, s *recovery.Session) bool {
	return e.Methods.Fresh(a, s, e.Now().Add(-e.Policy.Lifetimes.Fresh))
}
