package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Alternatives returns the current step of a flow with the other ways to go on. Like
// Show it writes nothing.
func (e *Engine) Alternatives(ctx context.Context, c recovery.Client, id string) (recovery.Outcome, []recovery.Alternative, error) {
	r, p, err := e.resume(ctx, c, id)
	if err != nil || p != nil {
		return recovery.Outcome{Problem: p}, nil, err
	}
	o := r.outcome(nil)
	return o, recovery.Alternatives(r.facts(), o.Step), nil
}

// Submit takes one form, always in this order: load the flow, charge the meter,
// verify, append the proof in one swap, compute the next step; when nothing is
// missing: audit, consume the flow, finish inside the account swap, queue
// messages. After a crash between any two the person starts again; no factor is
// lost and nothing is opened.
//
// A wrong answer is an Outcome with a Problem. An error means that the answer
// is unknown.
func (e *Engine) Submit(ctx context.Context, c recovery.Client, in recovery.Input) (recovery.Outcome, error) {
	e.visitors.came(c.Network)
	if wait := e.posts.allow(c.Network, e.Now()); wait > 0 {
		return recovery.Outcome{Problem: tooMany(wait)}, nil
	}
	r, p, err := e.open(ctx, c, in)
	if err != nil || p != nil {
		return recovery.Outcome{Problem: p}, err
	}
	var before recovery.Goal
	if r.stored {
		before = r.aim()
	}
	o, err := r.submit(ctx, in)
	if err == nil {
		r.aimed(before, o)
	}
	switch {
	case errors.Is(err, recovery.ErrMoved) && in.Flow != "":
		return e.Show(ctx, c, in.Flow) // the form was sent twice: show the current step
	case errors.Is(err, recovery.ErrMoved), errors.Is(err, recovery.ErrSpent):
		return recovery.Outcome{Problem: recovery.NewProblem(recovery.ProblemFlowExpired)}, nil
	case errors.Is(err, recovery.ErrFull):
		return recovery.Outcome{Problem: recovery.NewProblem(recovery.ProblemFull)}, nil
	case errors.Is(err, recovery.ErrNameTaken):
		return recovery.Outcome{Problem: recovery.NewProblem(recovery.ProblemAddressTaken)}, nil // the code sent there was right, so this may be told
	case errors.Is(err, secret.ErrBusy):
		return recovery.Outcome{Problem: &recovery.Problem{Key: recovery.ProblemBusy, Wait: 5 * time.Second}}, nil
	}
	return o, err
}

// Show computes the page of a running flow. It writes nothing.
func (e *Engine) Show(ctx context.Context, c recovery.Client, id string) (recovery.Outcome, error) {
	r, p, err := e.resume(ctx, c, id)
	if err != nil || p != nil {
		return recovery.Outcome{Problem: p}, err
	}
	return r.outcome(nil), nil
}

func (r *run) submit(ctx context.Context, in recovery.Input) (recovery.Outcome, error) {
	for moved := r.begun || !r.flow.Prepared(recovery.Next(r.facts())); ; moved = true {
		step := recovery.Next(r.facts())
		if step.Done {
			return r.finish(ctx)
		}
		if moved && !in.Answers(step) {
			break
		}
		p, err := r.answer(ctx, step, in)
		if limit, ok := errors.AsType[errLimit](err); ok {
			return r.outcome(tooMany(min(limit.wait, r.Policy.Limits.LastWait))), nil
		}
		if err != nil {
			return recovery.Outcome{}, err
		}
		if p != nil {
			return r.outcome(p), nil
		}
		in.Method, in.Choice, in.Code = "", "", ""
	}
	if err := r.prepare(ctx, false); err != nil {
		return recovery.Outcome{}, err
	}
	if dead := recovery.Next(r.facts()).Dead; dead != "" {
		return r.outcome(recovery.NewProblem(dead)), nil
	}
	return r.save(ctx)
}

// answer applies a form to the step it meets. It changes the flow in memory
// only; a problem means that nothing was accepted.
func (r *run) answer(ctx context.Context, step recovery.Step, in recovery.Input) (*recovery.Problem, error) {
	switch take := question(step.Ask); {
	case step.Dead != "":
		return recovery.NewProblem(step.Dead), nil
	case in.Method != "":
		return r.pick(ctx, step, in.Method)
	case step.Optional && in.Choice == recovery.ChoiceSkip:
		r.flow.Skipped = append(r.flow.Skipped, step.Method)
		return nil, nil
	case take != nil:
		return take(r, ctx, in)
	case step.Enroll:
		return r.enroll(ctx, step, in)
	}
	return r.prove(ctx, step, in)
}

// pick asks for another proof, or for the same one to be sent again.
func (r *run) pick(ctx context.Context, step recovery.Step, method string) (*recovery.Problem, error) {
	offered := append([]string{step.Method}, step.Methods...)
	i := slices.Index(offered, method)
	if i < 0 { // a page of one's own, or a test, that leaves the count out
		i = slices.IndexFunc(offered, func(m string) bool { return recovery.Bare(m) == method })
	}
	if i < 0 || step.Enroll && len(step.Methods) == 0 && !r.timed(step.Method) {
		return recovery.NewProblem(recovery.ProblemNotAvailable), nil
	}
	if step.Enroll || step.Ask == recovery.AskFactor {
		r.flow.Chosen = offered[i]
		return nil, r.prepare(ctx, false)
	}
	again := i == 0
	r.flow.Picked = offered[i]
	return nil, r.prepare(ctx, again)
}

// timed tells whether what an enrolment shows is made anew when it is asked for.
func (r *run) timed(method string) bool {
	_, ok := r.Methods.Get(method).(recovery.Timed)
	return ok
}

// unchosen answers a form that names none of the second factors there are: it is
// picked like another proof.
func (*run) unchosen(context.Context, recovery.Input) (*recovery.Problem, error) {
	return recovery.NewProblem(recovery.ProblemMissing), nil
}

// choose takes what is lost, of what can be made new.
func (r *run) choose(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	g := recovery.Goal(in.Choice)
	switch facts := r.facts(); {
	case slices.Contains(recovery.Next(facts).Choices, g):
		r.flow.Goal = g
		return nil, nil
	case (g == recovery.GoalSecondFactor || g == recovery.GoalBoth) && recovery.PasswordBarred(facts):
		r.audit(r.event(recovery.EventRefused))
		r.tellHourly(ctx, recovery.EventRefused)
		return recovery.NewProblem(recovery.ProblemBarred), nil
	case g != "":
		return recovery.NewProblem(recovery.ProblemNotAvailable), nil
	}
	return recovery.NewProblem(recovery.ProblemMissing), nil
}

// save writes the flow and then sends the messages.
func (r *run) save(ctx context.Context) (recovery.Outcome, error) {
	_, err := kv.Update(ctx, r.Store, flowKey(r.flow.ID), r.flow.Expires, func(f *recovery.Flow, exists bool) error {
		if exists != r.stored || exists && f.Version != r.since {
			return recovery.ErrMoved
		}
		*f = *r.flow
		f.Version = r.since + 1
		return nil
	})
	if err != nil {
		return recovery.Outcome{}, err
	}
	if p, err := r.keep(ctx); p != nil || err != nil {
		return recovery.Outcome{Problem: p}, err
	}
	if err := r.noteBegun(ctx); err != nil {
		return recovery.Outcome{}, err
	}
	if !r.stored && r.recipe().Replaces {
		// For unknown names too, so that it costs the same; only the operator sees it.
		r.audit(r.event(recovery.EventRecoverStarted))
	}
	r.stored = true
	r.flush()
	return r.outcome(nil), nil
}
