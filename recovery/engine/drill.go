package engine

import (
	"context"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// drill checks a recovery code and does not use it up. Wrong codes count as in
// a sign-in.
func (r *run) drill(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	m := r.Methods.Get(recovery.RecoveryCode)
	d, ok := m.(recovery.Driller)
	if !ok {
		return recovery.NewProblem(recovery.ProblemNotAvailable), nil
	}
	if in.Code == "" {
		return recovery.InField(recovery.ProblemMissing, "code"), nil
	}
	meters := r.meters(m.Traits())
	if !d.Try(r.account, string(in.Code), r.Now()) {
		return recovery.NewProblem(recovery.ProblemDrillWrong), r.charge(ctx, meters)
	}
	r.refund(ctx, meters)
	r.flow.Tried = true
	return nil, nil
}

// reminded sends the mail that asks to try a way back. It holds no link: the
// trial is found after signing in.
func (r *run) reminded() {
	to := r.account.Address(recovery.ChannelMail, r.Now())
	if to == "" || r.Notify == nil || !r.Notify.Has(recovery.ChannelMail) {
		return
	}
	r.Notify.Queue(r.address(recovery.Message{
		Channel: recovery.ChannelMail, To: to, Template: "drill-due", Expires: r.Now().Add(24 * time.Hour), Vars: map[string]string{"name": r.account.Name},
	}))
}
