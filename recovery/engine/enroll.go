package engine

import (
	"context"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// name takes the first account's identifiers and its password, or says everything
// that is wrong with them.
func (r *run) name(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	typed, wrong := r.identifiers(in)
	r.account.Name, r.account.Addresses = typed.Name, nil
	r.account.AddAddresses(typed.Mail, typed.Phone)
	p, err := r.enroll(ctx, recovery.Step{Method: recovery.Password, Enroll: true}, in)
	if err != nil {
		return nil, err
	}
	if p != nil {
		wrong = append(wrong, p)
	}
	if len(wrong) == 0 {
		r.flow.Name, r.flow.Mail, r.flow.Phone = typed.Name, typed.Mail, typed.Phone
	}
	return recovery.AllOf(wrong), nil
}

// goWithout notes that no second factor is to be left: a new password is longer then.
func (r *run) goWithout(context.Context, recovery.Input) (*recovery.Problem, error) {
	r.flow.Chosen = recovery.Later
	return nil, nil
}

// identifiers reads name, address and number of the first account.
func (r *run) identifiers(in recovery.Input) (f recovery.Flow, wrong []*recovery.Problem) {
	f.Name = strings.TrimSpace(in.Name)
	switch name, err := recovery.CanonicalName(f.Name); {
	case f.Name == "":
		wrong = append(wrong, recovery.InField(recovery.ProblemMissing, "name"))
	case err != nil:
		wrong = append(wrong, recovery.NewProblem(recovery.ProblemNameBad))
	case r.reserved(name):
		wrong = append(wrong, recovery.NewProblem(recovery.ProblemNameGroup))
	}
	var err error
	if in.Mail != "" {
		if f.Mail, err = recovery.CanonicalMail(in.Mail); err != nil {
			wrong = append(wrong, recovery.NewProblem(recovery.ProblemMailBad))
		}
	}
	if in.Phone != "" {
		if f.Phone, err = recovery.CanonicalPhone(in.Phone); err != nil {
			wrong = append(wrong, recovery.NewProblem(recovery.ProblemPhoneBad))
		}
	}
	return f, wrong
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
	if r.beganWith(string(in.NewPassword)) {
		return recovery.NewProblem(recovery.ProblemSent), nil
	}
	data, p, err := m.Confirm(ctx, r.try(in), r.flow.Pending[step.Method].Data)
	if p != nil || err != nil {
		return p, err
	}
	made := recovery.Pending{Data: data, Confirmed: true}
	if traits.Several {
		made.Label, made.Browser = recovery.Label(in.Label), r.client.Browser
	}
	r.pend(step.Method, made)
	if r.flow.Session != "" { // a recovery voids nothing of its owner's
		r.flow.EndOthers, r.flow.VoidCodes = r.flow.EndOthers || in.EndOthers, r.flow.VoidCodes || in.VoidCodes
	}
	return nil, nil
}
