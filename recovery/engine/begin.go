package engine

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// begin makes a new flow in memory. It is stored after its first step.
func (e *Engine) begin(ctx context.Context, c recovery.Client, in recovery.Input) (*run, *recovery.Problem, error) {
	if id, _, ok := strings.Cut(secret.Pasted(string(in.Code)), "."); ok && in.Start == "" {
		return e.reopen(ctx, c, id) // a mailed link names its flow
	}
	recipe := recovery.RecipeOf(e.Recipes, in.Start)
	if recipe == nil {
		recipe = &recovery.Recipe{} // begins with a ticket, which says what for
	}
	if recipe.Opens && in.Name == "" && in.Password == "" && e.namer(in) == nil {
		return nil, recovery.AllOf([]*recovery.Problem{recovery.InField(recovery.ProblemMissing, "name"), recovery.InField(recovery.ProblemMissing, "password")}), nil
	}
	if recipe.Anyone || recipe.SignedIn { // a ticket is always looked at
		if wait := e.flows.allow(c.Network, e.Now()); wait > 0 {
			return nil, tooMany(wait), nil
		}
	}
	if err := errors.Join(e.HearExtensions(ctx), e.HearCosts(ctx)); err != nil {
		return nil, nil, err
	}
	r := &run{Engine: e, client: c, token: secret.Token(32)}
	r.flow = &recovery.Flow{
		ID: secret.Token(16), Kind: in.Start, Trial: recipe.Trial, Binding: secret.Sum(r.token), Lang: c.Lang,
		Return: in.Return, Since: e.Now(), Expires: e.Now().Add(e.Policy.Lifetimes.Flow),
	}
	if recipe.Anyone {
		return r, nil, nil
	}
	start := r.redeem
	if recipe.SignedIn {
		start = r.fromSession
	}
	p, err := start(ctx, in)
	if take := r.feature().begin; take != nil && p == nil && err == nil {
		p, err = take(r, ctx, in)
	}
	return r, p, err
}

// fromSession binds a flow to the signed-in person.
func (r *run) fromSession(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	begins := r.Engine.signedIn
	if r.recipe().Near {
		begins = r.Engine.session
	}
	a, s, err := begins(ctx, r.client.Session)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return recovery.NewProblem(recovery.ProblemFlowExpired), nil
	}
	r.flow.Session, r.begun = s.ID, in.Code == "" // the form of some pages answers the first step at once
	r.flow.Account, r.flow.Generation, r.account = a.ID, a.Generation, a
	return nil, nil
}

// keep binds the ticket that the flow began with to this browser: of many that
// show it at once one gets it. It is the last that happens to a form, because a
// ticket that is bound while its browser is turned away belongs to nobody, and
// is lost.
func (r *run) keep(ctx context.Context) (*recovery.Problem, error) {
	switch {
	case r.link != "":
		return r.hold(ctx)
	case r.ticketKey == "":
		return nil, nil
	}
	_, err := kv.Update(ctx, r.Store, r.ticketKey, r.ticketEnds, func(t *recovery.Ticket, exists bool) error {
		if !exists || !r.mayHold(t) {
			return recovery.ErrMoved
		}
		if t.Binding == "" {
			t.Binding = r.flow.Binding
		}
		return nil
	})
	if errors.Is(err, recovery.ErrMoved) {
		r.ticketFailed(ctx, "of another browser")
		return recovery.NewProblem(recovery.ProblemLinkExpired), nil
	}
	return nil, err
}

// redeem begins the flow a ticket is for.
func (r *run) redeem(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	if in.Code == "" {
		return recovery.InField(recovery.ProblemMissing, "code"), nil
	}
	t, key, err := r.ticket(ctx, string(in.Code))
	if err != nil {
		return nil, err
	}
	if t == nil {
		if err := r.expireTicket(ctx, string(in.Code)); err != nil {
			return nil, err
		}
	}
	if t == nil {
		var p *recovery.Problem
		if t, p, err = r.place(ctx, string(in.Code)); p != nil || err != nil {
			return p, err
		}
	}
	if t == nil || in.Start != "" && in.Start != r.begins(t).Kind {
		r.ticketFailed(ctx, "none")
		if p, err := r.invitationOver(ctx, string(in.Code), nil); p != nil || err != nil {
			return p, err
		}
		return r.noTicket(ctx)
	}
	r.begun, r.ticketKey, r.ticketEnds = true, key, t.Expires
	if r.link != "" {
		key = r.link
	}
	p, err := r.redeemed(ctx, t, key)
	if p == nil || err != nil {
		return p, err
	}
	r.ticketFailed(ctx, "over: "+t.Purpose)
	over, err := r.invitationOver(ctx, string(in.Code), t)
	return cmp.Or(over, p), err
}

// ticketFailed audits a ticket that begins nothing.
func (r *run) ticketFailed(ctx context.Context, why string) {
	ev := r.event(recovery.EventTicketFailed)
	ev.Detail = why
	r.Refused(ctx, ev)
}

// noTicket answers a ticket that is none. That answer waits, and nothing else:
// a ticket cannot be guessed, and is looked at whatever others do in its network.
func (r *run) noTicket(ctx context.Context) (*recovery.Problem, error) {
	tries := meter{key: r.meterKey("ticket", r.client.Network), rule: backoff(r.Policy.Limits), life: backoffLife(r.Policy.Limits)}
	err := r.charge(ctx, []meter{tries})
	if limit, ok := errors.AsType[errLimit](err); ok {
		return tooMany(limit.wait), nil
	}
	return recovery.NewProblem(cmp.Or(r.recipe().BadTicket, recovery.ProblemLinkExpired)), err
}

// begins is the kind of flow that a ticket is for.
func (r *run) begins(t *recovery.Ticket) *recovery.Recipe {
	if recipe := recovery.RecipeFor(r.Recipes, t.Purpose); recipe != nil {
		return recipe
	}
	return &recovery.Recipe{}
}

// redeemed binds the flow to the ticket's account.
func (r *run) redeemed(ctx context.Context, t *recovery.Ticket, key string) (*recovery.Problem, error) {
	r.flow.Kind = r.begins(t).Kind
	r.flow.Account, r.flow.Generation = t.Account, t.Generation
	p, err := r.attach(ctx)
	if p != nil || err != nil {
		return recovery.NewProblem(recovery.ProblemLinkExpired), err
	}
	if !r.recipe().For(r.account.State) {
		return recovery.NewProblem(recovery.ProblemLinkExpired), nil
	}
	r.flow.Name = r.account.Name
	r.frozen()
	r.flow.Acts = t.Acts
	r.flow.AddProof(recovery.Proof{Method: t.Purpose, Source: t.Purpose, At: r.Now()})
	r.mailed(t)
	r.flow.Reserved = append(r.flow.Reserved, recovery.Spent{ID: key, Until: t.Expires.Add(r.Policy.Lifetimes.Flow)})
	return r.ended(r.fits(r.account)), nil
}

// open finds the flow a form belongs to, or begins one.
func (e *Engine) open(ctx context.Context, c recovery.Client, in recovery.Input) (*run, *recovery.Problem, error) {
	if in.Flow == "" {
		return e.begin(ctx, c, in)
	}
	return e.reopen(ctx, c, in.Flow)
}
