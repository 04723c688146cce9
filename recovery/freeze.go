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
		a.UnfreezeWith = nil
		c := a.Credential(RecoveryCode)
		switch {
		case now.Before(a.CodeUsed.Add(l.Notice)):
		case a.OldCodes != nil && now.Before(a.OldCodes.Until):
			a.UnfreezeWith = &OldCodes{Until: a.OldCodes.Until, Codes: slices.Clone(a.OldCodes.Codes)}
		case c != nil && (c.Initial || c.Created.Before(lately)):
			a.UnfreezeWith = &OldCodes{Codes: slices.Clone(c.Data)}
		}
	}
	a.undoAddresses(now, l)
	a.TrustedContacts = slices.DeleteFunc(a.TrustedContacts, func(v TrustedContact) bool { return !v.Since.Before(lately) })
	a.Credentials = slices.DeleteFunc(a.Credentials, func(c Credential) bool {
		return (c.Method == PIN || c.Method == SecurityQuestion) && !c.Created.Before(lately)
	})
	a.State = StateFrozen
	a.EndEverything()
	a.UntrustDevices()
}
