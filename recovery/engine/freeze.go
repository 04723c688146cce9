package engine

import (
	"context"
	"errors"
	"slices"
	"time"

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

// StopClosed reports whether the account of a "this wasn't me" token is closed
// already, and whether it is this token that was pressed: then nothing is left
// to press. Any other one still ends what was begun since.
func (e *Engine) StopClosed(ctx context.Context, token string) (closed, pressed bool, err error) {
	t, _, err := e.stopTicket(ctx, token)
	if err != nil || t == nil {
		return false, false, err
	}
	a, err := e.account(ctx, t.Account)
	if errors.Is(err, recovery.ErrNoAccount) {
		return false, false, nil
	}
	if err != nil || a.State != recovery.StateFrozen {
		return false, false, err
	}
	return t.Pressed || t.Closes(a), t.Pressed, nil
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
// only the ways for frozen accounts open it again. Pressed once more it changes
// nothing while the account is closed. It returns false when the token is not
// valid.
func (e *Engine) Stop(ctx context.Context, token string, c recovery.Client) (bool, error) {
	t, key, err := e.stopTicket(ctx, token)
	if err == nil && t == nil {
		err = e.expireTicket(ctx, token)
	}
	if err != nil || t == nil {
		return false, err
	}
	if _, pressed, err := e.StopClosed(ctx, token); pressed || err != nil {
		return pressed, err
	}
	x := closing{account: t.Account, because: pressed(t), client: c, settle: func() error { return e.press(ctx, key, t.Expires) }}
	return e.closeFor(ctx, x, func(a *recovery.Account) error {
		if !slices.Contains([]recovery.State{recovery.StateActive, recovery.StateFrozen, recovery.StateLeaving}, a.State) || !t.Closes(a) {
			return recovery.ErrMoved
		}
		a.Freeze(t.Made, e.Now(), e.Policy.Lifetimes)
		return nil
	})
}

// StopEnded closes the account of a flow of this browser that an act of the
// owner has ended: whoever has the second factor may not be the owner. It
// returns false when there is no such flow. A flow ends so only after a proof.
func (e *Engine) StopEnded(ctx context.Context, c recovery.Client, id string) (bool, error) {
	r, _, err := e.resume(ctx, c, id)
	if err != nil || r == nil || r.account == nil {
		return false, err
	}
	if r.account.State == recovery.StateFrozen && len(r.flow.Proofs) > 0 {
		return true, nil // by this very form, or another way
	}
	x := closing{account: r.account.ID, because: "a flow that its owner ended", client: c}
	return e.closeFor(ctx, x, func(a *recovery.Account) error {
		if a.State != recovery.StateActive || !errors.Is(r.fits(a), errActed) {
			return recovery.ErrMoved
		}
		a.Freeze(a.LastAct.At, e.Now(), e.Policy.Lifetimes)
		return nil
	})
}

// ByLink and CommandLine are who acts where that is no account: by a "this wasn't
// me" link, and in a shell.
const (
	ByLink      = "closing link"
	CommandLine = "command line"
)

// closing is which account is closed, and why.
type closing struct {
	account string
	because string // for the log
	client  recovery.Client
	settle  func() error // done last; nil: nothing
}

// press notes in a ticket that it has closed its account.
func (e *Engine) press(ctx context.Context, key string, expires time.Time) error {
	_, err := kv.Update(ctx, e.Store, key, expires, func(t *recovery.Ticket, exists bool) error {
		if !exists {
			return recovery.ErrMoved
		}
		t.Pressed = true
		return nil
	})
	if errors.Is(err, recovery.ErrMoved) {
		return nil // it has expired meanwhile
	}
	return err
}

// pressed names the notice that a link came with: its event, and when that was.
func pressed(t *recovery.Ticket) string {
	return "notice of " + string(t.Event) + " at " + t.Made.UTC().Format(time.RFC3339)
}

// closeFor closes an account in one write, unless freeze refuses: then it returns
// false.
func (e *Engine) closeFor(ctx context.Context, x closing, freeze func(*recovery.Account) error) (bool, error) {
	ev := e.attributed(ctx, recovery.Event{Name: recovery.EventFrozen, Actor: ByLink, Network: x.client.Network, Detail: x.because})
	var a *recovery.Account
	err := e.always(func(enter entry) (err error) {
		a, err = e.editOwing(ctx, x.account, func(a *recovery.Account) error {
			if err := freeze(a); err != nil {
				return err
			}
			e.owe(a, recovery.EventFrozen, x.client)
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
	e.updateDirectory(ctx, a)
	if x.settle == nil {
		return true, nil
	}
	return true, x.settle()
}
