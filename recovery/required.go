package recovery

import (
	"encoding/json"
	"slices"
)

// Requires tells whether an account must have a second factor. An administrator
// always must, and so must the first account, which will be one.
func (p *Policy) Requires(a *Account) bool {
	return a.State == "" || a.Admin() || len(p.FactorFor) == 0 || slices.ContainsFunc(a.Groups, func(g string) bool {
		return slices.Contains(p.FactorFor, g)
	})
}

// Barred lists the groups of an account that open nothing before it has a second
// factor, because their members must have one; all tells that nothing opens, because
// everybody must.
func (p *Policy) Barred(m *Methods, a *Account) (groups []string, all bool) {
	if m.HasFactor(a) {
		return nil, false
	}
	return slices.DeleteFunc(slices.Clone(a.Groups), func(g string) bool {
		return g != GroupAdmins && !slices.Contains(p.FactorFor, g)
	}), len(p.FactorFor) == 0
}

// Lone is a method whose credential may be too weak for an account that has nothing
// else to sign in with.
type Lone interface {
	Method
	// Suffices reads that out of the stored data. What it cannot tell is no.
	Suffices(data json.RawMessage) bool
}

// suffices tells whether a credential may stand alone.
func (m *Methods) suffices(method string, data json.RawMessage) bool {
	x, ok := m.Get(method).(Lone)
	return ok && x.Suffices(data)
}

// factorPlan asks people who may go without a second factor whether they make one,
// before the password: how long that must be hangs on it.
func factorPlan(f Facts) (Step, bool) {
	here := enrollable(f, f.Methods.expand(Factor))
	if f.Policy.Requires(f.Account) || f.Flow.Chosen == Later || slices.Contains(here, f.Flow.Chosen) {
		return Step{}, false
	}
	return Step{Page: PageChoice, Ask: AskFactor, Methods: append(here, Later)}, true
}

// planned needs a new password that is long enough for what was chosen. Whoever
// chooses to go without a second factor afterwards may need another one.
func planned(f Facts) (Step, bool) {
	p := f.Flow.Pending[Password]
	if p.Confirmed && (f.Flow.Chosen != Later || f.Methods.suffices(Password, p.Data)) {
		return Step{}, false
	}
	return enroll(f, Password), true
}

// standsAlone needs a password that is long enough with nothing beside it.
func standsAlone(f Facts) (Step, bool) {
	c, p := f.Account.Credential(Password), f.Flow.Pending[Password]
	if c != nil && f.Methods.suffices(Password, c.Data) || p.Confirmed && f.Methods.suffices(Password, p.Data) {
		return Step{}, false
	}
	return enroll(f, Password), true
}

// aloneIfLater is standsAlone for who has chosen to make no second factor.
func aloneIfLater(f Facts) (Step, bool) {
	if f.Flow.Chosen != Later {
		return Step{}, false
	}
	return standsAlone(f)
}

// factorOrLater is newFactor for people who may go without one.
func factorOrLater(f Facts) (Step, bool) {
	if f.Policy.Requires(f.Account) {
		return newFactor(f)
	}
	if f.Flow.Chosen == Later {
		return Step{}, false
	}
	step, missing := newFactor(f)
	step.Methods = append(step.Methods, Later)
	return step, missing
}
