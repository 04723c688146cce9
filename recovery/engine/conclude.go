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
		if err := r.consume(ctx); err != nil {
			return recovery.Outcome{}, err
		}
	}
	end := recovery.End{
		Flow: r.flow, Recipe: r.facts().Recipe, Client: r.client, Policy: r.Policy, Methods: r.Methods, Now: r.Now(),
		Session: secret.Token(32), Device: secret.Token(32), Skip: secret.Token(32),
		SessionID: secret.Token(9), DeviceID: secret.Token(9), CredentialID: secret.Token(9),
	}
	a, eff, err := r.conclude(ctx, end)
	if err != nil {
		r.drop(ctx)
		return recovery.Outcome{}, err
	}
	r.account = a
	return r.concluded(ctx, end, eff), r.forOthers(ctx, eff)
}

// consume ends the flow: of many forms one does. What stays of the record only
// says so, to whoever presses twice or goes back.
func (r *run) consume(ctx context.Context) error {
	_, err := kv.Update(ctx, r.Store, flowKey(r.flow.ID), r.flow.Expires, func(f *recovery.Flow, exists bool) error {
		if !exists || f.Over {
			return recovery.ErrMoved
		}
		*f = recovery.Flow{ID: f.ID, Over: true, Return: f.Return, Since: f.Since, Expires: f.Expires, Version: f.Version + 1}
		return nil
	})
	return err
}

// drop removes a flow that was consumed and changed nothing.
func (r *run) drop(ctx context.Context) {
	if !r.stored {
		return
	}
	if err := kv.Delete(ctx, r.Store, flowKey(r.flow.ID)); err != nil {
		r.log().Warn("flow not removed", "error", err)
	}
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
	edit := r.edit
	if r.tells(end) {
		edit = r.editOwing
	}
	var eff recovery.Effects
	change := func(a *recovery.Account) (err error) {
		eff, err = r.apply(end, a)
		return err
	}
	if r.recipe().Change != "" {
		change = recovery.Within(change)
	}
	a, err := edit(ctx, r.flow.Account, change)
	if errors.Is(err, recovery.ErrTrailFull) && r.recipe().Opens && len(r.flow.Pending) == 0 {
		r.postponed = true // what lets its owner in goes on; what changes something does not
		a, err = edit(ctx, r.flow.Account, change)
	}
	if eff.Remove && err == nil { // there is no account that could owe it
		r.oweAll(a, eff)
	}
	return a, eff, err
}

// apply looks at everything again and ends the flow in a copy of the account.
func (r *run) apply(end recovery.End, a *recovery.Account) (recovery.Effects, error) {
	if err := r.fits(a); err != nil {
		return recovery.Effects{}, err
	}
	facts := r.facts()
	facts.Account, facts.Device = a, a.Device(r.client.Device)
	if !recovery.Next(facts).Done {
		return recovery.Effects{}, recovery.ErrMoved
	}
	eff, err := end.Apply(a)
	r.oweAll(a, eff)
	switch {
	case err != nil:
	case eff.Remove:
		r.done, err = r.events(eff), kv.ErrDrop
	default:
		err = r.enterAll(a, eff)
	}
	return eff, err
}

func (r *run) oweAll(a *recovery.Account, eff recovery.Effects) {
	if len(eff.Tell) > 0 {
		main, also := recovery.Together(eff.Tell)
		r.oweAs(a, recovery.Owed{
			Event: main, Also: also, Thing: eff.Thing, At: r.Now(), Browser: r.client.Browser, Base: r.client.Base, To: r.reachable(a), Trusted: eff.Trusted,
		})
	}
	for _, name := range eff.TellAdmins {
		r.oweAs(a, recovery.Owed{Event: name, At: r.Now(), Base: r.client.Base, To: r.admins})
	}
}

// tells reports whether the ending will have something to tell. Applied to what
// was read, it may be mistaken about an account that has moved since: then what
// is owed is found when the account is next written.
func (r *run) tells(end recovery.End) bool {
	eff, err := end.Apply(r.account.Clone())
	return err == nil && len(eff.Tell)+len(eff.TellAdmins) > 0
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
	if eff.Remove || r.postponed { // there is no account that could owe it
		for _, ev := range r.done {
			r.audit(ev)
		}
	} else {
		r.say(r.done...)
	}
	if !r.flow.IsDecoy() {
		r.deliver(ctx, r.account)
	}
	if eff.Remind {
		r.reminded()
	}
	r.cameHome()
	r.settle(ctx)
	r.flush()
	if err := r.list(ctx, eff); err != nil {
		r.log().Warn("roster not written", "error", err)
	}
	o := recovery.Outcome{Flow: r.flow, Account: r.account, Finished: r.flow.Kind, Goal: r.flow.Goal, Return: r.flow.Return, FlowToken: r.token}
	if eff.Session {
		o.Session, o.Keep = recovery.JoinSession(r.account.ID, end.Session), eff.Keep
	}
	o.Device = eff.Device
	return o
}

// cameHome tells when everybody who signs in where one factor is enough has the same
// address.
func (r *run) cameHome() {
	if r.recipe().Opens && r.client.OneFactor() && r.homes.came(r.client.Home, r.client.Network, r.account.ID) {
		hidden := OneAddress{r.client.Home, r.client.Network}
		r.log().Warn(hidden.Text() + ": " + hidden.Remedy())
	}
}

// list writes what lists show of the account, or takes it off them.
func (r *run) list(ctx context.Context, eff recovery.Effects) error {
	if eff.Remove {
		return r.dropFromDirectory(ctx, r.account.ID)
	}
	r.updateDirectory(ctx, r.account)
	return nil
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
