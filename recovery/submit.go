package recovery

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Submit takes one form, always in this order: load the flow, charge the
// meter, verify, append the proof in one swap, compute the next step; when
// nothing is missing: audit, consume the flow, finish inside the account swap,
// queue messages. A crash between any two costs the person a restart, never a
// factor, and opens nothing.
//
// A wrong answer is an Outcome with a Problem. An error is "cannot tell".
func (e *Engine) Submit(ctx context.Context, c Client, in Input) (Outcome, error) {
	if wait := e.posts.allow(c.Network, e.Now()); wait > 0 {
		return Outcome{Problem: tooMany(wait)}, nil
	}
	r, p, err := e.open(ctx, c, in)
	if err != nil || p != nil {
		return Outcome{Problem: p}, err
	}
	o, err := r.submit(ctx, in)
	switch {
	case errors.Is(err, errMoved) && in.Flow != "":
		return e.Show(ctx, c, in.Flow) // somebody pressed twice: where it stands now
	case errors.Is(err, errMoved), errors.Is(err, errSpent):
		return Outcome{Problem: problem(ProblemFlowExpired)}, nil
	case errors.Is(err, ErrNameTaken):
		return Outcome{Problem: problem(ProblemAddressTaken)}, nil // the code sent there was right, so this may be told
	case errors.Is(err, secret.ErrBusy):
		return Outcome{Problem: &Problem{Key: ProblemBusy, Wait: 5 * time.Second}}, nil
	}
	return o, err
}

// Show computes the page of a running flow. It writes nothing.
func (e *Engine) Show(ctx context.Context, c Client, id string) (Outcome, error) {
	r, p, err := e.resume(ctx, c, id)
	if err != nil || p != nil {
		return Outcome{Problem: p}, err
	}
	return r.outcome(nil), nil
}

func (r *run) submit(ctx context.Context, in Input) (Outcome, error) {
	for moved := r.begun || !r.flow.ready(Next(r.facts())); ; moved = true {
		step := Next(r.facts())
		if step.Done {
			return r.finish(ctx)
		}
		if moved && !in.answers(step) {
			break
		}
		p, err := r.answer(ctx, step, in)
		if limit, ok := errors.AsType[errLimit](err); ok {
			return r.outcome(tooMany(min(limit.wait, r.Policy.Limits.LastWait))), nil
		}
		if err != nil {
			return Outcome{}, err
		}
		if p != nil {
			return r.outcome(p), nil
		}
		in.Method, in.Choice, in.Code = "", "", ""
	}
	if err := r.prepare(ctx, false); err != nil {
		return Outcome{}, err
	}
	if dead := Next(r.facts()).Dead; dead != "" {
		return r.outcome(problem(dead)), nil
	}
	return r.save(ctx)
}

func tooMany(wait time.Duration) *Problem {
	return &Problem{Key: ProblemTooMany, Wait: max(wait.Round(time.Second), time.Second)}
}

// answer applies a form to the step it meets. It changes the flow in memory
// only; a problem means that nothing was accepted.
func (r *run) answer(ctx context.Context, step Step, in Input) (*Problem, error) {
	switch {
	case step.Dead != "":
		return problem(step.Dead), nil
	case in.Method != "":
		return r.pick(ctx, step, in.Method)
	case r.account == nil:
		return r.who(ctx, in)
	case step.Page == PageWait:
		return r.wait(ctx, in)
	case step.Page == PageChoice:
		return r.choose(ctx, step, Goal(in.Choice)), nil
	case step.Enroll:
		return r.enroll(ctx, step, in)
	case step.Method == "":
		return r.name(ctx, in)
	}
	if fill, ok := r.fillers()[step.Method]; ok {
		return fill(ctx, in)
	}
	return r.prove(ctx, step, in)
}

// pick asks for another proof, or for the same one to be sent again.
func (r *run) pick(ctx context.Context, step Step, method string) (*Problem, error) {
	i := slices.IndexFunc(append([]string{step.Method}, step.Methods...), func(m string) bool { return kindOf(m) == method })
	if step.Enroll || i < 0 {
		return problem(ProblemNotAvailable), nil
	}
	again := i == 0
	r.flow.Picked = append([]string{step.Method}, step.Methods...)[i]
	return nil, r.prepare(ctx, again)
}

