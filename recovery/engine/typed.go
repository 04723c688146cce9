package engine

import (
	"context"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// typed takes a ticket that was typed where a sign-in asks for the password. Its
// flow goes on as the kind of that ticket. A password was looked at and charged
// before, for every name alike; whether there is a ticket is asked for every name
// too.
func (r *run) typed(ctx context.Context, step recovery.Step, in recovery.Input) (bool, error) {
	recipe := recovery.RecipeTyped(r.Recipes)
	if recipe == nil || !r.Policy.TemporaryPassword || step.Page != recovery.PageSignIn || step.Method != recovery.Password {
		return false, nil
	}
	t, key, err := r.ticket(ctx, string(in.Password))
	if err != nil || t == nil || t.Purpose != recipe.Typed || t.Account != r.account.ID || !recipe.For(r.account.State) {
		return false, err
	}
	flow := *r.flow
	flow.Kind, flow.Goal, flow.Generation, flow.Acts, flow.Remember = recipe.Kind, recovery.GoalPassword, t.Generation, t.Acts, in.Remember
	before := r.flow
	if r.flow = &flow; r.fits(r.account) != nil {
		r.flow = before // spent or replaced, or its owner has signed in since: it is a wrong password
		return false, nil
	}
	flow.AddProof(recovery.Proof{Method: recovery.Admin, Source: recovery.Admin, At: r.Now()})
	flow.Reserved = append(flow.Reserved, recovery.Spent{ID: key, Until: t.Expires.Add(r.Policy.Lifetimes.Flow)})
	flow.Since, flow.Expires = r.Now(), r.Now().Add(r.Policy.Lifetimes.Flow)
	return true, nil
}
