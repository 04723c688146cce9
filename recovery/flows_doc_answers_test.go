package recovery_test

import (
	"slices"
	"strconv"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// answers lists what can be done on a page.
func answers(step recovery.Step, goal recovery.Goal) []string {
	switch {
	case slices.Contains(step.Choices, goal):
		return []string{string(goal)}
	case step.Choices != nil:
		return nil
	case step.Ask == recovery.AskFactor:
		return step.Methods
	}
	out := append([]string{asked(step)}, step.Methods...)
	if step.Optional {
		out = append(out, recovery.ChoiceSkip)
	}
	return out
}

// answered is the facts after a step was satisfied one way.
func answered(f recovery.Facts, step recovery.Step, by string, goal recovery.Goal) recovery.Facts {
	flow := *f.Flow
	f.Flow = &flow
	switch {
	case step.Choices != nil:
		flow.Goal = recovery.Goal(by)
	case step.Ask == recovery.AskFactor, by == recovery.Later:
		flow.Chosen = by
	case by == recovery.ChoiceSkip:
		flow.Skipped = append(slices.Clone(flow.Skipped), step.Method)
	case by == "wait":
		a := *f.Account
		f.Account, a.Waits = &a, waits(f)
	case step.Enroll:
		flow.Pending = enrolled(&flow, by)
	case step.Ask == recovery.AskName: // one form takes name and password
		flow.Name, flow.Pending = "alice", enrolled(&flow, recovery.Password)
	case step.Ask == "" || !fill(&flow, by):
		flow.Proofs = append(slices.Clone(flow.Proofs), shownElsewhere(recovery.Proof{Method: by, At: noon}, goal))
	}
	return f
}

// shownElsewhere is a proof, and what was shown for a goal in the browser that gave it.
func shownElsewhere(p recovery.Proof, goal recovery.Goal) recovery.Proof {
	switch {
	case p.Method != recovery.OtherDevice:
	case goal == recovery.GoalSecondFactor:
		p.There = []string{recovery.Password}
	default:
		p.There, p.Factor = []string{recovery.TOTP}, true
	}
	return p
}

// enrolled has what is made of the name, a password as long as it must be.
func enrolled(f *recovery.Flow, name string) map[string]recovery.Pending {
	long := []byte(`{"long":` + strconv.FormatBool(f.Chosen == recovery.Later || f.Kind == recovery.KindDropFactor) + `}`)
	p := map[string]recovery.Pending{name: {Confirmed: true, Data: long}}
	for made, data := range f.Pending {
		if made != name {
			p[made] = data
		}
	}
	return p
}

// fill sets the field of a step that asks for no proof.
func fill(f *recovery.Flow, by string) bool {
	switch recovery.Ask(by) {
	case recovery.AskMail:
		f.Mail = "x"
	case recovery.AskJoinMail:
		f.Mail = "x"
	case recovery.AskJoinName:
		f.Name = "x"
	case recovery.AskPhone:
		f.Phone = "x"
	case recovery.AskPerson:
		f.Person = "x"
	case recovery.AskRequest:
		f.Request = "x"
	case recovery.AskCase: // one form asks for both
		f.Person, f.Reason = "x", "x"
	case recovery.AskConsent:
		f.Consented = true
	case recovery.AskTrial:
		f.Tried = true
	case recovery.AskDevice:
		f.DeviceRequest = "x"
	case recovery.AskHandOver:
		f.Consented = true
	default:
		return false
	}
	return true
}

// waits are those that could have been begun with what was shown, all over.
func waits(f recovery.Facts) []recovery.Wait {
	var out []recovery.Wait
	for _, goal := range []recovery.Goal{f.Flow.Goal, recovery.GoalBoth} {
		for _, way := range f.Policy.Read(goal, f.Methods.Has(recovery.ChannelMail)) {
			if !slices.ContainsFunc(way.Proofs, func(p string) bool {
				return !f.Flow.Has(p) && (p != recovery.Password || !f.Flow.Has(recovery.OtherDevice))
			}) {
				out = append(out, recovery.Wait{Goal: f.Flow.Goal, Way: slices.Sorted(slices.Values(way.Proofs)), Ready: noon, Until: noon.Add(time.Hour)})
			}
		}
	}
	return out
}
