package recovery

import (
	"slices"
	"time"
)

// Freeze closes an account because of a notice sent at the time told, and
// decides which sheet of recovery codes can open it again: the one that counts,
// if it is older than what was told. No code can if one was used lately, because
// somebody else may have the sheet. New addresses, people who may vouch, PIN and
// question are dropped too, as they decide about opening, and the access keys made
// since, as whoever made the change may have made them. Freezing again loosens
// nothing.
func (a *Account) Freeze(told, now time.Time, l Lifetimes) {
	a.stay()
	if a.State != StateFrozen {
		a.ClosedFor, a.UnfreezeWith = told, nil
		if !now.Before(a.CodeUsed.Add(l.Notice)) {
			a.UnfreezeWith = a.opening()
		}
	}
	if told.Before(a.ClosedFor) {
		a.ClosedFor = told
	}
	if o := a.UnfreezeWith; o != nil && !o.Made.Before(a.ClosedFor) {
		a.UnfreezeWith = nil
	}
	lately := told.Add(-l.RecoveredBan)
	a.undoAddresses(now, l)
	a.TrustedContacts = slices.DeleteFunc(a.TrustedContacts, func(v TrustedContact) bool { return !v.Since.Before(lately) })
	a.Credentials = slices.DeleteFunc(a.Credentials, func(c Credential) bool {
		return (c.Method == PIN || c.Method == SecurityQuestion) && !c.Created.Before(lately)
	})
	a.dropKeysSince(told)
	a.putFactorBack(now)
	a.State = StateFrozen
	a.EndEverything()
	a.UntrustDevices()
}

// Interrupt ends all that may have begun with a notice, and leaves the account
// open: sign-ins, recoveries, waits, cases, addresses that do not count yet, and
// browsers that another one let in. A second factor that was taken off is back, and an
// account that was given up stays.
func (a *Account) Interrupt(now time.Time, l Lifetimes) {
	a.stay()
	a.undoAddresses(now, l)
	a.putFactorBack(now)
	a.EndEverything()
	a.UntrustDevices()
	a.Devices = slices.DeleteFunc(a.Devices, func(d Device) bool { return !d.Admitted.IsZero() })
}

// opening is the sheet that would open the account if it were closed; nil: none.
func (a *Account) opening() *OldCodes {
	if c := a.Credential(RecoveryCode); c != nil && (c.Initial || c.Opens) {
		return &OldCodes{Made: c.Created, Codes: slices.Clone(c.Data)}
	}
	return a.OldCodes
}
