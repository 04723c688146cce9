package recovery

import (
	"slices"
	"time"
)

// Ask is a question that is no proof: who, which address, why. The engine has
// a function for each that takes the answer.
type Ask string

// Questions.
const (
	AskWho    Ask = "who"    // whom the flow is about
	AskFactor Ask = "factor" // which second factor is made
)

// Prepared tells whether what a step shows has been made. It has not when the
// policy has changed since the flow's last form: no form of that page was meant
// for this step, and a page without writing cannot show it.
func (f *Flow) Prepared(s Step) bool {
	switch {
	case s.Enroll:
		_, made := f.Pending[s.Method]
		return made
	case s.Remote:
		return f.AskCode != ""
	case s.ByBrowser:
		return f.DeviceRequest != ""
	}
	return !s.Done
}

// Facts is all that [Next] looks at.
type Facts struct {
	Flow    *Flow
	Recipe  *Recipe  // of the flow's kind; nil: the flow leads nowhere
	Account *Account // decoy for nobody; nil before anybody was named
	Device  *Device  // the known device asking; nil: unknown browser
	Near    bool     // as [Client.OneFactor]
	Client  Client   // that asks
	Policy  *Policy
	Methods *Methods
	Now     time.Time
}

// Step is what is missing now: a question, a proof, or something to enrol.
type Step struct {
	Page    string
	Ask     Ask      // a question that is no proof; empty: none
	Method  string   // the proof or enrolment asked for
	Methods []string // others that would do instead
	Choices []Goal
	Until   time.Time // AskWait: when the wait is over; zero: it has not begun
	Enroll  bool      // Method is to be enrolled, not proved
	Remote  bool      // Method is answered elsewhere, while this page waits
	// ByBrowser tells that another browser of the account answers it.
	ByBrowser bool
	Dead      string // a problem key: nothing leads on from here
	Done      bool
	// Optional tells that the step may be skipped, with [ChoiceSkip].
	Optional bool
}

// ChoiceSkip is the choice that leaves an optional step out.
const ChoiceSkip = "skip"

// Later is chosen by somebody who makes no second factor now, where there may be
// an account without one.
const Later = "later"

// Need is one row of a recipe: it returns the step that is missing, or false
// when it is met. Needs do not refer to each other.
type Need func(f Facts) (Step, bool)

// who needs an account to be named, or a decoy for an unknown name.
func who(page string) Need {
	return func(f Facts) (Step, bool) {
		return Step{Page: page, Ask: AskWho, Method: Password}, f.Account == nil
	}
}

// Strong asks for the account's second factor or a recovery code in this very
// flow; without a second factor the password stands for it.
func Strong(f Facts) (Step, bool) {
	if f.Methods.HasFactor(f.Account) {
		return oneOf(f, append(f.Methods.expand(Factor), RecoveryCode))
	}
	return oneOf(f, []string{Password})
}

// asked needs an additional answer where the operator wants one and the account
// has one. It only adds to what is needed.
func asked(method string, kind Kind) Need {
	return func(f Facts) (Step, bool) {
		if f.Flow.Has(method) || !slices.Contains(f.Policy.Ask[method], kind) || !f.Methods.ready(method, f.Account, f.Now) {
			return Step{}, false
		}
		return ask(f, []string{method}), true
	}
}

// own refuses changes in a browser that another one has let in within a day
// (DV-05).
func own(f Facts) (Step, bool) {
	s := f.Account.SessionByID(f.Flow.Session, f.Now)
	return Step{Page: PageRefused, Dead: ProblemAdmitted}, !f.Account.AdmittedUntil(s, f.Now).IsZero()
}

// Settled refuses changes as own does, and while the account is on probation
// (MF-06).
func Settled(f Facts) (Step, bool) {
	if step, admitted := own(f); admitted {
		return step, true
	}
	return Step{Page: PageRefused, Dead: ProblemProbation}, f.Now.Before(f.Account.Probation)
}

// Proved asks for one proof and no other.
func Proved(method string) Need {
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
	f.awayLast(ready)
	return ask(f, ready), true
}

// awayLast puts proofs that this browser cannot show behind the others. They stay, as
// their page says where they can.
func (f Facts) awayLast(methods []string) {
	away := func(name string) int {
		if x, ok := f.Methods.Get(name).(AtHome); ok && !x.AtHome(f.Account, f.Client) {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(methods, func(x, y string) int { return away(x) - away(y) })
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
	step := Step{Page: PageWait, Ask: AskWait, Method: method, Methods: others}
	if method != Waiting {
		m := f.Methods.Get(method)
		_, remote := m.(Remote)
		_, browser := m.(ByBrowser)
		step.Page, step.Ask, step.Remote, step.ByBrowser = m.Traits().Page, "", remote, browser
	}
	return step
}

// Enrolled needs a new credential of the method, confirmed by its owner.
func Enrolled(method string) Need {
	return func(f Facts) (Step, bool) {
		if f.Flow.Pending[method].Confirmed {
			return Step{}, false
		}
		return enroll(f, method), true
	}
}

// newFactor needs a new second factor. Where this browser can make more than one
// kind, the person says first which it is to be, and may say otherwise later.
func newFactor(f Facts) (Step, bool) {
	all := f.Methods.expand(Factor)
	if slices.ContainsFunc(all, func(m string) bool { return f.Flow.Pending[m].Confirmed }) {
		return Step{}, false
	}
	here := enrollable(f, all)
	switch chosen := slices.Index(here, f.Flow.Chosen); {
	case len(here) == 0:
		return Step{Page: PageRefused, Dead: ProblemNotAvailable}, true
	case len(here) == 1:
		return enroll(f, here[0]), true
	case chosen < 0:
		return Step{Page: PageChoice, Ask: AskFactor, Methods: here}, true
	default:
		step := enroll(f, here[chosen])
		step.Methods = slices.Delete(here, chosen, chosen+1)
		return step, true
	}
}

// enrollable keeps the second factors that this browser can make and the operator
// wants; where it can make none of those, what it can: nobody is to be stuck, least
// of all half-way through a way back.
func enrollable(f Facts, all []string) []string {
	here := slices.DeleteFunc(slices.Clone(all), func(m string) bool { return !f.Methods.here(m, f.Client) })
	wanted := slices.DeleteFunc(slices.Clone(here), func(m string) bool {
		return len(f.Policy.Enrol) > 0 && !slices.Contains(f.Policy.Enrol, m)
	})
	if len(wanted) > 0 {
		return wanted
	}
	return here
}

// enroll is the step that makes a new credential of a method.
func enroll(f Facts, method string) Step {
	m, ok := f.Methods.Get(method).(Enroller)
	if !ok {
		return Step{Page: PageRefused, Dead: ProblemNotAvailable}
	}
	return Step{Page: m.EnrollPage(), Method: method, Enroll: true}
}
