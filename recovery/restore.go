package recovery

import (
	"slices"
	"time"
)

// KindRecover replaces what somebody has lost.
const KindRecover Kind = "recover"

func restoreRecipe() Recipe {
	return Recipe{
		Kind: KindRecover, Anyone: true, Tickets: []string{Rescue, Admin, AdminInPerson},
		States: []State{StateActive, StateFrozen}, Replaces: true, Yields: true,
		Needs:  []Need{who(PageRecover), firstProof, asked(SecurityQuestion, KindRecover), goal, rest, renewed},
		Finish: End.recover,
		After: After{To: ToSignIn, Says: []string{"password_done", "second_factor_done", "both_done", "factor_removed"}, Which: func(f *Flow) string {
			if f.Goal == GoalSecondFactor && f.Chosen == Later {
				return "factor_removed"
			}
			return string(f.Goal) + "_done"
		}},
	}
}

// recover replaces what was lost. It never signs in.
func (end End) recover(a *Account, eff *Effects) {
	rescued := end.Flow.Has(Rescue)
	name := EventPasswordReset
	switch end.Flow.Goal {
	case GoalPassword:
		end.Install(a, Password)
	case GoalSecondFactor:
		end.renewFactor(a)
		end.Install(a, Password) // where it was too short to stand alone
		name = EventFactorReset
		if end.goneWithout() {
			name = EventFactorRemoved
		}
	case GoalBoth:
		end.Install(a, Password)
		end.renewFactor(a)
		a.Devices = nil // one of them may be what was lost
		name = EventBothReset
	}
	if c := a.Credential(Password); c != nil && end.Flow.Goal != GoalSecondFactor && !rescued {
		c.NoProofUntil = end.Now.Add(end.Policy.Lifetimes.RecoveredBan)
	}
	if len(a.AccessKeys) > 0 {
		eff.Done(EventKeysSuspended)
	}
	a.EndEverything()
	a.UntrustDevices()
	a.Recovered, a.FirstFactor, a.Removed = end.Now, time.Time{}, nil
	if !rescued {
		a.Probation = end.Now.Add(end.Policy.Lifetimes.Probation)
	}
	if a.State == StateFrozen {
		a.State, a.Devices, a.UnfreezeWith, a.ClosedFor = StateActive, nil, nil, time.Time{}
		a.Opened = a.Generation
		eff.Done(EventThawed)
	}
	eff.Done(name)
}

// firstProof offers what the policy offers, whatever name was given: what an
// account has must not show before something was proved (EN-05).
func firstProof(f Facts) (Step, bool) {
	if len(f.Flow.Proofs) > 0 {
		return Step{}, false
	}
	return ask(f, FirstProofs(f.Policy, f.Methods)), true
}

// FirstProofs lists what a recovery can begin with.
func FirstProofs(p *Policy, methods *Methods) []string {
	var out []string
	for _, g := range Goals() {
		for _, w := range p.Read(g, methods.Has(ChannelMail)) {
			for _, name := range methods.beginnings(w) {
				if !slices.Contains(out, name) {
					out = append(out, name)
				}
			}
		}
	}
	return out
}

// beginnings lists the proofs that a way can begin with; none if the way cannot
// be walked to its end here. People are asked to vouch first only if no other
// proof of the way can come first: a stranger who claims to be somebody should
// prove something before others are asked.
func (m *Methods) beginnings(w Way) []string {
	var out, last []string
	for _, name := range w.Proofs {
		if !slices.ContainsFunc(m.expand(name), m.Offered) {
			return nil
		}
		switch x := m.Get(name); {
		case x == nil || !x.Traits().First:
		case Bare(name) == VouchedBy:
			last = append(last, name)
		default:
			out = append(out, name)
		}
	}
	if out == nil {
		return last
	}
	return out
}

// renewed needs the new credentials of the goal, each confirmed.
func renewed(f Facts) (Step, bool) {
	list := map[Goal][]Need{
		GoalPassword:     {Enrolled(Password)},
		GoalSecondFactor: {remade, aloneIfLater, Enrolled(RecoveryCode)},
		GoalBoth:         {Enrolled(Password), newFactor, Enrolled(RecoveryCode)},
	}[Aim(f)]
	for _, need := range list {
		if step, missing := need(f); missing {
			return step, true
		}
	}
	return Step{Page: PageRefused, Dead: ProblemNotAvailable}, len(list) == 0
}
