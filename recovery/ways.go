package recovery

import (
	"slices"
	"time"
)

// Questions.
const (
	AskGoal Ask = "goal" // what is lost
	AskWait Ask = "wait" // whether to let the cool-down begin
)

// watched lets a code that an administrator was shown count only after a day
// for another administrator, and so only where that one would hear of it.
func watched(a *Account, w Way) Way {
	if a.Admin() && slices.Contains(w.Proofs, AdminInPerson) {
		w.Wait = max(w.Wait, MinWait)
	}
	return w
}

// goal asks what is lost, unless only one thing can be recovered anyway.
func goal(f Facts) (Step, bool) {
	if f.Flow.Goal != "" {
		return Step{}, false
	}
	open := openGoals(f)
	if len(open) == 0 {
		return Step{Page: PageRefused, Dead: ProblemNotAvailable}, true
	}
	if len(open) == 1 && !PasswordBarred(f) {
		return Step{}, false
	}
	return Step{Page: PageChoice, Ask: AskGoal, Choices: open}, true
}

// Aim is the goal chosen, or the only one there is.
func Aim(f Facts) Goal {
	if f.Flow.Goal != "" {
		return f.Flow.Goal
	}
	if open := openGoals(f); len(open) == 1 {
		return open[0]
	}
	return ""
}

// WayToWait is the first way that lacks nothing but its cool-down.
func WayToWait(f Facts) (Way, bool) {
	g := Aim(f)
	for _, w := range open(f, g) {
		if w.Wait > 0 && !slices.ContainsFunc(w.Proofs, func(name string) bool { return !shown(f, g, name) }) {
			return w, true
		}
	}
	return Way{}, false
}

// openGoals lists the goals with a way this account could still walk.
func openGoals(f Facts) []Goal {
	return slices.DeleteFunc(Goals(), func(g Goal) bool { return len(open(f, g)) == 0 })
}

// ways lists the ways of a goal. A way for both is enough for each.
func ways(f Facts, g Goal) []Way {
	out := written(f, g)
	for i, w := range out {
		out[i] = watched(f.Account, w)
	}
	return out
}

// written lists the ways as the policy has them.
func written(f Facts, g Goal) []Way {
	if f.Account.State == StateFrozen {
		return thaws(f, g)
	}
	factor, mail := f.Methods.HasFactor(f.Account), f.Methods.Has(ChannelMail)
	if g == GoalSecondFactor && !factor {
		return firstByCase(f)
	}
	if g != GoalPassword && !factor {
		return nil
	}
	if g == GoalSecondFactor && f.Account.Credential(Password) == nil {
		return nil // it was lost with what stood for the password, so that both are made
	}
	var out []Way
	for _, w := range f.Policy.Read(g, mail) {
		if (g != GoalPassword || w.WithoutFactor != factor) && f.begunFor(g, w) {
			out = append(out, w)
		}
	}
	if g == GoalSecondFactor && f.Account.firstUndoable(f.Now) {
		out = append(out, undoFirst())
	}
	out = begunFirst(f, out)
	if g != GoalBoth && len(f.Policy.Ways[g]) > 0 {
		both := slices.DeleteFunc(slices.Clone(f.Policy.Read(GoalBoth, mail)), func(w Way) bool { return !f.begunFor(GoalBoth, w) })
		out = append(out, begunFirst(f, both)...)
	}
	return out
}

// firstFactorUndo is how long the mailbox and the password take the first second
// factor of an account off again.
const firstFactorUndo = 72 * time.Hour

// firstByCase lists the ways by which an account without a second factor makes its
// first one: those with the password and an administrator's case.
func firstByCase(f Facts) []Way {
	return slices.DeleteFunc(slices.Clone(f.Policy.Read(GoalSecondFactor, f.Methods.Has(ChannelMail))), func(w Way) bool {
		return !w.byCase() || !slices.Contains(w.Proofs, Password)
	})
}

// undoFirst is the way that takes the first second factor off again: what the
// account would have asked before.
func undoFirst() Way { return Way{Proofs: []string{MailLink, Password}} }

// firstUndoable tells whether the account has its first second factor since a
// short time only.
func (a *Account) firstUndoable(now time.Time) bool {
	return !a.FirstFactor.IsZero() && now.Before(a.FirstFactor.Add(firstFactorUndo))
}

