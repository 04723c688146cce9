package engine

import (
	"context"
	"errors"
	"slices"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// wait begins the cool-down of the way that lacks nothing else. It writes one
// dated fact into the account and tells every channel.
func (r *run) wait(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	if in.Choice != recovery.Waiting {
		return recovery.NewProblem(recovery.ProblemMissing), nil
	}
	w, ok := recovery.WayToWait(r.facts())
	if !ok {
		return recovery.NewProblem(recovery.ProblemNotAvailable), nil
	}
	g, now := recovery.Aim(r.facts()), r.Now()
	if !r.facts().PendingWait(g, w).IsZero() {
		return nil, nil
	}
	// The reminder is written first. One without its wait is skipped when it is
	// due, but a wait without its reminder would never be told.
	if err := r.awaited(ctx, g, now.Add(w.Wait)); err != nil {
		return nil, err
	}
	ev := r.event(recovery.EventWaitStarted)
	a, err := r.editOwing(ctx, r.flow.Account, func(a *recovery.Account) error {
		if err := r.fits(a); err != nil {
			return err
		}
		f := r.facts()
		f.Account = a
		if !f.PendingWait(g, w).IsZero() {
			return errBegun
		}
		a.Waits = slices.DeleteFunc(a.Waits, func(x recovery.Wait) bool { return x.Goal == g || !now.Before(x.Until) })
		a.Waits = append(a.Waits, recovery.Wait{Goal: g, Way: w.Key(), Began: now, Ready: now.Add(w.Wait), Until: now.Add(w.Wait + r.Policy.Lifetimes.Ripe), Proofs: r.flow.Shown(), Browser: r.client.Browser})
		r.oweOf(a, recovery.EventWaitStarted, recovery.Thing{Goal: g, Ready: now.Add(w.Wait)}, r.client)
		return r.enter(a, &ev)
	})
	if errors.Is(err, errBegun) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r.account, r.flow.Goal = a, g
	r.say(ev)
	r.deliver(ctx, a)
	return nil, nil
}

// errBegun says that another request began the same wait.
var errBegun = errors.New("the wait has begun")

// StopWaits ends every wait of an account: the signed-in owner pressed Stop.
func (e *Engine) StopWaits(ctx context.Context, account string, c recovery.Client) error {
	ev := e.attributed(ctx, recovery.Event{Name: recovery.EventWaitStopped})
	var a *recovery.Account
	err := e.always(func(enter entry) (err error) {
		a, err = e.editOwing(ctx, account, func(a *recovery.Account) error {
			if len(a.Waits) == 0 {
				return recovery.ErrMoved
			}
			goal := a.Waits[len(a.Waits)-1].Goal
			a.StopWaits(e.Now())
			e.oweOf(a, recovery.EventWaitStopped, recovery.Thing{Goal: goal}, c)
			return enter(a, &ev)
		})
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

// OwnWaits notes that the owner said on a browser that the waits are theirs: its
// pages are not held up by them any more.
func (e *Engine) OwnWaits(ctx context.Context, account, device string) error {
	_, err := e.edit(ctx, account, func(a *recovery.Account) error {
		if len(a.Showing(device, e.Now())) == 0 {
			return recovery.ErrMoved
		}
		a.OwnWaits(device)
		return nil
	})
	if errors.Is(err, recovery.ErrMoved) {
		return nil
	}
	return err
}
