package recovery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Action is what an administrator does to an account at once.
type Action string

// The actions. None of them gives anybody a way in.
const (
	ActionUnlock  Action = "unlock"
	ActionDisable Action = "disable"
	ActionEnable  Action = "enable"
	ActionSignOut Action = "sign_out"
)

// Errors of [Engine.Manage] and [Engine.CorrectMail].
var (
	// ErrNotAllowed says that the caller may not do that, or not to this account.
	ErrNotAllowed = errors.New("not allowed")
	// ErrReason says that a reason is missing.
	ErrReason = errors.New("a reason of 3 to 500 characters is needed")
	// ErrSameAddress says that the address given is the one that counts already.
	ErrSameAddress = errors.New("that is the address already")
)

// Manage does something to an account and writes down who did it and why. The
// person is told. Administrators cannot do it to themselves (AD-05).
func (e *Engine) Manage(ctx context.Context, by *Account, person string, do Action, reason string) error {
	reason, err := e.accountable(by, person, reason)
	if err != nil {
		return err
	}
	a, err := e.edit(ctx, person, do.apply)
	if err != nil {
		return err
	}
	e.audit(Event{Name: do.event(), Account: a.ID, Person: a.Name, Detail: "by " + by.Name + ": " + reason})
	if a.State != StateInvited { // who is told to sign in again must have done so before
		e.notice(ctx, a, do.event(), Client{})
	}
	return e.enlist(ctx, a)
}

// accountable checks who acts on whom, and returns why, trimmed.
func (e *Engine) accountable(by *Account, person, reason string) (string, error) {
	if !by.Admin() || by.State != StateActive || by.ID == person || e.Now().Before(by.Probation) {
		return "", ErrNotAllowed
	}
	if reason = strings.TrimSpace(reason); len(reason) < 3 || len(reason) > 500 {
		return "", ErrReason
	}
	return reason, nil
}

func (do Action) apply(a *Account) error {
	switch {
	case do == ActionUnlock:
		a.Unlocks++ // clears what was counted, changes no state (AD-03)
	case do == ActionSignOut:
		a.Sessions = nil
	case do == ActionDisable && a.State != StateDisabled:
		a.State, a.Was = StateDisabled, a.State
		a.raise()
		a.Invited = time.Time{}
	case do == ActionEnable && a.State == StateDisabled:
		a.State, a.Was = a.Was, ""
	default:
		return fmt.Errorf("%w: the account is %s", ErrNotAllowed, a.State)
	}
	return nil
}

func (do Action) event() EventName {
	switch do {
	case ActionUnlock:
		return EventUnlocked
	case ActionDisable:
		return EventDisabled
	case ActionEnable:
		return EventEnabled
	case ActionSignOut:
		return EventSessionsEnded
	}
	return EventAlarm
}

// Fresh tells whether a session has shown its strongest proof lately.
func (e *Engine) Fresh(s *Session) bool {
	from := e.Now().Add(-e.Policy.Lifetimes.Fresh)
	return s.Fresh.After(from) || s.Created.After(from)
}