// who binds the flow to the account named, or to nobody. What follows costs
// and looks the same.
func (r *run) who(ctx context.Context, in Input) (*Problem, error) {
	typed, err := r.named(in)
	if typed.value == "" {
		return problem(ProblemMissing), nil
	}
	if err != nil {
		typed.kind = "odd" // belongs to nobody, and costs the same
	}
	r.flow.Name = in.Name
	var a *Account
	if typed.kind == "line" {
		number, extension, _ := strings.Cut(typed.value, "#")
		a, err = r.findLine(ctx, Line{number, extension})
	} else {
		a, err = r.find(ctx, typed)
	}
	if err != nil {
		return nil, err
	}
	r.bind(a, typed.kind+" "+typed.value)
	return nil, nil
}

// named reads whom a form means: a name, address or number, or for a recovery
// a main number with its extension.
func (r *run) named(in Input) (identifier, error) {
	if strings.TrimSpace(in.Name) == "" && in.Phone != "" && r.flow.Kind == KindRecover {
		l, err := ParseLine(in.Phone, in.Extension)
		if err != nil {
			return identifier{"line", in.Phone}, err
		}
		return l.identifier(), nil
	}
	id, err := identify(in.Name)
	if err != nil {
		id.value = strings.TrimSpace(in.Name)
	}
	return id, err
}

func (r *run) bind(a *Account, typed string) {
	if a == nil || a.State != StateActive && (a.State != StateFrozen || r.flow.Kind != KindRecover) {
		r.account, r.flow.Nobody = r.standIn(typed), typed
		return
	}
	r.account, r.flow.Account, r.flow.Generation = a, a.ID, a.Generation
	r.frozen()
}

// frozen sets the goal for an account that a notice has closed: whoever closed
// it does not know what else is lost, so everything is made new.
func (r *run) frozen() {
	if r.account.State == StateFrozen && r.Methods.hasFactor(r.account) {
		r.flow.Goal = GoalBoth
	}
}

func (r *run) choose(ctx context.Context, step Step, g Goal) *Problem {
	if slices.Contains(step.Choices, g) {
		r.flow.Goal = g
		return nil
	}
	if (g == GoalSecondFactor || g == GoalBoth) && barred(r.facts()) {
		r.audit(r.event(EventRefused))
		r.tell(ctx, EventRefused)
		return problem(ProblemBarred)
	}
	if g != "" {
		return problem(ProblemNotAvailable)
	}
	return problem(ProblemMissing)
}

// name takes the first account's identifiers.
func (r *run) name(ctx context.Context, in Input) (*Problem, error) {
	if _, err := CanonicalName(in.Name); err != nil {
		return problem(ProblemNameBad), nil
	}
	f := *r.flow
	f.Name = strings.TrimSpace(in.Name)
	var err error
	if in.Mail != "" {
		if f.Mail, err = CanonicalMail(in.Mail); err != nil {
			return problem(ProblemMailBad), nil
		}
	}
	if in.Phone != "" {
		if f.Phone, err = CanonicalPhone(in.Phone); err != nil {
			return problem(ProblemPhoneBad), nil
		}
	}
	r.account.Name = f.Name
	if in.NewPassword == "" {
		return problem(ProblemMissing), nil
	}
	*r.flow = f
	if p, err := r.enroll(ctx, Next(r.facts()), in); p != nil || err != nil {
		r.flow.Name = ""
		return p, err
	}
	return nil, nil
}

// enroll confirms what is being enrolled.
func (r *run) enroll(ctx context.Context, step Step, in Input) (*Problem, error) {
	m, ok := r.Methods.Get(step.Method).(Enroller)
	if !ok {
		return problem(ProblemNotAvailable), nil
	}
	traits := r.Methods.Get(step.Method).Traits()
	if traits.Throttle == ThrottleCode && in.Code != "" {
		// Guessing the code of a secret one can read is no attack, but the
		// try limit keeps the form from being used as a load generator.
		if err := r.charge(ctx, []meter{{key: r.meterKey("enrol", r.flow.ID), rule: window(Rate{30, time.Hour}), life: time.Hour}}); err != nil {
			return nil, err
		}
	}
	data, p, err := m.Confirm(ctx, r.try(in), r.flow.Pending[step.Method].Data)
	if p != nil || err != nil {
		return p, err
	}
	r.pend(step.Method, Pending{Data: data, Confirmed: true})
	return nil, nil
}

func (r *run) pend(method string, p Pending) {
	if r.flow.Pending == nil {
		r.flow.Pending = map[string]Pending{}
	}
	r.flow.Pending[method] = p
}

