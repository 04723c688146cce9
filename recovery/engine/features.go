package engine

import (
	"context"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// fillers take what a step asks for that is no proof: an address, a person, a
// reason. Keyed by the method the step names.
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

// forWhom takes whom a case is for, and why, from the form on that person's
// page: what is wrong with it is said there, before a proof is asked.
func (r *run) forWhom(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	for _, need := range []recovery.Need{recovery.NeedAdmin, recovery.NeedSettled} {
		if _, missing := need(r.facts()); missing {
			return nil, nil // said by the flow, whoever was named
		}
	}
	if in.Name == "" {
		return nil, nil // asked in its turn
	}
	return r.takeCase(ctx, in)
}

// forOthers does what a flow is for that changes nothing of its own account.
// By then its proofs have been looked at again, and what was used once is spent.
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
