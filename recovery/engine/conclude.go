package engine

import (
	"context"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// finish consumes the flow, changes the account in one write and sends the
// messages.
func (r *run) finish(ctx context.Context) (recovery.Outcome, error) {
	if r.flow.Kind == recovery.KindRecover {
		r.flow.Goal = recovery.Aim(r.facts())
	}
	if r.stored {
		if _, ok, err := kv.Take[recovery.Flow](ctx, r.Store, flowKey(r.flow.ID)); err != nil || !ok {
			return recovery.Outcome{Problem: recovery.NewProblem(recovery.ProblemFlowExpired)}, err
		}
	}
	end := recovery.End{
		Flow: r.flow, Client: r.client, Policy: r.Policy, Methods: r.Methods, Now: r.Now(),
		Session: secret.Token(32), Device: secret.Token(32),
		IDs: [4]string{secret.Token(9), secret.Token(9), secret.Token(9), secret.Token(9)},
	}
	a, eff, err := r.conclude(ctx, end)
	if err != nil {
		return recovery.Outcome{}, err
	}
	r.account = a
	return r.concluded(ctx, end, eff), r.forOthers(ctx)
}

// conclude applies the pure ending inside the account swap.
func (r *run) conclude(ctx context.Context, end recovery.End) (*recovery.Account, recovery.Effects, error) {
	switch r.flow.Kind {
	case recovery.KindSetup:
		return r.create(ctx, end)
	case recovery.KindChangeMail, recovery.KindChangePhone:
		id := recovery.ByMail(r.flow.Mail)
		if r.flow.Kind == recovery.KindChangePhone {
			id = recovery.ByPhone(r.flow.Phone)
		}
		if err := r.claimOne(ctx, id, r.flow.Account); err != nil {
			return nil, recovery.Effects{}, err
		}
	default:
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
		return err
	})
	return a, eff, err
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
	if err := r.enlist(ctx, r.account); err != nil {
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

// settle removes spent tickets. The account records that they are spent.
func (r *run) settle(ctx context.Context) {
	for _, s := range r.flow.Reserved {
		if s.Kind() == "ticket" {
			if err := kv.Delete(ctx, r.Store, s.ID); err != nil {
				r.log().Warn("ticket not removed", "error", err)
			}
		}
	}
}
