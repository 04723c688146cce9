package recovery

import (
	"slices"
	"time"
)

// Freeze closes an account because of a notice sent at the time told, and
// decides which recovery codes can open it again. Codes made by the change, or
// by one shortly before it, cannot. No code can if one was used lately, because
// somebody else may have the sheet. New addresses, people who may vouch, PIN
// and question are dropped too, as they decide about opening. Freezing again
// loosens nothing.
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
