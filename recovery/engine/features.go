package engine

import (
	"context"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// fillers take what a step asks for that is not a proof: an address, a person,
// a reason. The key is the method that the step names.
func (r *run) fillers() map[string]func(context.Context, recovery.Input) (*recovery.Problem, error) {
	return map[string]func(context.Context, recovery.Input) (*recovery.Problem, error){
		string(recovery.KindChangeMail):  r.newMail,
		string(recovery.KindChangePhone): r.newPhone,
		string(recovery.KindAddContact):  r.somebody,
		string(recovery.KindOpenCase):    r.takeCase,
		string(recovery.KindDrill):       r.drill,
		"approve":                        r.request,
		"vouch":                          r.consent,
	}
}

// forWhom takes person and reason of a case from the form on that person's
// page. Mistakes are reported there, before a proof is asked for.
func (r *run) forWhom(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	for _, need := range []recovery.Need{recovery.NeedAdmin, recovery.NeedSettled} {
		if _, missing := need(r.facts()); missing {
			return nil, nil // the flow says so, whatever name was given
		}
	}
	if in.Name == "" {
		return nil, nil // asked for later
	}
	return r.takeCase(ctx, in)
}

// forOthers does the work of a flow that is for another account. The own
// account was written before: its proofs were checked again, and single-use
// things are spent.
func (r *run) forOthers(ctx context.Context) error {
	var err error
	switch r.flow.Kind {
	case recovery.KindVouch:
		err = r.vouch(ctx)
	case recovery.KindOpenCase:
		err = r.openCase(ctx)
	default:
	}
	r.flush()
	return err
}
