package recovery

import (
	"slices"
	"time"
)

// Freeze closes an account because of a notice sent at the time told, and
// decides which recovery codes could open it again: never any that the change,
// or another shortly before it, could have put there, and none at all when a
// code was used lately, for then somebody else may hold the sheet. With it goes
// all else that could decide about opening: new addresses, people who may
// vouch, a PIN or question. Freezing again loosens nothing.
func (a *Account) Freeze(told, now time.Time, l Lifetimes) {
	lately := told.Add(-l.RecoveredBan)
	if a.State != StateFrozen {
		a.Thaw = nil
		c := a.Credential(RecoveryCode)
		switch {
		case now.Before(a.CodeUsed.Add(l.Notice)):
		case a.Before != nil && now.Before(a.Before.Until):
			a.Thaw = &Before{Until: a.Before.Until, Codes: slices.Clone(a.Before.Codes)}
		case c != nil && (c.Initial || c.Created.Before(lately)):
			a.Thaw = &Before{Codes: slices.Clone(c.Data)}
		}
	}
	a.undoContacts(now)
	a.Vouchers = slices.DeleteFunc(a.Vouchers, func(v Voucher) bool { return !v.Since.Before(lately) })
	a.Credentials = slices.DeleteFunc(a.Credentials, func(c Credential) bool {
		return (c.Method == PIN || c.Method == SecurityQuestion) && !c.Created.Before(lately)
	})
	a.State = StateFrozen
	a.EndEverything()
	a.forget()
}
