package engine

import (
	"context"
	"errors"
	"slices"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// notTheLast refuses the last administrator, before anything is asked.
func (r *run) notTheLast(ctx context.Context, _ recovery.Input) (*recovery.Problem, error) {
	if !r.account.Admin() {
		return nil, nil
	}
	able, err := r.ableAdmins(ctx)
	if err != nil || slices.ContainsFunc(able, func(id string) bool { return id != r.account.ID }) {
		return nil, err
	}
	return recovery.NewProblem(recovery.ProblemLastAdmin), nil
}

// givesUp notes that the account is to be removed. Of the last two administrators who
// do it at once, one does not.
func (r *run) givesUp(ctx context.Context) error {
	if r.account.Admin() {
		err := r.mayLeave(ctx, Authority{}, r.account)
		if errors.Is(err, recovery.ErrLastAdmin) {
			return recovery.ErrMoved
		}
		if err != nil {
			return err
		}
	}
	if err := r.findAdmins(ctx); err != nil {
		return err
	}
	return r.noteLeaving(ctx, r.account.ID)
}
