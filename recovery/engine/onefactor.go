package engine

import (
	"context"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// which notes which of several second factors a flow is about. The recipe looks
// whether it is there.
func (r *run) which(_ context.Context, in recovery.Input) (*recovery.Problem, error) {
	if in.Choice == "" {
		return recovery.NewProblem(recovery.ProblemMissing), nil
	}
	r.flow.Credential, r.flow.Lost = in.Choice, in.Reason == recovery.ReasonLost
	return nil, nil
}

// NameFactor gives one of several second factors of an account a name. One that is not
// there is no error.
func (e *Engine) NameFactor(ctx context.Context, account, credential, label string) error {
	return e.changeOwn(ctx, account, recovery.EventOneRenamed, func(a *recovery.Account) bool { return e.Methods.NameOne(a, credential, label) })
}
