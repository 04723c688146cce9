package engine

import (
	"context"
	"errors"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// StopWorks reports whether a "this wasn't me" token is valid, and the event it
// was sent for. The event of a changed contact is returned only while the
// change can be undone.
func (e *Engine) StopWorks(ctx context.Context, token string) (recovery.EventName, bool, error) {
	t, _, err := e.stopTicket(ctx, token)
	if t == nil {
		return "", false, err
	}
	a, err := e.account(ctx, t.Account)
	if errors.Is(err, recovery.ErrNoAccount) {
		return "", false, nil
	}
	if err != nil || !t.Closes(a) {
		return "", false, err
	}
	l := e.Policy.Lifetimes
	if t.Event == recovery.EventContactChanged && !e.Now().Before(t.Expires.Add(l.NewContact-l.Notice)) {
		return "", true, err
	}
	return t.Event, true, err
}

func (e *Engine) stopTicket(ctx context.Context, token string) (*recovery.Ticket, string, error) {
	for _, key := range e.ticketKeys(token) {
		t, ok, err := kv.Load[recovery.Ticket](ctx, e.Store, key)
		if err != nil {
			return nil, "", err
		}
		if ok && t.Purpose == recovery.PurposeStop {
			return &t, key, nil
		}
	}
	return nil, "", nil
}

// Stop freezes the account of a "this wasn't me" token. All sessions end, and
// only the ways for frozen accounts open it again. It returns false when the
// token is not valid.
func (e *Engine) Stop(ctx context.Context, token string) (bool, error) {
	t, key, err := e.stopTicket(ctx, token)
	if err != nil || t == nil {
		return false, err
	}
	a, err := e.editOwing(ctx, t.Account, func(a *recovery.Account) error {
		if a.State != recovery.StateActive && a.State != recovery.StateFrozen || !t.Closes(a) {
			return recovery.ErrMoved
		}
		a.Freeze(t.Expires.Add(-e.Policy.Lifetimes.Notice), e.Now(), e.Policy.Lifetimes)
		e.owe(a, recovery.EventFrozen, recovery.Client{})
		return nil
	})
	if errors.Is(err, recovery.ErrMoved) || errors.Is(err, recovery.ErrNoAccount) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	e.audit(recovery.Event{Name: recovery.EventFrozen, Account: a.ID, Person: a.Name})
	e.deliver(ctx, a)
	if err := e.updateDirectory(ctx, a); err != nil {
		e.log().Warn("roster not written", "error", err)
	}
	return true, kv.Delete(ctx, e.Store, key)
}
