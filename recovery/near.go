package recovery

import "slices"

// near tells that fewer factors were shown than the account has, because the gate
// asks for one in the network of this browser.
func (end End) near(a *Account) bool {
	alone := func(p Proof) bool { return p.Alone }
	return end.Client.OneFactor() && end.Methods.HasFactor(a) && !end.factorProved() && !end.Flow.Has(RecoveryCode) && !end.Flow.Has(OtherDevice) &&
		!slices.ContainsFunc(end.Flow.Proofs, alone) && !a.Device(end.Client.Device).Skips(end.Client.Device, end.Now, end.Policy)
}

// enterNear begins a session of one factor. It makes no browser known or
// remembered, ends no session of others, no row of wrong passwords and no wait, is
// no act of the owner and no proof for anything, and opens what is in that network
// only.
func (end End) enterNear(a *Account, eff *Effects) {
	own := func(s Session) bool {
		_, sum := SplitSession(end.Client.Session)
		return s.Near && s.GoesBy(sum, end.Now)
	}
	a.Sessions = slices.DeleteFunc(a.Sessions, own)
	end.Flow.Remember = false
	end.issue(a, &Device{}, eff)
	a.Sessions[len(a.Sessions)-1].Near = true
	eff.Near = true
	eff.Events = append(eff.Events, EventLogin)
}

// complete makes a whole session of one of one factor, when the second was shown.
func (end End) complete(a *Account, s *Session, eff *Effects) {
	if s.Near && end.Methods.HasFactor(a) && slices.ContainsFunc(end.Flow.Proofs, end.Methods.second) {
		known := a.Device(end.Client.Device)
		s.Near, s.Device = false, end.meet(a, eff).ID
		if known == nil && len(a.Devices) > 1 {
			eff.Done(EventNewDevice)
		}
	}
}
