package recovery

import (
	"slices"
	"time"
)

// Facts is all that [Next] looks at.
type Facts struct {
	Flow    *Flow
	Account *Account // stand-in for nobody; nil before anybody was named
	Device  *Device  // the known device asking; nil: unknown browser
	Policy  *Policy
	Methods *Methods
	Now     time.Time
}

// Step is what is missing now.
type Step struct {
	Page    string
	Method  string   // the proof or enrolment asked for
	Methods []string // other proofs that would do instead
	Choices []Goal
	Enroll  bool   // Method is to be enrolled, not proved
	Dead    string // a problem key: nothing leads on from here
	Done    bool
}

// Need is one row of a recipe: it returns the step that is missing, or false
// when it is met. Needs never name each other.
type Need func(f Facts) (Step, bool)

// Next computes the step from the facts: the first need that is not met.
// Nothing can be skipped, because nobody sets a state.
func Next(f Facts) Step {
	needs, ok := recipes()[f.Flow.Kind]
	if !ok {
		return Step{Page: PageRefused, Dead: ProblemNotAvailable}
	}
	for _, need := range needs {
		if step, missing := need(f); missing {
			return step
		}
	}
	return Step{Done: true}
}

// recipes is the table of DESIGN section 3.
func recipes() map[Kind][]Need {
	return map[Kind][]Need{
		KindLogin:          {who(PageSignIn), firstFactor, secondFactor},
		KindRecover:        {who(PageRecover), firstProof, goal, rest, renewed},
		KindSetup:          {ticket(SetupTicket, PageSetup), named, enrolled(Password), enrolled(TOTP), enrolled(RecoveryCode)},
		KindActivate:       {ticket(Invite, PageActivate), enrolled(Password), enrolled(TOTP), enrolled(RecoveryCode)},
		KindChangePassword: {proved(Password), strong, enrolled(Password)},
		KindAddFactor:      {settled, strong, enrolled(TOTP), enrolled(RecoveryCode)},
		KindNewCodes:       {settled, strong, enrolled(RecoveryCode)},
	}
}

// who needs somebody to be named (or a stand-in for nobody).
func who(page string) Need {
	return func(f Facts) (Step, bool) {
		return Step{Page: page, Method: Password}, f.Account == nil
	}
}

func firstFactor(f Facts) (Step, bool) {
	return Step{Page: PageSignIn, Method: Password}, !f.Flow.Has(Password) && !f.Flow.Has(Passkey)
}

// secondFactor asks an account with a second factor for it (or a recovery
// code), and one without for the mailbox when the browser is unknown.
func secondFactor(f Facts) (Step, bool) {
	if f.Methods.hasFactor(f.Account) {
		if f.Device != nil && f.Now.Before(f.Device.Remembered) {
			return Step{}, false
		}
		return oneOf(f, append(f.Methods.expand(Factor), RecoveryCode))
	}
	if f.Device != nil || !f.Methods.ready(MailCode, f.Account, f.Now) {
		return Step{}, false // cannot pass a check: let in, known browsers are told
	}
	return oneOf(f, []string{MailCode})
}

// strong asks for the account's second factor or a recovery code in this very
// flow; without a second factor the password stands for it.
func strong(f Facts) (Step, bool) {
	if f.Methods.hasFactor(f.Account) {
		return oneOf(f, append(f.Methods.expand(Factor), RecoveryCode))
	}
	return oneOf(f, []string{Password})
}

// settled refuses changes while the account is on probation (MF-06).
func settled(f Facts) (Step, bool) {
	return Step{Page: PageRefused, Dead: ProblemProbation}, f.Now.Before(f.Account.Probation)
}

// proved asks for one proof and no other.
func proved(method string) Need {
	return func(f Facts) (Step, bool) { return oneOf(f, []string{method}) }
}

// oneOf is met when one of the methods has been proved.
func oneOf(f Facts, methods []string) (Step, bool) {
	if slices.ContainsFunc(methods, f.Flow.Has) {
		return Step{}, false
	}
	ready := slices.DeleteFunc(slices.Clone(methods), func(m string) bool {
		return !f.Methods.ready(m, f.Account, f.Now)
	})
	return ask(f, ready), true
}

// ask is the step for the first of several methods, or the one picked by hand.
func ask(f Facts, methods []string) Step {
	if len(methods) == 0 {
		return Step{Page: PageRefused, Dead: ProblemNotAvailable}
	}
	method := methods[0]
	if slices.Contains(methods, f.Flow.Picked) {
		method = f.Flow.Picked
	}
	others := slices.DeleteFunc(slices.Clone(methods), func(m string) bool { return m == method })
	return Step{Page: f.Methods.Get(method).Traits().Page, Method: method, Methods: others}
}

// firstProof offers what the policy offers, whoever was named: what an account
// has may not show before it proved something (rule 6 of DESIGN section 3).
func firstProof(f Facts) (Step, bool) {
	if len(f.Flow.Proofs) > 0 {
		return Step{}, false
	}
	return ask(f, firstProofs(f.Policy, f.Methods)), true
}

// firstProofs lists what a recovery can begin with.
func firstProofs(p *Policy, methods *Methods) []string {
	var out []string
	for _, g := range goals() {
		for _, w := range p.Ways[g] {
			for _, name := range w.Proofs {
				x := methods.Get(name)
				if x != nil && x.Traits().First && methods.offered(name) && !slices.Contains(out, name) {
					out = append(out, name)
				}
			}
		}
	}
	return out
}

