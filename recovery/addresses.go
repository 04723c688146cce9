package recovery

import (
	"slices"
	"time"
)

// replaceAddress adds a contact. The one before is used until the new one
// counts. One that did not count yet is withdrawn.
func (a *Account) replaceAddress(c Address, now time.Time, l Lifetimes) {
	a.withdraw(now, l, c.Unproven, func(x Address) bool { return x.Channel == c.Channel })
	for i := range a.Addresses {
		if a.Addresses[i].Channel == c.Channel {
			a.Addresses[i].ValidUntil = c.ValidFrom
		}
	}
	a.Addresses = append(a.Addresses, c)
}

// undoAddresses removes every address and number that does not count yet, and
// keeps those they were to replace. Contacts that were fully replaced before
// stay replaced.
func (a *Account) undoAddresses(now time.Time, l Lifetimes) {
	a.withdraw(now, l, true, func(Address) bool { return true })
	for i := range a.Addresses {
		if now.Before(a.Addresses[i].ValidUntil) {
			a.Addresses[i].ValidUntil = time.Time{}
		}
	}
}

// ReplaceMail sets an address that an administrator gave. In an active account
// it counts after l.NewContact, in an invited one at once.
func (a *Account) ReplaceMail(mail string, now time.Time, l Lifetimes) error {
	switch {
	case a.Address(ChannelMail, now) == mail:
		return ErrSameAddress
	case a.State == StateActive:
		a.replaceAddress(Address{Channel: ChannelMail, Value: mail, ValidFrom: now.Add(l.NewContact), Unproven: true}, now, l)
	case a.State == StateInvited:
		a.replaceAddress(Address{Channel: ChannelMail, Value: mail, ValidFrom: now}, now, l)
		a.DropExpired(now)
		a.EndEverything()
		a.Invited = time.Time{}
	default:
		return ErrNotAllowed
	}
	return nil
}

// NoticeAddresses lists the addresses and numbers that get notices. Replaced
// addresses are left out: they may belong to somebody else now. So are
// addresses that an administrator gave, until they count: nobody has proved
// them.
func (a *Account) NoticeAddresses(now time.Time) []Address {
	return slices.DeleteFunc(slices.Clone(a.Addresses), func(c Address) bool {
		return !c.ValidUntil.IsZero() && !now.Before(c.ValidUntil) || c.Unproven && now.Before(c.ValidFrom)
	})
}

// AddAddresses adds addresses that count at once; empty ones are left out.
func (a *Account) AddAddresses(mail, phone string) {
	if mail != "" {
		a.Addresses = append(a.Addresses, Address{Channel: ChannelMail, Value: mail})
	}
	if phone != "" {
		a.Addresses = append(a.Addresses, Address{Channel: ChannelSMS, Value: phone})
	}
}
