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
	AskWho Ask = "who" // whom the flow is about
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
	return func(f Facts) (Step, bool) { return enrollOne(f, []string{method}) }
}

// newFactor needs a new second factor: of those there are, the one the person
// chose.
func newFactor(f Facts) (Step, bool) { return enrollOne(f, f.Methods.expand(Factor)) }

// enrollOne needs one of the methods enrolled: the one picked by hand, or the
// first.
func enrollOne(f Facts, methods []string) (Step, bool) {
	if slices.ContainsFunc(methods, func(m string) bool { return f.Flow.Pending[m].Confirmed }) {
		return Step{}, false
	}
	able := slices.DeleteFunc(slices.Clone(methods), func(m string) bool {
		_, ok := f.Methods.Get(m).(Enroller)
		return !ok
	})
	step := ask(f, able)
	if step.Dead == "" {
		step.Page, step.Enroll = f.Methods.Get(step.Method).(Enroller).EnrollPage(), true
	}
	return step, true
}
