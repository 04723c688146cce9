package engine

import (
	"context"
	"errors"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// demoted notes in an account that is being written that its owner may undo what an
// administrator did, and says so in the notice that it owes of it. What the command
// line does is final: whoever runs it can read the store, and has rescue.
func (by Authority) demoted(before, a *recovery.Account, e *Engine, taken bool, told recovery.EventName) {
	switch {
	case by.shell:
		a.Demotion = nil
	case taken:
		id := secret.Token(9)
		a.Demote(before, id, e.Now())
		a.LetUndo(told, id)
	}
}

// Reinstate undoes what an administrator did, by the link of its notice: whoever was
// one is one again. All others are told. It is false when the link is none, or late.
func (e *Engine) Reinstate(ctx context.Context, token string, c recovery.Client) (bool, error) {
	t, key, err := e.reinstateTicket(ctx, token)
	if err != nil || t == nil {
		return false, err
	}
	others, err := e.administratorsBut(ctx, t.Account)
	if err != nil {
		return false, err
	}
	ev := recovery.Event{Name: recovery.EventAdminRestored, Actor: byUndo, Network: c.Network, Browser: c.Browser}
	a, err := e.editOwing(ctx, t.Account, func(a *recovery.Account) error {
		if err := a.Reinstate(t.About, e.Now()); err != nil {
			return err
		}
		e.oweAs(a, recovery.Owed{Event: recovery.EventAdminRestored, At: e.Now(), Base: c.Base, Browser: c.Browser, To: append(e.reachable(a), others...)})
		return e.enter(a, &ev)
	})
	if errors.Is(err, recovery.ErrMoved) || errors.Is(err, recovery.ErrNoAccount) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	e.say(ev)
	e.deliver(ctx, a)
	e.updateDirectory(ctx, a)
	return true, kv.Delete(ctx, e.Store, key)
}

// byUndo is who acts by the link of such a notice.
const byUndo = "undo link"

func (e *Engine) reinstateTicket(ctx context.Context, token string) (*recovery.Ticket, string, error) {
	for _, key := range e.ticketKeys(token) {
		t, ok, err := kv.Load[recovery.Ticket](ctx, e.Store, key)
		if err != nil {
			return nil, "", err
		}
		if ok && t.Purpose == recovery.PurposeReinstate && e.Now().Before(t.Expires) {
			return &t, key, nil
		}
	}
	return nil, "", nil
}
