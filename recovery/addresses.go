package recovery

import (
	"slices"
	"time"
)

// replaceContact adds a contact. The one before is used until the new one
// counts.
func (a *Account) replaceContact(c Contact, now time.Time) {
	a.Contacts = slices.DeleteFunc(a.Contacts, func(x Contact) bool { return x.Channel == c.Channel && now.Before(x.Counts) })
	for i := range a.Contacts {
		if a.Contacts[i].Channel == c.Channel {
			a.Contacts[i].Until = c.Counts
		}
	}
	a.Contacts = append(a.Contacts, c)
}

// undoContacts removes every address and number that does not count yet, and
// keeps those they were to replace. Contacts that were fully replaced before
// stay replaced.
func (a *Account) undoContacts(now time.Time) {
	a.Contacts = slices.DeleteFunc(a.Contacts, func(c Contact) bool { return now.Before(c.Counts) })
	for i := range a.Contacts {
		if now.Before(a.Contacts[i].Until) {
			a.Contacts[i].Until = time.Time{}
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
		a.replaceContact(Contact{Channel: ChannelMail, Address: mail, Counts: now.Add(l.NewContact), Given: true}, now)
	case a.State == StateInvited:
		a.replaceContact(Contact{Channel: ChannelMail, Address: mail, Counts: now}, now)
		a.trim(now)
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
func (a *Account) NoticeAddresses(now time.Time) []Contact {
	return slices.DeleteFunc(slices.Clone(a.Contacts), func(c Contact) bool {
		return !c.Until.IsZero() && !now.Before(c.Until) || c.Given && now.Before(c.Counts)
	})
}

// AddAddresses adds addresses that count at once; empty ones are left out.
func (a *Account) AddAddresses(mail, phone string) {
	if mail != "" {
		a.Contacts = append(a.Contacts, Contact{Channel: ChannelMail, Address: mail})
	}
	if phone != "" {
		a.Contacts = append(a.Contacts, Contact{Channel: ChannelSMS, Address: phone})
	}
}
