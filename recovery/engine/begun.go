package engine

import (
	"context"
	"errors"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// noteBegun notes a sign-in that has come as far as the right password, on a
// browser that the account does not know: the same browser takes it back when it
// finishes, else the owner is told once the flow is over (ASVS 5.0 6.3.5).
func (r *run) noteBegun(ctx context.Context) error {
	if !r.recipe().Opens || r.flow.IsDecoy() || !r.passed() || r.known() != "" {
		return nil
	}
	if !r.account.Notes(r.flow.Binding) {
		return nil // it was, with this form or an earlier one
	}
	s := r.begunSignIn()
	_, err := r.editOwing(ctx, r.account.ID, func(a *recovery.Account) error {
		if !a.BeginSignIn(s) {
			return recovery.ErrMoved
		}
		return nil
	})
	if errors.Is(err, recovery.ErrMoved) {
		return nil
	}
	return err
}

// passed tells that what was typed as the password was right, or stood in for it.
func (r *run) passed() bool { return r.flow.Has(recovery.Password) || r.recipe().Typed != "" }

func (r *run) begunSignIn() recovery.BegunSignIn {
	return recovery.BegunSignIn{
		Binding: r.flow.Binding, At: r.Now(), Until: r.flow.Expires, Browser: r.client.Browser, Base: r.client.Base, Network: r.client.Network,
	}
}

// slipped notes a wrong code after the right password, on a browser that the
// account does not know, and tells the owner at once of one that cannot be a slip
// of a finger: a second one, or a code that another browser has used. If that
// cannot be written, the owner is told.
func (r *run) slipped(ctx context.Context, used bool) {
	atOnce := true
	_, err := r.editOwing(ctx, r.account.ID, func(a *recovery.Account) error {
		if used {
			a.HearOf(r.flow.Binding, r.client.Flows)
			return nil
		}
		atOnce = a.WrongCode(r.begunSignIn(), r.client.Flows, r.Now())
		return nil
	})
	if err != nil {
		r.log().Warn("a wrong code is not noted", "error", err)
	}
	if atOnce || err != nil {
		r.tellHourly(ctx, recovery.EventFactorFailed)
	}
}

// oweGivenUp owes the notices of sign-ins that were given up, in an account that
// is being written, and returns their events.
func (e *Engine) oweGivenUp(a *recovery.Account) ([]recovery.Event, error) {
	var out []recovery.Event
	for _, s := range a.GivenUp(e.Now()) {
		name := recovery.EventGivenUp
		if s.Wrong {
			name = recovery.EventFactorFailed
		}
		e.oweAs(a, recovery.Owed{Event: name, At: s.At, Browser: s.Browser, Base: s.Base, To: e.reachable(a)})
		if s.Wrong {
			continue // the log has the wrong code itself
		}
		ev := recovery.Event{Name: recovery.EventGivenUp, Method: recovery.Password, Network: s.Network, Browser: s.Browser}
		if err := e.enter(a, &ev); err != nil {
			return nil, err
		}
		out = append(out, ev)
	}
	return out, nil
}
