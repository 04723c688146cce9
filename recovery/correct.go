package recovery

import (
	"context"
	"time"
)

// CorrectMail gives somebody another mail address who can prove neither the old
// one nor anything else. An administrator answers for it, and nobody has shown
// that the new one is theirs: it counts after Lifetimes.NewContact (72 h) only.
// Until then the old one is used, and every channel is told with a link that
// takes it back and closes the account (MF-19). An account nobody has opened
// yet has no owner to ask: there the new one counts at once, and the invitation
// that went to the old one is void.
//
// Errors: [ErrNotAllowed] on one's own account, on probation and on closed or
// disabled accounts; [ErrReason]; [ErrBadMail]; [ErrSameAddress];
// [ErrAddressTaken].
func (e *Engine) CorrectMail(ctx context.Context, by *Account, person, mail, reason string, c Client) error {
	reason, err := e.accountable(by, person, reason)
	if err != nil {
		return err
	}
	to, err := CanonicalMail(mail)
	if err != nil {
		return ErrBadMail
	}
	if err := e.claimOne(ctx, identifier{"mail", to}, person); err != nil {
		return err
	}
	a, err := e.edit(ctx, person, func(a *Account) error { return a.correct(to, e.Now(), e.Policy.Lifetimes) })
	if err != nil {
		return err
	}
	e.audit(Event{Name: EventContactChanged, Account: a.ID, Person: a.Name, Detail: "by " + by.Name + ": " + reason})
	if a.State != StateInvited {
		e.notice(ctx, a, EventContactChanged, c)
	}
	return e.enlist(ctx, a)
}

func (a *Account) correct(mail string, now time.Time, l Lifetimes) error {
	switch {
	case a.Address(ChannelMail, now) == mail:
		return ErrSameAddress
	case a.State == StateActive:
		a.replaceContact(Contact{Channel: ChannelMail, Address: mail, Counts: now.Add(l.NewContact), Given: true}, now)
	case a.State == StateInvited:
		a.replaceContact(Contact{Channel: ChannelMail, Address: mail, Counts: now}, now)
		a.trim(now)
		a.raise()
		a.Invited = time.Time{}
	default:
		return ErrNotAllowed
	}
	return nil
}