// prove checks one proof: charge, verify, claim, remember.
func (r *run) prove(ctx context.Context, step Step, in Input) (*Problem, error) {
	m := r.Methods.Get(step.Method)
	if m == nil {
		return problem(ProblemNotAvailable), nil
	}
	if empty(step.Method, in) {
		return problem(ProblemMissing), nil
	}
	meters := r.meters(m.Traits())
	err := r.charge(ctx, meters)
	if err != nil {
		r.limited(ctx, step, err)
		return nil, err
	}
	t := r.try(in)
	if t.Vouched, err = r.vouched(ctx, step.Method); err != nil {
		return nil, err
	}
	v, err := m.Verify(ctx, t)
	if err != nil {
		return nil, err
	}
	if v.OK && v.Claim != nil {
		if v.OK, err = r.claimUse(ctx, v.Claim); err != nil {
			return nil, err
		}
		if !v.OK {
			v.Problem = problem(ProblemCodeUsed)
		}
	}
	if !v.OK || r.flow.decoy() {
		return r.wrong(ctx, step, v), nil
	}
	r.refund(ctx, resettable(meters))
	r.accept(m.Traits(), v, in)
	return nil, nil
}

func empty(method string, in Input) bool {
	switch method {
	case Password:
		return in.Password == ""
	case PIN:
		return in.PIN == ""
	case SecurityQuestion:
		return in.Answer == ""
	}
	return in.Code == ""
}

// claimUse marks a code as used at once, in the account: of many flows and
// nodes one gets it (MF-08).
func (r *run) claimUse(ctx context.Context, claim func(*Account) error) (bool, error) {
	_, err := r.edit(ctx, r.account.ID, claim)
	if errors.Is(err, ErrUsed) {
		return false, nil
	}
	return err == nil, err
}

// ErrUsed is returned by [Verdict.Claim] when somebody was faster.
var ErrUsed = errors.New("code was used already")

func (r *run) accept(t Traits, v Verdict, in Input) {
	r.flow.prove(Proof{Method: t.Name, Source: t.Source, Credential: v.Credential, Version: v.Version, At: r.Now()})
	if v.Reserve != nil {
		r.flow.Reserved = append(r.flow.Reserved, *v.Reserve)
	}
	switch {
	case t.Name == Password:
		r.flow.Remember = in.Remember
	case t.Factor:
		r.flow.Trust = in.Remember
	}
	r.flow.Since, r.flow.Expires = r.Now(), r.Now().Add(r.Policy.Lifetimes.Flow)
}

// wrong writes down a failed try and says what may be said.
func (r *run) wrong(ctx context.Context, step Step, v Verdict) *Problem {
	ev := r.event(EventLoginFailed)
	ev.Method = step.Method
	r.audit(ev)
	if r.flow.Kind == KindLogin && r.flow.Has(Password) && r.known() == "" {
		r.tellHourly(ctx, EventFactorFailed)
	}
	switch {
	case step.Page == PageSignIn:
		return problem(ProblemNameOrPassword)
	case kindOf(step.Method) == VouchedBy:
		return problem(ProblemContactWaiting)
	case v.Problem != nil && !r.flow.decoy() && len(r.flow.Proofs) > 0:
		return v.Problem
	case step.Method == Password:
		return problem(ProblemPassword)
	case r.Methods.Get(step.Method).Traits().Throttle == ThrottleCode:
		return problem(ProblemCode)
	}
	return problem(ProblemCodeUnknown)
}

// limited writes down a try that was not even looked at. Whose authenticator
// is suspended is told.
func (r *run) limited(ctx context.Context, step Step, err error) {
	ev := r.event(EventLoginFailed)
	if limit, ok := errors.AsType[errLimit](err); ok && limit.wait >= suspended {
		ev.Name = EventSuspended
		r.tellHourly(ctx, EventSuspended)
	}
	ev.Method, ev.Detail = step.Method, "limited"
	r.audit(ev)
}

// save writes the flow and then lets the messages go.
func (r *run) save(ctx context.Context) (Outcome, error) {
	_, err := kv.Update(ctx, r.Store, flowKey(r.flow.ID), r.flow.Expires, func(f *Flow, exists bool) error {
		if exists != r.stored || exists && f.moved(r.since) {
			return errMoved
		}
		*f = *r.flow
		f.Version = r.since + 1
		return nil
	})
	if err != nil {
		return Outcome{}, err
	}
	if !r.stored && r.flow.Kind == KindRecover {
		r.audit(r.started())
	}
	r.stored = true
	r.flush()
	return r.outcome(nil), nil
}

func (r *run) flush() {
	for _, m := range r.queue {
		if r.Notify != nil {
			r.Notify.Queue(m)
		}
	}
	r.queue = nil
}
