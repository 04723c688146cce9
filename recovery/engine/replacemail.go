package engine

import (
	"context"
	"errors"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// ReplaceMail sets another mail address for a person who can prove neither the
// old one nor anything else. Nobody has proved the new one, so it counts after
// Lifetimes.NewContact (72 h). Until then the old one is used, and every
// channel is notified with a link that undoes the change and freezes the
// account (MF-19). An invited account has no owner yet: the new address counts
// at once, and the invitation sent to the old one is void.
//
// Errors: [recovery.ErrNotAllowed] on one's own account, on probation and on
// frozen or disabled accounts; [recovery.ErrReason]; [recovery.ErrBadMail];
// [recovery.ErrSameAddress]; [recovery.ErrAddressTaken].
func (e *Engine) ReplaceMail(ctx context.Context, by *recovery.Account, person, mail, reason string, c recovery.Client) error {
	reason, err := e.accountable(by, person, reason)
	if err != nil && !errors.Is(err, recovery.ErrReason) {
		return err
	}
	to, bad := recovery.CanonicalMail(mail)
	if bad != nil {
		bad = recovery.ErrBadMail
	}
	if err := errors.Join(bad, err); err != nil {
		return err
	}
	if err := e.claimOne(ctx, recovery.ByMail(to), person); err != nil {
		return err
	}
	ev := e.administered(ctx, recovery.EventContactChanged, by, reason)
	a, err := e.editOwing(ctx, person, func(a *recovery.Account) error {
		old := a.Address(recovery.ChannelMail, e.Now())
		if err := a.ReplaceMail(to, e.Now(), e.Policy.Lifetimes); err != nil {
			return err
		}
		if a.State != recovery.StateInvited {
			thing := recovery.Thing{Channel: recovery.ChannelMail, Old: recovery.Mask(old), New: recovery.Mask(to)}
			e.oweAdmin(By(ctx, Actor{Base: c.Base}), a, recovery.EventContactChanged, thing)
		}
		return e.enter(a, &ev)
	})
	if err != nil {
		return err
	}
	e.say(ev)
	e.deliver(ctx, a)
	return e.updateDirectory(ctx, a)
}
