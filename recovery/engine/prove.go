package engine

import (
	"cmp"
	"context"
	"errors"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// prove checks one proof: charge, verify, claim, remember.
func (r *run) prove(ctx context.Context, step recovery.Step, in recovery.Input) (*recovery.Problem, error) {
	m := r.Methods.Get(step.Method)
	if m == nil {
		return recovery.NewProblem(recovery.ProblemNotAvailable), nil
	}
	if in.Value(m.Traits().Field) == "" {
		return recovery.InField(recovery.ProblemMissing, cmp.Or(string(m.Traits().Field), "code")), nil
	}
	if q, ok := m.(recovery.Queued); ok {
		placed, leave, err := q.Queue(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
		ctx = placed
	}
	meters, late := r.meters(m.Traits()), m.Traits().Throttle == recovery.ThrottleSecret
	if !late {
		if err := r.chargeFirst(ctx, step, meters); err != nil {
			return nil, err
		}
	}
	v, err := r.verify(ctx, m, in)
	if err != nil {
		return nil, err
	}
	if !v.OK {
		taken, err := r.typed(ctx, step, in)
		if taken {
			r.refund(ctx, meters)
		}
		if taken || err != nil {
			return nil, err
		}
	}
	used, err := r.use(ctx, &v)
	if err != nil {
		return nil, err
	}
	if !v.OK || r.flow.IsDecoy() {
		if err := r.note(ctx, v); err != nil {
			return nil, err
		}
		if late {
			if err := r.chargeWrong(ctx, step, meters); err != nil {
				return nil, err
			}
		}
		return r.wrong(ctx, step, v, used), errors.Join(r.failed(step, meters), r.expireCode(ctx, m))
	}
	r.refund(ctx, meters)
	if v.Rehash != nil {
		r.renew(r.account.ID, v.Rehash)
	}
	r.accept(m.Traits(), v, in)
	r.copied(ctx)
	return nil, nil
}

// use takes what a right proof uses up at once; the proof is wrong where others were
// faster. used tells that.
func (r *run) use(ctx context.Context, v *recovery.Verdict) (used bool, err error) {
	if v.OK {
		if v.OK, err = r.useOnce(ctx, v.Once); err != nil {
			return false, err
		}
	}
	if !v.OK || v.Claim == nil {
		return false, nil
	}
	var own bool
	if v.OK, own, err = r.claimUse(ctx, v.Claim); err != nil {
		return false, err
	}
	if used = !v.OK; own && v.Problem == nil { // of a code that others used nobody is told more than of a wrong one
		v.Problem = recovery.NewProblem(recovery.ProblemCodeUsed)
	}
	return used, nil
}

// chargeFirst charges a try before it is looked at.
func (r *run) chargeFirst(ctx context.Context, step recovery.Step, meters []meter) error {
	err := r.sprayWaits(step)
	if err == nil {
		err = r.charge(ctx, meters)
	}
	if err != nil {
		r.limited(ctx, step, err)
	}
	return err
}

// sprayable tells whether a try is one by which many names can be tried: a
// password before anything else, in a browser that the account does not know.
func (r *run) sprayable(step recovery.Step) bool {
	return step.Method == recovery.Password && len(r.flow.Proofs) == 0 && r.known() == ""
}

func (r *run) sprayWaits(step recovery.Step) error {
	if r.sprayable(step) {
		if wait := r.spray.wait(r.client.Network, r.account.ID, r.Now()); wait > 0 {
			return errLimit{wait}
		}
	}
	return nil
}

// failed notes a wrong try: the locks that it has begun, and for the network.
func (r *run) failed(step recovery.Step, meters []meter) error {
	r.locked(meters)
	return r.sprayFailed(step)
}

func (r *run) sprayFailed(step recovery.Step) error {
	if r.sprayable(step) {
		if wait := r.spray.failed(r.client.Network, r.account.ID, r.Now()); wait > 0 {
			return errLimit{wait}
		}
	}
	return nil
}

// chargeWrong charges a try of a secret that nobody can guess, after it was
// wrong: a right one is looked at whatever others did (NIST SP 800-63B-4 section
// 3.1.2.2), and only the answer to a wrong one waits.
func (r *run) chargeWrong(ctx context.Context, step recovery.Step, meters []meter) error {
	err := r.charge(ctx, meters)
	if err != nil {
		r.limited(ctx, step, err)
	}
	return err
}

// verify looks at one proof.
func (r *run) verify(ctx context.Context, m recovery.Method, in recovery.Input) (recovery.Verdict, error) {
	t := r.try(in)
	var err error
	if t.Answers, err = r.answers(ctx, m); err != nil {
		return recovery.Verdict{}, err
	}
	if t.Admission, err = r.admission(ctx, m, in); err != nil {
		return recovery.Verdict{}, err
	}
	return m.Verify(ctx, t)
}

// claimUse marks a code as used at once, in the account: of many flows and
// nodes one gets it (MF-08). own tells of a code used before that this browser
// was the last to use one.
func (r *run) claimUse(ctx context.Context, claim func(*recovery.Account) error) (ok, own bool, err error) {
	_, err = r.edit(ctx, r.account.ID, func(a *recovery.Account) error {
		own = false
		if err := claim(a); err != nil {
			own = a.LastCode.By(a.Device(r.client.Device), r.client.Flows)
			return err
		}
		a.LastCode = recovery.CodeUse{Binding: r.flow.Binding, Device: r.known()}
		return nil
	})
	if errors.Is(err, recovery.ErrUsed) {
		return false, own, nil
	}
	return err == nil, false, err
}

// note writes what a refused proof leaves in the account, and tells the owner.
func (r *run) note(ctx context.Context, v recovery.Verdict) error {
	if v.Note == nil || r.flow.IsDecoy() {
		return nil
	}
	_, err := r.edit(ctx, r.account.ID, func(a *recovery.Account) error {
		if !v.Note(a) {
			return recovery.ErrMoved
		}
		return nil
	})
	if errors.Is(err, recovery.ErrMoved) {
		return nil
	}
	if err == nil {
		r.audit(r.event(v.Tell))
		r.tell(ctx, v.Tell)
	}
	return err
}

func (r *run) accept(t recovery.Traits, v recovery.Verdict, in recovery.Input) {
	instead := v.Alone && len(r.flow.Proofs) == 0 // of the password, on its page
	r.flow.AddProof(recovery.Proof{Method: t.Name, Source: t.Source, Credential: v.Credential, Version: v.Version, Alone: v.Alone, Factor: v.Factor, Short: v.Short, There: v.There, By: v.By, At: r.Now(), Entry: r.flow.Challenges[t.Name].Entry})
	if v.Reserve != nil {
		r.flow.Reserved = append(r.flow.Reserved, *v.Reserve)
	}
	switch {
	case t.Name == recovery.Password, instead:
		r.flow.Remember = in.Remember
	case t.Factor:
		r.flow.Trust = in.Remember
	}
	r.flow.Since, r.flow.Expires = r.Now(), r.Now().Add(r.Policy.Lifetimes.Flow)
}

// wrong logs a failed try and returns what may be said about it. used says that
// the code was right and was used before.
func (r *run) wrong(ctx context.Context, step recovery.Step, v recovery.Verdict, used bool) *recovery.Problem {
	ev := r.event(recovery.EventLoginFailed)
	ev.Method = step.Method
	r.audit(ev)
	if own := used && v.Problem != nil; !own && r.recipe().Opens && r.passed() && r.known() == "" {
		r.slipped(ctx, used)
	}
	switch {
	case step.Page == recovery.PageSignIn && step.Method == recovery.Password:
		return recovery.NewProblem(recovery.ProblemNameOrPassword)
	case v.Problem != nil && !r.flow.IsDecoy() && (len(r.flow.Proofs) > 0 || step.Page == recovery.PageSignIn):
		return v.Problem
	}
	return recovery.NewProblem(cmp.Or(r.Methods.Get(step.Method).Traits().Wrong, recovery.ProblemCodeUnknown))
}

// limited logs a try that was not checked, or whose answer waits. The owner of a
// suspended authenticator is told. A known browser loses its trust.
func (r *run) limited(ctx context.Context, step recovery.Step, err error) {
	ev := r.event(recovery.EventLoginFailed)
	if limit, ok := errors.AsType[errLimit](err); ok && limit.wait >= suspended {
		ev.Name = recovery.EventSuspended
		r.tellHourly(ctx, recovery.EventSuspended)
	}
	r.distrust(ctx)
	ev.Method, ev.Detail = step.Method, "limited"
	r.audit(ev)
}
