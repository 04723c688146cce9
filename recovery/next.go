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
	Until   time.Time // PageWait: when the wait is over; zero: it has not begun
	Enroll  bool      // Method is to be enrolled, not proved
	Dead    string    // a problem key: nothing leads on from here
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
		KindRecover:        {who(PageRecover), firstProof, asked(SecurityQuestion, KindRecover), goal, rest, renewed},
		KindSetup:          {ticket(SetupTicket, PageSetup), named, enrolled(Password), enrolled(TOTP), enrolled(RecoveryCode)},
		KindActivate:       {ticket(Invite, PageActivate), enrolled(Password), enrolled(TOTP), enrolled(RecoveryCode)},
		KindChangePassword: {proved(Password), asked(PIN, KindChangePassword), strong, enrolled(Password)},
		KindAddFactor:      {settled, strong, enrolled(TOTP), enrolled(RecoveryCode)},
		KindNewCodes:       {settled, strong, enrolled(RecoveryCode)},
		KindUnlock:         {who(PageRecover), unlocking},
		KindChangeMail:     {settled, strong, address, proved(NewContact)},
		KindChangePhone:    {settled, strong, address, proved(NewContact)},
		KindSetPIN:         {settled, strong, enrolled(PIN)},
		KindSetQuestion:    {settled, strong, enrolled(SecurityQuestion)},
		KindAddContact:     {settled, strong, somebody},
		KindVouch:          {settled, request, strong, consent},
		KindOpenCase:       {admin, settled, strong, because, handed},
		KindStepUp:         {strong},
		KindDrill:          {trial},
		KindDrillContact:   {proved(VouchedBy)},
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
// code), and one without for the mailbox when the browser is unknown; for its
// number only as another way, since SMS is never all there is.
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
	return oneOf(f, []string{MailCode, SMSCode})
}

// strong asks for the account's second factor or a recovery code in this very
// flow; without a second factor the password stands for it.
func strong(f Facts) (Step, bool) {
	if f.Methods.hasFactor(f.Account) {
		return oneOf(f, append(f.Methods.expand(Factor), RecoveryCode))
	}
	return oneOf(f, []string{Password})
}

// asked needs an additional answer where the operator wants one and the
// account has one. It only ever adds to what is needed.
func asked(method string, kind Kind) Need {
	return func(f Facts) (Step, bool) {
		if f.Flow.Has(method) || !slices.Contains(f.Policy.Ask[method], kind) || !f.Methods.ready(method, f.Account, f.Now) {
			return Step{}, false
		}
		return ask(f, []string{method}), true
	}
}

// address needs the new mail address or number.
func address(f Facts) (Step, bool) {
	if f.Flow.Kind == KindChangePhone {
		return Step{Page: PageConfirm, Method: string(KindChangePhone)}, f.Flow.Phone == ""
	}
	return Step{Page: PageConfirm, Method: string(KindChangeMail)}, f.Flow.Mail == ""
}

// somebody needs the name of another person here.
func somebody(f Facts) (Step, bool) {
	return Step{Page: PageConfirm, Method: string(KindAddContact)}, f.Flow.Person == ""
}

// request needs the code of a pending request to vouch.
func request(f Facts) (Step, bool) {
	return Step{Page: PageConfirm, Method: "approve"}, f.Flow.Vouch == ""
}

// trial needs one right recovery code, which is not used up.
func trial(f Facts) (Step, bool) {
	return Step{Page: PageConfirm, Method: string(KindDrill)}, f.Flow.Reason == ""
}

// consent needs the last click.
func consent(f Facts) (Step, bool) {
	return Step{Page: PageConfirm, Method: "vouch"}, f.Flow.Reason == ""
}

// admin needs a member of the group that manages accounts.
func admin(f Facts) (Step, bool) {
	return Step{Page: PageRefused, Dead: ProblemNotAvailable}, !f.Account.Admin()
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
	page := PageWait
	if method != waiting {
		page = f.Methods.Get(method).Traits().Page
	}
	return Step{Page: page, Method: method, Methods: others}
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
		for _, w := range p.Read(g, methods.has(ChannelMail)) {
			for _, name := range methods.beginnings(w) {
				if !slices.Contains(out, name) {
					out = append(out, name)
				}
			}
		}
	}
	return out
}

// beginnings lists what a way can begin with; nothing when it cannot be walked
// to its end here. People are asked first only where no other proof of the way
// could be: a stranger who claims to be somebody should have to show something
// before others are asked to believe it.
func (m *Methods) beginnings(w Way) []string {
	var out, last []string
	for _, name := range w.Proofs {
		if !slices.ContainsFunc(m.expand(name), m.offered) {
			return nil
		}
		switch x := m.Get(name); {
		case x == nil || !x.Traits().First:
		case kindOf(name) == VouchedBy:
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

// unlocking asks for one thing a stranger at the sign-in page does not have.
func unlocking(f Facts) (Step, bool) {
	if len(f.Flow.Proofs) > 0 {
		return Step{}, false
	}
	var offered []string
	for _, m := range []string{MailLink, RecoveryCode} {
		if f.Methods.offered(m) {
			offered = append(offered, m)
		}
	}
	return ask(f, offered), true
}

func goals() []Goal { return []Goal{GoalPassword, GoalSecondFactor, GoalBoth} }

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