func goals() []Goal { return []Goal{GoalPassword, GoalSecondFactor, GoalBoth} }

// goal asks what is lost, unless only one thing can be mended anyway.
func goal(f Facts) (Step, bool) {
	if f.Flow.Goal != "" {
		return Step{}, false
	}
	open := openGoals(f)
	if len(open) == 0 {
		return Step{Page: PageRefused, Dead: ProblemNotAvailable}, true
	}
	if len(open) == 1 && !barred(f) {
		return Step{}, false
	}
	return Step{Page: PageChoice, Choices: open}, true
}

// aim is the goal chosen, or the only one there is.
func aim(f Facts) Goal {
	if f.Flow.Goal != "" {
		return f.Flow.Goal
	}
	if open := openGoals(f); len(open) == 1 {
		return open[0]
	}
	return ""
}

// openGoals lists the goals with a way this account could still walk.
func openGoals(f Facts) []Goal {
	return slices.DeleteFunc(goals(), func(g Goal) bool { return len(open(f, g)) == 0 })
}

// ways lists what is enough for a goal. What is enough for both is enough for
// each.
func ways(f Facts, g Goal) []Way {
	factor := f.Methods.hasFactor(f.Account)
	if g != GoalPassword && !factor {
		return nil
	}
	var out []Way
	for _, w := range f.Policy.Ways[g] {
		if g != GoalPassword || w.WithoutFactor != factor {
			out = append(out, w)
		}
	}
	if g != GoalBoth && len(f.Policy.Ways[g]) > 0 {
		out = append(out, f.Policy.Ways[GoalBoth]...)
	}
	return out
}

// walkable tells whether every proof of the way was shown or could be.
func walkable(f Facts, g Goal, w Way) bool {
	return !slices.ContainsFunc(w.Proofs, func(name string) bool {
		return !shown(f, g, name) && len(usable(f, g, name)) == 0
	})
}

// shown tells whether the flow holds the proof and it counts for the goal.
func shown(f Facts, g Goal, name string) bool {
	return slices.ContainsFunc(f.Methods.expand(name), func(m string) bool {
		return f.Flow.Has(m) && counts(f, g, m)
	})
}

func usable(f Facts, g Goal, name string) []string {
	return slices.DeleteFunc(f.Methods.expand(name), func(m string) bool {
		return !f.Methods.ready(m, f.Account, f.Now) || !counts(f, g, m)
	})
}

// counts applies the ban: a password set by recovery proves nothing for the
// second factor until the ban is over or a full login has used it (MF-03).
func counts(f Facts, g Goal, method string) bool {
	if g == GoalPassword || method != Password {
		return true
	}
	c := f.Account.Credential(Password)
	return c != nil && !f.Now.Before(c.Barred)
}

// barred tells whether the ban is in force; the choice page then says so
// instead of leading somewhere the person did not ask for.
func barred(f Facts) bool {
	c := f.Account.Credential(Password)
	return c != nil && f.Now.Before(c.Barred)
}

// rest asks for what is missing of the first way that can be walked, and
// offers what the others miss. Inside a way the proofs come in the order
// written (MF-04).
func rest(f Facts) (Step, bool) {
	g := aim(f)
	var candidates []string
	for _, w := range open(f, g) {
		missing := slices.IndexFunc(w.Proofs, func(name string) bool { return !shown(f, g, name) })
		if missing < 0 {
			return Step{}, false
		}
		for _, m := range usable(f, g, w.Proofs[missing]) {
			if !slices.Contains(candidates, m) {
				candidates = append(candidates, m)
			}
		}
	}
	return ask(f, candidates), true
}

// open lists the walkable ways in the operator's order.
func open(f Facts, g Goal) []Way {
	return slices.DeleteFunc(ways(f, g), func(w Way) bool { return !walkable(f, g, w) })
}

// renewed needs the new credentials of the goal, each confirmed.
func renewed(f Facts) (Step, bool) {
	list := map[Goal][]string{
		GoalPassword:     {Password},
		GoalSecondFactor: {TOTP, RecoveryCode},
		GoalBoth:         {Password, TOTP, RecoveryCode},
	}[aim(f)]
	for _, method := range list {
		if step, missing := enrolled(method)(f); missing {
			return step, true
		}
	}
	return Step{Page: PageRefused, Dead: ProblemNotAvailable}, len(list) == 0
}

// enrolled needs a new credential of the method, confirmed by its owner.
func enrolled(method string) Need {
	return func(f Facts) (Step, bool) {
		if f.Flow.Pending[method].Confirmed {
			return Step{}, false
		}
		e, ok := f.Methods.Get(method).(Enroller)
		if !ok {
			return Step{Page: PageRefused, Dead: ProblemNotAvailable}, true
		}
		return Step{Page: e.EnrollPage(), Method: method, Enroll: true}, true
	}
}

// ticket needs a single-use link that came from elsewhere.
func ticket(method, page string) Need {
	return func(f Facts) (Step, bool) {
		return Step{Page: page, Method: method}, !f.Flow.Has(method)
	}
}

// named needs the first account's name, and takes address and number with it.
func named(f Facts) (Step, bool) {
	return Step{Page: PageSetup, Method: ""}, f.Flow.Name == ""
}
