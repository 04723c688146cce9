package recovery

import (
	"slices"
	"time"
)

// KindLogin signs somebody in.
const KindLogin Kind = "login"

func loginRecipe() Recipe {
	return Recipe{
		Kind: KindLogin, Anyone: true, States: []State{StateActive, StateFrozen, StateLeaving}, Opens: true,
		Needs: []Need{who(PageSignIn), firstFactor, unclosed, secondFactor, knownDevice, longEnough}, Finish: End.login,
		After: After{To: ToReturn},
	}
}

// login signs in: the device becomes known, the session begins.
func (end End) login(a *Account, eff *Effects) {
	end.lengthen(a, eff)
	if end.near(a) {
		end.enterNear(a, eff)
		return
	}
	if a.stay() {
		eff.Done(EventKept)
	}
	a.SignIns++
	known := a.Device(end.Client.Device)
	skips := end.byTrust(a, known)
	if skips {
		eff.Shown = append(slices.Clone(eff.Shown), Proof{Method: TrustedBrowser, At: end.Now})
	}
	device := end.meet(a, eff)
	if skips && device.skipped(end.Client.Device, end.Skip, end.Now) {
		eff.Device = remark(end.Client.Device, mark{end.token(device), end.Skip})
	}
	end.trust(a, device, eff)
	if !end.Methods.HasFactor(a) {
		a.Waits = nil // with a second factor its proof does that
	}
	end.ripenCodes(a)
	// A full sign-in is the owner's: it ends the ban on a recovered password.
	if c := a.Credential(Password); c != nil && end.Flow.Has(Password) && end.factorProved() {
		c.NoProofUntil = time.Time{}
	}
	switch {
	case end.admit(a, device, eff):
	case known == nil && len(a.Devices) > 1:
		eff.Done(EventNewDevice)
	}
	eff.Events = append(eff.Events, EventLogin)
	end.remindDrill(a, eff)
	// The session this browser had until now ends with the new one (SE-01).
	_, before := SplitSession(end.Client.Session)
	a.Sessions = slices.DeleteFunc(a.Sessions, func(s Session) bool { return s.GoesBy(before, end.Now) })
	end.issue(a, device, eff)
}

// longEnough needs another password in place of one that was brought along and is
// shorter than the rule. It takes what a change takes: a second factor in this flow,
// where there is one. A sign-in of one factor in a network asks for neither, and changes
// nothing.
func longEnough(f Facts) (Step, bool) {
	if !f.Flow.short() {
		return Step{}, false
	}
	if step, missing := Strong(f); missing {
		return step, !f.Near
	}
	return Enrolled(Password)(f)
}

// lengthen puts the longer password in, and ends all other sign-ins.
func (end End) lengthen(a *Account, eff *Effects) {
	if end.Flow.short() && end.Flow.Pending[Password].Confirmed {
		end.Install(a, Password)
		a.endButKeys()
		a.UntrustDevices()
		eff.Done(EventPasswordChanged)
	}
}

// byTrust tells whether the second factor was not asked for because the browser
// is trusted.
func (end End) byTrust(a *Account, known *Device) bool {
	return end.Methods.HasFactor(a) && !end.factorProved() && !end.Flow.Has(RecoveryCode) && !end.Flow.Has(OtherDevice) && known.Skips(end.Client.Device, end.Now, end.Policy)
}

// trust keeps what was ticked. Where the policy trusts no browser, what was
// given before ends here, so that it is not back with another policy.
func (end End) trust(a *Account, device *Device, eff *Effects) {
	switch life := end.Policy.Lifetimes.Remembered; {
	case life <= 0:
		a.UntrustDevices()
	case end.Flow.Trust:
		device.remember(end.Skip, end.Now.Add(life), end.Now)
		eff.Device, eff.Trusted = remark(end.Client.Device, mark{end.token(device), end.Skip}), true
	}
}

// firstFactor needs the password, or a proof that stands for both factors.
func firstFactor(f Facts) (Step, bool) {
	alone := slices.ContainsFunc(f.Flow.Proofs, func(p Proof) bool { return p.Alone })
	return Step{Page: PageSignIn, Method: Password}, !f.Flow.Has(Password) && !alone
}

// unclosed refuses an account that a notice has closed, and says so to whom has
// shown the first factor: its owner has to open it.
func unclosed(f Facts) (Step, bool) {
	return Step{Page: PageSignIn, Dead: ProblemClosed}, f.Account.State == StateFrozen
}

// secondFactor asks for the second factor or a recovery code. An account
// without a second factor is asked for a mailed code when the browser is
// unknown. An SMS code is offered beside that only, since SMS must never be the
// only method.
func secondFactor(f Facts) (Step, bool) {
	if f.Methods.HasFactor(f.Account) {
		near := f.Near && f.Account.State != StateLeaving // one factor keeps no account
		if near || f.Device.Skips(f.Client.Device, f.Now, f.Policy) {
			return Step{}, false
		}
		return oneOf(f, f.orDevice(append(f.Methods.expand(Factor), RecoveryCode)))
	}
	if f.Device.Known(f.Now) || !f.Methods.ready(MailCode, f.Account, f.Now) {
		return Step{}, false // the account could not pass a check: it is let in and known browsers are told
	}
	return oneOf(f, f.orDevice([]string{MailCode, SMSCode}))
}