// begunFirst puts ways that use everything shown so far before those that
// would begin anew; otherwise the operator's order stays.
func begunFirst(f Facts, ways []Way) []Way {
	out := slices.Clone(ways)
	wasted := func(w Way) int {
		n := 0
		for _, p := range f.Flow.Proofs {
			if !slices.ContainsFunc(w.Proofs, func(name string) bool { return slices.Contains(f.Methods.expand(name), p.Method) }) {
				n = 1
			}
		}
		return n
	}
	slices.SortStableFunc(out, func(a, b Way) int { return wasted(a) - wasted(b) })
	return out
}

// thaws lists the ways that open a closed account: those of the policy for both,
// with their waits, since closing must not make an account easier to take over:
// a thief who reads one channel can do it. Beside them are an administrator's
// case, where the policy has no way for both with one, and the operator's rescue.
func thaws(f Facts, g Goal) []Way {
	if g != GoalBoth {
		return nil
	}
	mail := f.Methods.Has(ChannelMail)
	out := slices.Clone(f.Policy.Read(GoalBoth, mail))
	if factor := f.Methods.HasFactor(f.Account); !factor || !slices.ContainsFunc(out, Way.byCase) {
		out = append(out, caseThaw(factor, mail))
	}
	return append(out, Way{Proofs: []string{Rescue}})
}

// Reopenings lists the ways that would open the account if a notice sent at the
// time told closed it now. cases says whether somebody could open a case. The
// operator's rescue is left out: it always could.
func (a *Account) Reopenings(p *Policy, m *Methods, told, now time.Time, cases bool) []Way {
	c := a.Clone()
	c.Freeze(told, now, p.Lifetimes)
	f := Facts{Flow: &Flow{Goal: GoalBoth}, Account: c, Policy: p, Methods: m, Now: now}
	switch {
	case cases && p.InPerson(GoalBoth, m.Has(ChannelMail)):
		f.Flow.AddProof(Proof{Method: AdminInPerson})
	case cases:
		f.Flow.AddProof(Proof{Method: Admin})
	}
	return slices.DeleteFunc(open(f, GoalBoth), func(w Way) bool { return slices.Contains(w.Proofs, Rescue) })
}

// byCase reports whether the way needs an administrator's case.
func (w Way) byCase() bool {
	return slices.Contains(w.Proofs, Admin) || slices.Contains(w.Proofs, AdminInPerson)
}

// caseThaw is the way with nothing but a case. It is mailed like a notice, so
// with a second factor it needs the mailbox and a day.
func caseThaw(factor, mail bool) Way {
	w := Way{Proofs: []string{Admin}}
	if factor {
		w = Way{Proofs: []string{Admin, MailLink}, Wait: MinWait}
	}
	if !mail {
		return w.inPerson()
	}
	return w
}

// walkable reports whether every proof of the way was shown or could be.
func walkable(f Facts, g Goal, w Way) bool {
	return !slices.ContainsFunc(w.Proofs, func(name string) bool {
		return !shown(f, g, name) && len(usable(f, g, name)) == 0
	})
}

// shown reports whether the flow holds the proof and it counts for the goal.
func shown(f Facts, g Goal, name string) bool {
	return slices.ContainsFunc(f.Methods.expand(name), func(m string) bool {
		return (f.Flow.Has(m) || f.shownThere(m)) && counts(f, g, m)
	})
}

func usable(f Facts, g Goal, name string) []string {
	return slices.DeleteFunc(f.Methods.expand(name), func(m string) bool {
		return !f.Methods.ready(m, f.Account, f.Now) || !counts(f, g, m)
	})
}

// counts applies the ban: a password set by recovery proves nothing for the
// second factor until the ban is over or a full login has used it (MF-03). What
// was made shortly before an account was closed, or since, does not open it.
func counts(f Facts, g Goal, method string) bool {
	if a := f.Account; a.State == StateFrozen && !a.ClosedFor.IsZero() && method != RecoveryCode {
		lately := a.ClosedFor.Add(-f.Policy.Lifetimes.RecoveredBan)
		if slices.ContainsFunc(a.CredentialsOf(method), func(c Credential) bool { return !c.Initial && !c.Created.Before(lately) }) {
			return false
		}
	}
	if method == OtherDevice {
		return f.countsThere(g)
	}
	if g == GoalPassword || method != Password {
		return true
	}
	c := f.Account.Credential(Password)
	return c != nil && !f.Now.Before(c.NoProofUntil)
}

