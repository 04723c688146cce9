package recovery

import (
	"slices"
	"strings"
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
	case a.Source(ChannelMail, now).Value == mail, a.State != StateActive && a.Address(ChannelMail, now) == mail:
		return ErrSameAddress
	case a.State == StateActive:
		a.replaceAddress(Address{Channel: ChannelMail, Value: mail, ValidFrom: now.Add(l.NewContact), Unproven: true}, now, l)
	case a.State == StateInvited:
		a.replaceAddress(Address{Channel: ChannelMail, Value: mail, ValidFrom: now, Answered: AnsweredNo}, now, l)
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

// AddAddresses adds addresses that somebody typed; empty ones are left out. They
// count when a code has come back from there.
func (a *Account) AddAddresses(mail, phone string) {
	if mail != "" {
		a.Addresses = append(a.Addresses, Address{Channel: ChannelMail, Value: mail, Answered: AnsweredNo})
	}
	if phone != "" {
		a.Addresses = append(a.Addresses, Address{Channel: ChannelSMS, Value: phone, Answered: AnsweredNo})
	}
}

// Counts reports whether the address proves something, and whether its owner is
// taken to hear what is sent there. A typing error that nobody has answered is
// somebody else's mailbox.
func (c Address) Counts() bool { return c.Answered == AnsweredYes || c.Answered == AnsweredUnknown }

// Closes reports whether notices sent there carry a "this wasn't me" link. Where
// an administrator gave the address, that waits for the first code.
func (c Address) Closes() bool { return c.Counts() && (c.Answered == AnsweredYes || !c.Unproven) }

// Source is the address for a channel that proves something now; zero if there
// is none.
func (a *Account) Source(channel string, now time.Time) Address {
	if c := a.current(channel, now); c.Counts() {
		return c
	}
	return Address{}
}

// Unconfirmed is the address for a channel that is used now and from which no
// code has come back; zero if there is none.
func (a *Account) Unconfirmed(channel string, now time.Time) Address {
	if c := a.current(channel, now); c.Answered != AnsweredYes {
		return c
	}
	return Address{}
}

// asked notes that a code was asked for at every address of a new account: what
// has not answered does not count. An older version may have invited it.
func (a *Account) asked() {
	for i := range a.Addresses {
		if a.Addresses[i].Answered == AnsweredUnknown {
			a.Addresses[i].Answered = AnsweredNo
		}
	}
}

// Confirm notes that a code has come back from an entry of the list, and so from
// every entry with that address.
func (a *Account) Confirm(entry string) {
	i := slices.IndexFunc(a.Addresses, func(c Address) bool { return c.Entry() == entry })
	if i < 0 {
		return
	}
	for j, c := range a.Addresses {
		if c.Channel == a.Addresses[i].Channel && c.Value == a.Addresses[i].Value {
			a.Addresses[j].Answered = AnsweredYes
		}
	}
}

// Mask hides most of an address: a•••@example.org, •••••42.
func Mask(address string) string {
	if name, host, ok := strings.Cut(address, "@"); ok {
		r := []rune(name)
		return string(r[:min(1, len(r))]) + "•••@" + host
	}
	if n := len(address); n > 2 {
		return "•••••" + address[n-2:]
	}
	return ""
}
