package engine

import (
	"context"
	"errors"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// helpable reports whether a case can be opened for an account: either its code
// is handed over in person, or there is an address to send its link to.
func (r *run) helpable(a *recovery.Account) bool {
	if a.State != recovery.StateActive && a.State != recovery.StateFrozen {
		return false
	}
	return r.handsOver() || a.Address(recovery.ChannelMail, r.Now()) != "" && r.Notify != nil && r.Notify.Has(recovery.ChannelMail)
}

func (r *run) handsOver() bool {
	return r.Policy.InPerson(r.flow.Goal, r.Methods.Has(recovery.ChannelMail))
}

// somebody takes the name of another person: one to vouch, or one to open a
// case for, where an id will do too.
func (r *run) somebody(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	name := strings.TrimSpace(in.Name)
	a, err := r.Find(ctx, name)
	if errors.Is(err, recovery.ErrNoAccount) && r.flow.Kind == recovery.KindOpenCase && len(name) == recovery.IDSize {
		a, err = r.Engine.account(ctx, name)
	}
	if errors.Is(err, recovery.ErrNoAccount) || err == nil && a.State == recovery.StateDisabled {
		return recovery.NewProblem(recovery.ProblemContactUnknown), nil
	}
	if err != nil {
		return nil, err
	}
	if a.ID == r.account.ID {
		if r.flow.Kind == recovery.KindOpenCase {
			return recovery.NewProblem(recovery.ProblemNotYourself), nil
		}
		return recovery.NewProblem(recovery.ProblemContactSelf), nil
	}
	if r.flow.Kind == recovery.KindOpenCase && !r.helpable(a) {
		return recovery.NewProblem(recovery.ProblemNotAvailable), nil // nothing can be sent or shown; only the operator's rescue remains
	}
	r.flow.Person, r.flow.Called = a.ID, a.Name
	return nil, nil
}
