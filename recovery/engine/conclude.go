package engine

import (
	"context"
	"errors"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// finish consumes the flow, changes the account in one write and sends the
// messages.
func (r *run) finish(ctx context.Context) (recovery.Outcome, error) {
	if r.recipe().Replaces {
		r.flow.Goal = recovery.Aim(r.facts())
	}
	if r.stored {
		if _, ok, err := kv.Take[recovery.Flow](ctx, r.Store, flowKey(r.flow.ID)); err != nil || !ok {
			return recovery.Outcome{Problem: recovery.NewProblem(recovery.ProblemFlowExpired)}, err
		}
	}
	end := recovery.End{
		Flow: r.flow, Recipe: r.facts().Recipe, Client: r.client, Policy: r.Policy, Methods: r.Methods, Now: r.Now(),
		Session: secret.Token(32), Device: secret.Token(32),
		SessionID: secret.Token(9), DeviceID: secret.Token(9), CredentialID: secret.Token(9),
	}
	a, eff, err := r.conclude(ctx, end)
	if err != nil {
		return recovery.Outcome{}, err
	}
	r.account = a
	return r.concluded(ctx, end, eff), r.forOthers(ctx, eff)
}

// conclude applies the pure ending inside the account swap.
func (r *run) conclude(ctx context.Context, end recovery.End) (*recovery.Account, recovery.Effects, error) {
	f := r.feature()
	if f.commit != nil {
		return f.commit(r, ctx, end)
	}
	if f.before != nil {
		if err := f.before(r, ctx); err != nil {
			return nil, recovery.Effects{}, err
		}
	}
	var eff recovery.Effects
	a, err := r.edit(ctx, r.flow.Account, func(a *recovery.Account) error {
		if err := r.fits(a); err != nil {
			return err
		}
		facts := r.facts()
		facts.Account, facts.Device = a, a.Device(r.client.Device)
		if !recovery.Next(facts).Done {
			return recovery.ErrMoved
		}
		var err error
		eff, err = end.Apply(a)
		if eff.Remove && err == nil {
			return kv.ErrDrop
		}
		return err
	})
	return a, eff, err
}

// forOthers does what a flow is for that changes nothing of its own account.
// By then its proofs have been looked at again, and what was used once is spent.
func (r *run) forOthers(ctx context.Context, eff recovery.Effects) error {
	var errs []error
	if eff.Answers {
		errs = append(errs, r.answerRequest(ctx))
	}
	if after := r.feature().after; after != nil {
		errs = append(errs, after(r, ctx))
	}
	r.flush()
	return errors.Join(errs...)
}

// concluded audits, tells the owner, and makes the answer.
func (r *run) concluded(ctx context.Context, end recovery.End, eff recovery.Effects) recovery.Outcome {
	for _, name := range eff.Events {
		r.audit(r.event(name))
	}
	for _, name := range eff.Tell {
		r.tell(ctx, name)
	}
	if eff.Remind {
		r.reminded()
	}
	r.settle(ctx)
	r.flush()
	if err := r.list(ctx, eff); err != nil {
		r.log().Warn("roster not written", "error", err)
	}
	o := recovery.Outcome{Flow: r.flow, Account: r.account, Finished: r.flow.Kind, Goal: r.flow.Goal, Return: r.flow.Return, FlowToken: r.token}
	if eff.Session {
		o.Session, o.Keep = recovery.JoinSession(r.account.ID, end.Session), r.flow.Remember
	}
	if eff.Device {
		o.Device = end.Device
	}
	return o
}

// list writes what lists show of the account, or takes it off them.
func (r *run) list(ctx context.Context, eff recovery.Effects) error {
	if eff.Remove {
		return r.dropFromDirectory(ctx, r.account)
	}
	return r.updateDirectory(ctx, r.account)
}

// settle removes tickets that are spent; their being spent is in the account.
func (r *run) settle(ctx context.Context) {
	for _, s := range r.flow.Reserved {
		if s.Kind() == "ticket" {
			if err := kv.Delete(ctx, r.Store, s.ID); err != nil {
				r.log().Warn("ticket not removed", "error", err)
			}
		}
	}
}
