package engine

import (
	"context"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Manage does something to an account and writes down who did it and why. The
// person is told. Administrators cannot do it to themselves (AD-05).
func (e *Engine) Manage(ctx context.Context, by *recovery.Account, person string, do recovery.Action, reason string) error {
	reason, err := e.accountable(by, person, reason)
	if err != nil {
		return err
	}
	a, err := e.edit(ctx, person, do.Apply)
	if err != nil {
		return err
	}
	e.audit(recovery.Event{Name: do.Event(), Account: a.ID, Person: a.Name, Detail: "by " + by.Name + ": " + reason})
	if a.State != recovery.StateInvited { // who is told to sign in again must have done so before
		e.notice(ctx, a, do.Event(), recovery.Client{})
	}
	return e.enlist(ctx, a)
}

// accountable checks who acts on whom, and returns why, trimmed.
func (e *Engine) accountable(by *recovery.Account, person, reason string) (string, error) {
	if !by.Admin() || by.State != recovery.StateActive || by.ID == person || e.Now().Before(by.Probation) {
		return "", recovery.ErrNotAllowed
	}
	if reason = strings.TrimSpace(reason); len(reason) < 3 || len(reason) > 500 {
		return "", recovery.ErrReason
	}
	return reason, nil
}

// Fresh tells whether a session has shown its strongest proof lately.
func (e *Engine) Fresh(s *recovery.Session) bool {
	from := e.Now().Add(-e.Policy.Lifetimes.Fresh)
	return s.Fresh.After(from) || s.Created.After(from)
}
