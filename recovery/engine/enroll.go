package engine

import (
	"context"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// name takes the first account's identifiers.
func (r *run) name(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	if name, err := recovery.CanonicalName(in.Name); err != nil {
		return recovery.NewProblem(recovery.ProblemNameBad), nil
	} else if r.reserved(name) {
		return recovery.NewProblem(recovery.ProblemNameGroup), nil
	}
	f := *r.flow
	f.Name = strings.TrimSpace(in.Name)
	var err error
	if in.Mail != "" {
		if f.Mail, err = recovery.CanonicalMail(in.Mail); err != nil {
			return recovery.NewProblem(recovery.ProblemMailBad), nil
		}
	}
	if in.Phone != "" {
		if f.Phone, err = recovery.CanonicalPhone(in.Phone); err != nil {
			return recovery.NewProblem(recovery.ProblemPhoneBad), nil
		}
	}
	r.account.Name = f.Name
	if in.NewPassword == "" {
		return recovery.NewProblem(recovery.ProblemMissing), nil
	}
	*r.flow = f
	r.account.Addresses = nil
	r.account.AddAddresses(f.Mail, f.Phone)
	if p, err := r.enroll(ctx, recovery.Next(r.facts()), in); p != nil || err != nil {
		r.flow.Name = ""
		return p, err
	}
	return nil, nil
}

// enroll confirms what is being enrolled.
func (r *run) enroll(ctx context.Context, step recovery.Step, in recovery.Input) (*recovery.Problem, error) {
	m, ok := r.Methods.Get(step.Method).(recovery.Enroller)
	if !ok {
		return recovery.NewProblem(recovery.ProblemNotAvailable), nil
	}
	traits := r.Methods.Get(step.Method).Traits()
	if traits.Throttle == recovery.ThrottleCode && in.Code != "" {
		// The page shows the secret, so guessing its code gains nothing. The
		// limit keeps the form from being used to generate load.
		if err := r.charge(ctx, []meter{{key: r.meterKey("enrol", r.flow.ID), rule: window(recovery.Rate{Count: 30, Per: time.Hour}), life: time.Hour}}); err != nil {
			return nil, err
		}
	}
	data, p, err := m.Confirm(ctx, r.try(in), r.flow.Pending[step.Method].Data)
	if p != nil || err != nil {
		return p, err
	}
	r.pend(step.Method, recovery.Pending{Data: data, Confirmed: true})
	if r.flow.Session != "" { // a recovery voids nothing of its owner's
		r.flow.EndOthers, r.flow.VoidCodes = r.flow.EndOthers || in.EndOthers, r.flow.VoidCodes || in.VoidCodes
	}
	return nil, nil
}
