package recovery

import (
	"slices"
	"time"
)

// knownDevice asks another browser of the account in addition, where the policy wants
// that and there is one that could answer now. Where there is none it asks the factor
// and something that is neither of the two, so that a lost laptop locks nobody out.
func knownDevice(f Facts) (Step, bool) {
	factors := f.Methods.expand(Factor)
	switch {
	case !f.Policy.KnownDevice, f.Near, f.Device.Known(f.Now), f.Flow.Has(OtherDevice):
		return Step{}, false
	case f.answerable():
		return oneOf(f, []string{OtherDevice})
	case f.Methods.HasFactor(f.Account) && !slices.ContainsFunc(factors, f.Flow.Has):
		return orNoDevice(oneOf(f, factors))
	}
	return orNoDevice(oneOf(f, []string{MailCode, RecoveryCode}))
}

// orNoDevice says what helps somebody who can show nothing of what is asked instead.
func orNoDevice(s Step, missing bool) (Step, bool) {
	if s.Dead != "" {
		s.Dead = ProblemNoKnownDevice
	}
	return s, missing
}

// answerable tells whether another browser could let this one in now. For a day after
// a recovery or rescue none is waited for: its owner may not have them any more.
func (f Facts) answerable() bool {
	lately := f.Now.Before(f.Account.Recovered.Add(admittedFor))
	return f.Methods.Get(OtherDevice) != nil && !lately && f.Account.Approver(f.Device, f.Now)
}

// NoWayIn tells whether nothing is left that would sign an account in on a new
// browser, where the policy asks for a known one: neither another browser, nor the
// mailbox, nor a code.
func (p *Policy) NoWayIn(m *Methods, a *Account, now time.Time) bool {
	f := Facts{Account: a, Policy: p, Methods: m, Now: now}
	return p.KnownDevice && !f.answerable() && !m.ready(MailCode, a, now) && !m.ready(RecoveryCode, a, now)
}
