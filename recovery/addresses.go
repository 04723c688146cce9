package recovery

import (
	"slices"
	"time"
)

// replaceContact lets the one before go on until the new one counts.
func (a *Account) replaceContact(c Contact, now time.Time) {
	a.Contacts = slices.DeleteFunc(a.Contacts, func(x Contact) bool { return x.Channel == c.Channel && now.Before(x.Counts) })
	for i := range a.Contacts {
		if a.Contacts[i].Channel == c.Channel {
			a.Contacts[i].Until = c.Counts
		}
	}
	a.Contacts = append(a.Contacts, c)
}

// undoContacts takes back every address and number that does not count yet, and
// gives those they were to replace their place again. What was replaced longer
// ago stays replaced.
func (a *Account) undoContacts(now time.Time) {
	a.Contacts = slices.DeleteFunc(a.Contacts, func(c Contact) bool { return now.Before(c.Counts) })
	for i := range a.Contacts {
		if now.Before(a.Contacts[i].Until) {
			a.Contacts[i].Until = time.Time{}
		}
	}
}

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

// NoticeAddresses lists where the owner is told of things: all addresses and numbers,
// but not those replaced for good, which are somebody else's by now.
func (a *Account) NoticeAddresses(now time.Time) []Contact {
	return slices.DeleteFunc(slices.Clone(a.Contacts), func(c Contact) bool {
		return !c.Until.IsZero() && !now.Before(c.Until) || c.Given && now.Before(c.Counts)
	})
}

func (a *Account) AddAddresses(mail, phone string) {
	if mail != "" {
		a.Contacts = append(a.Contacts, Contact{Channel: ChannelMail, Address: mail})
	}
	if phone != "" {
		a.Contacts = append(a.Contacts, Contact{Channel: ChannelSMS, Address: phone})
	}
}
