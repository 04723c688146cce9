package engine

import (
	"context"
	"errors"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// Reopens lists the ways that would open an account if a notice sent at the time
// told closed it now; none: only the operator could.
func (e *Engine) Reopens(ctx context.Context, a *recovery.Account, told time.Time) ([]recovery.Way, error) {
	cases := true
	if a.Admin() { // somebody else is one, or nobody can open a case
		var err error
		cases, err = e.Anybody(ctx, func(p Person) bool { return p.Admin && p.State == recovery.StateActive && p.ID != a.ID })
		if err != nil {
			return nil, err
		}
	}
	return a.Reopenings(e.Policy, e.Methods, told, e.Now(), cases), nil
}

// StopReopens is Reopens for the account of a "this wasn't me" token that works.
func (e *Engine) StopReopens(ctx context.Context, token string) ([]recovery.Way, error) {
	t, _, err := e.stopTicket(ctx, token)
	if err != nil || t == nil {
		return nil, err
	}
	a, err := e.account(ctx, t.Account)
	if err != nil {
		return nil, err
	}
	return e.Reopens(ctx, a, t.Made)
}

// ReopensNow is Reopens for a closed account of a "this wasn't me" token.
func (e *Engine) ReopensNow(ctx context.Context, token string) ([]recovery.Way, error) {
	t, _, err := e.stopTicket(ctx, token)
	if err != nil || t == nil {
		return nil, err
	}
	a, err := e.account(ctx, t.Account)
	if err != nil {
		return nil, err
	}
	return e.Reopens(ctx, a, a.ClosedFor)
}

// EndedReopens is Reopens for the account of a flow of this browser that an act
// of the owner has ended; false when there is no such flow.
func (e *Engine) EndedReopens(ctx context.Context, c recovery.Client, id string) ([]recovery.Way, bool, error) {
	r, _, err := e.resume(ctx, c, id)
	if err != nil || r == nil || r.account == nil || !errors.Is(r.fits(r.account), errActed) {
		return nil, false, err
	}
	ways, err := e.Reopens(ctx, r.account, r.account.LastAct.At)
	return ways, err == nil, err
}

// EndedClosed is Reopens for the account of a flow of this browser, after a proof,
// when it is closed; false when it is not, or there is no such flow.
func (e *Engine) EndedClosed(ctx context.Context, c recovery.Client, id string) ([]recovery.Way, bool, error) {
	r, _, err := e.resume(ctx, c, id)
	if err != nil || r == nil || r.account == nil || r.account.State != recovery.StateFrozen || len(r.flow.Proofs) == 0 {
		return nil, false, err
	}
	ways, err := e.Reopens(ctx, r.account, r.account.ClosedFor)
	return ways, err == nil, err
}

// StopOnly ends what a "this wasn't me" token may be about: every sign-in,
// recovery, wait and case, and an address that does not count yet. The account
// stays open, and the token is used up. It returns false when it is not valid.
func (e *Engine) StopOnly(ctx context.Context, token string, c recovery.Client) (bool, error) {
	t, key, err := e.stopTicket(ctx, token)
	if err != nil || t == nil {
		return false, err
	}
	ev := e.attributed(ctx, recovery.Event{Name: recovery.EventSessionsEnded, Actor: ByLink, Network: c.Network, Detail: pressed(t)})
	var a *recovery.Account
	err = e.always(func(enter entry) error {
		a, err = e.editOwing(ctx, t.Account, func(a *recovery.Account) error {
			if a.State != recovery.StateActive && a.State != recovery.StateLeaving || !t.Closes(a) {
				return recovery.ErrMoved
			}
			a.Interrupt(e.Now(), e.Policy.Lifetimes)
			e.owe(a, recovery.EventSessionsEnded, c)
			return enter(a, &ev)
		})
		return err
	})
	if errors.Is(err, recovery.ErrMoved) || errors.Is(err, recovery.ErrNoAccount) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	e.deliver(ctx, a)
	return true, kv.Delete(ctx, e.Store, key)
}