// PasswordBarred reports whether the ban is in force; the choice page then says so
// instead of leading somewhere the person did not ask for.
func PasswordBarred(f Facts) bool {
	c := f.Account.Credential(Password)
	return c != nil && f.Now.Before(c.NoProofUntil)
}

// rest asks for what is missing of the first way that can be walked, and
// offers what the others miss. Inside a way the proofs come in the order
// written (MF-04). A way that only lacks its cool-down offers to wait.
func rest(f Facts) (Step, bool) {
	g := Aim(f)
	var candidates []string
	add := func(methods ...string) {
		for _, m := range methods {
			if !slices.Contains(candidates, m) {
				candidates = append(candidates, m)
			}
		}
	}
	wait := false
	var until time.Time
	for _, w := range open(f, g) {
		missing := slices.IndexFunc(w.Proofs, func(name string) bool { return !shown(f, g, name) })
		switch {
		case missing >= 0:
			add(usable(f, g, w.Proofs[missing])...)
		case w.Wait == 0:
			return Step{}, false
		default:
			over := f.PendingWait(g, w)
			if !over.IsZero() && !f.Now.Before(over) {
				return Step{}, false
			}
			if !wait {
				until = over // of the way that the page would begin
			}
			wait = true
		}
	}
	if wait {
		add(Waiting)
	}
	step := ask(f, candidates)
	if step.Page == PageWait {
		step.Until = until
	}
	return step, true
}

// open lists the walkable ways in the operator's order. A wait that has begun
// was stoppable then: that a session has ended since takes nothing away, for who
// signs in anew ends the wait.
func open(f Facts, g Goal) []Way {
	return slices.DeleteFunc(ways(f, g), func(w Way) bool {
		waits := w.Wait > 0 && f.PendingWait(g, w).IsZero()
		return !walkable(f, g, w) || waits && (!stoppable(f, w) || stopped(f, g, w))
	})
}

// stoppable reports whether the owner would hear of a wait through a channel or
// device that is not a proof in it. Only then waiting adds safety. The proof that
// the flow began with is one of them, also where the way does not name it.
func stoppable(f Facts, w Way) bool {
	proofs := slices.Clone(w.Proofs)
	if len(f.Flow.Proofs) > 0 {
		proofs = append(proofs, f.Flow.Proofs[0].Method)
	}
	uses := func(channel string) bool {
		return slices.ContainsFunc(proofs, func(name string) bool {
			m := f.Methods.Get(name)
			return m != nil && m.Traits().Channel == channel
		})
	}
	for _, channel := range []string{ChannelMail, ChannelSMS} {
		if !uses(channel) && f.Methods.Has(channel) && f.Account.Source(channel, f.Now).Value != "" {
			return true
		}
	}
	if f.Account.State == StateFrozen {
		return false // nobody is signed in, so no page shows it
	}
	return f.heard(proofs)
}

// there is what another browser has answered in the flow; nil: none has.
func (f Facts) there() *Proof {
	i := slices.IndexFunc(f.Flow.Proofs, func(p Proof) bool { return p.Method == OtherDevice })
	if i < 0 {
		return nil
	}
	return &f.Flow.Proofs[i]
}

// countsThere tells whether the answer of another browser counts for a goal, by what
// was shown there; before there is one, whether one could answer.
func (f Facts) countsThere(g Goal) bool {
	switch p := f.there(); {
	case p == nil:
		return f.Account.Approver(f.Device, f.Now)
	case g == GoalSecondFactor:
		return slices.Contains(p.There, Password)
	case !f.Methods.HasFactor(f.Account):
		return true
	default:
		return p.Factor
	}
}

// begunFor tells whether the flow has begun with what a way of a goal may begin with.
// One that has no first proof of its own may with any, but with another browser only
// by what that one asks for the goal.
func (f Facts) begunFor(g Goal, w Way) bool {
	first := func(method string) bool {
		m := f.Methods.Get(method)
		return m != nil && m.Traits().First
	}
	own := slices.ContainsFunc(w.Proofs, func(name string) bool { return slices.ContainsFunc(f.Methods.expand(name), first) })
	return own || len(f.Flow.Proofs) == 0 || f.Flow.Proofs[0].Method != OtherDevice || f.countsThere(g)
}

// shownThere tells whether the password or a second factor was shown in the browser
// that has answered: it is not asked for twice. A recovery code is used up there.
func (f Facts) shownThere(method string) bool {
	p := f.there()
	return p != nil && method != RecoveryCode && slices.Contains(p.There, method)
}
