package recovery

import (
	"slices"
	"time"
)

// Prepared reports whether what a step shows has been made. It has not when the
// policy has changed since the flow's last form: no form of that page was meant
// for this step, and a page without writing cannot show it.
func (f *Flow) Prepared(s Step) bool {
	switch {
	case s.Enroll:
		_, made := f.Pending[s.Method]
		return made
	case Bare(s.Method) == VouchedBy:
		return f.Ask != ""
	}
	return !s.Done
}

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
	Until   time.Time // PageWait: when the wait is over; zero: it has not begun
	Enroll  bool      // Method is to be enrolled, not proved
	Dead    string    // a problem key: nothing leads on from here
	Done    bool
}

// Need is one row of a recipe: it returns the step that is missing, or false
// when it is met. Needs do not refer to each other.
type Need func(f Facts) (Step, bool)

// who needs an account to be named, or a stand-in for an unknown name.
func who(page string) Need {
	return func(f Facts) (Step, bool) {
		return Step{Page: page, Method: Password}, f.Account == nil
	}
}

// strong asks for the account's second factor or a recovery code in this very
// flow; without a second factor the password stands for it.
func strong(f Facts) (Step, bool) {
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

// NeedSettled refuses changes while the account is on probation (MF-06).
func NeedSettled(f Facts) (Step, bool) {
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
	page := PageWait
	if method != Waiting {
		page = f.Methods.Get(method).Traits().Page
	}
	return Step{Page: page, Method: method, Methods: others}
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
