package engine

import (
	"context"

	"github.com/caddy-sparekey/sparekey/recovery"
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
func (e *Engine) CorrectMail(ctx context.Context, by *recovery.Account, person, mail, reason string, c recovery.Client) error {
	reason, err := e.accountable(by, person, reason)
	if err != nil {
		return err
	}
	to, err := recovery.CanonicalMail(mail)
	if err != nil {
		return recovery.ErrBadMail
	}
	if err := e.claimOne(ctx, recovery.ByMail(to), person); err != nil {
		return err
	}
	a, err := e.edit(ctx, person, func(a *recovery.Account) error { return a.ReplaceMail(to, e.Now(), e.Policy.Lifetimes) })
	if err != nil {
		return err
	}
	e.audit(recovery.Event{Name: recovery.EventContactChanged, Account: a.ID, Person: a.Name, Detail: "by " + by.Name + ": " + reason})
	if a.State != recovery.StateInvited {
		e.notice(ctx, a, recovery.EventContactChanged, c)
	}
	return e.enlist(ctx, a)
}
