package engine

import (
	"context"
	"slices"

	"github.com/caddy-sparekey/sparekey/recovery"
)

func (r *run) newMail(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	mail, err := recovery.CanonicalMail(in.Mail)
	if err != nil {
		return recovery.NewProblem(recovery.ProblemMailBad), nil
	}
	if p, err := r.free(ctx, recovery.ByMail(mail)); p != nil || err != nil {
		return p, err
	}
	r.flow.Mail = mail
	return nil, nil
}

func (r *run) newPhone(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	phone, err := recovery.CanonicalPhone(in.Phone)
	if err != nil {
		return recovery.NewProblem(recovery.ProblemPhoneBad), nil
	}
	if p, err := r.free(ctx, recovery.ByPhone(phone)); p != nil || err != nil {
		return p, err
	}
	r.flow.Phone = phone
	return nil, nil
}

// free refuses an address that the account has already. Whether another account
// has it is said only after the code sent there was typed.
func (r *run) free(_ context.Context, id recovery.Identifier) (*recovery.Problem, error) {
	if slices.Contains(r.account.Identifiers(), id) {
		return recovery.NewProblem(recovery.ProblemSameAddress), nil
	}
	return nil, nil
}

// claimAddress takes the index entry of the new address. Whose it is otherwise
// is told only now that the code sent there came back.
func (r *run) claimAddress(ctx context.Context) error {
	id := recovery.ByMail(r.flow.Mail)
	if channel, to := r.flow.NewAddress(); channel == recovery.ChannelSMS {
		id = recovery.ByPhone(to)
	}
	return r.claimOne(ctx, id, r.flow.Account)
}
