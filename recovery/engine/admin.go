package engine

import (
	"context"
	"errors"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Edit does something to somebody's account, in one write, with the notice that the
// person gets of it. All that administrators and commands do to accounts comes
// through here. Errors: [recovery.ErrNotAllowed] on one's own account, on probation,
// and where the state of the account does not allow it; [recovery.ErrReason];
// [recovery.ErrLastAdmin]; [recovery.ErrNoAccount]; [recovery.ErrSecond] when another
// administrator has to agree first; [recovery.ErrNoSecond]; or what is wrong with what is set.
func (e *Engine) Edit(ctx context.Context, by Authority, person string, x recovery.Edit, reason string) (*recovery.Account, error) {
	ctx = by.acting(ctx)
	reason, err := e.accountable(by, person, reason)
	if err != nil && !errors.Is(err, recovery.ErrReason) {
		return nil, err
	}
	x, wrong := x.Canonical()
	if err := errors.Join(wrong, err); err != nil {
		return nil, err
	}
	who, err := e.Person(ctx, person)
	if err != nil {
		return nil, err
	}
	others, err := e.prepare(ctx, by, who, x)
	if err != nil {
		return nil, err
	}
	if err := e.secondIfGranted(ctx, by, who, x, reason); err != nil {
		return nil, err
	}
	a, err := e.write(ctx, by, person, x, reason, others)
	if err != nil {
		return nil, err
	}
	if who.Invitation != "" && a.Invited.IsZero() {
		e.endInvitation(ctx, who.Invitation, recovery.InviteRevoked)
	}
	e.deliver(ctx, a)
	e.updateDirectory(ctx, a)
	return a, nil
}

// write makes the change, and owes its notices with it.
func (e *Engine) write(ctx context.Context, by Authority, person string, x recovery.Edit, reason string, others []recovery.Recipient) (a *recovery.Account, err error) {
	change := func(a *recovery.Account, enter entry) error {
		before := a.Clone()
		if err := x.Apply(a, e.Now(), e.Policy.Lifetimes); err != nil {
			return err
		}
		what := x.Thing(before, a, e.Now())
		did := []*recovery.Event{e.because(ctx, x.Do.Event(), what.With(reason))}
		if before.State != recovery.StateInvited && a.State != recovery.StateInvited { // an invited person has never signed in
			what.Reason = reason
			e.oweAdmin(ctx, a, x.Do.Event(), what)
		}
		name := adminChange(before, a)
		if name == recovery.EventAdminGranted && e.second(by) {
			return recovery.ErrNotAllowed // it was taken away while this was set
		}
		by.demoted(before, a, e, name == recovery.EventAdminTaken, x.Do.Event())
		if name != "" {
			did = append(did, e.because(ctx, name, reason))
			e.oweAs(a, recovery.Owed{Event: name, At: e.Now(), Base: actor(ctx).Base, To: others, Admin: actor(ctx).ID != ""})
		}
		return enter(a, did...)
	}
	edit := func(enter entry) (err error) {
		a, err = e.editOwing(ctx, person, func(a *recovery.Account) error { return change(a, enter) })
		return err
	}
	if x.Do.Closes() {
		err = e.always(edit)
		return a, err
	}
	err = e.entering(edit)
	return a, err
}

func (e *Engine) because(ctx context.Context, name recovery.EventName, reason string) *recovery.Event {
	ev := e.attributed(ctx, recovery.Event{Name: name, Detail: reason})
	return &ev
}

// adminChange is the event of an account that has become an administrator who acts,
// or is none any more; empty: neither.
func adminChange(before, after *recovery.Account) recovery.EventName {
	acts := func(a *recovery.Account) bool { return a.Admin() && a.State == recovery.StateActive }
	switch {
	case !before.Admin() && after.Admin():
		return recovery.EventAdminGranted
	case acts(before) && !acts(after):
		return recovery.EventAdminTaken
	}
	return ""
}

// prepare does what comes before the account is written, and may be done twice. It
// returns who else is to hear of the change.
func (e *Engine) prepare(ctx context.Context, by Authority, who *recovery.Account, x recovery.Edit) ([]recovery.Recipient, error) {
	after := who.Clone()
	if err := x.Apply(after, e.Now(), e.Policy.Lifetimes); err != nil {
		return nil, err
	}
	if err := e.giveAway(ctx, after, x.Again); err != nil {
		return nil, err
	}
	if do := e.preparations()[x.Do]; do != nil {
		if err := do(ctx, who, after); err != nil {
			return nil, err
		}
	}
	switch adminChange(who, after) {
	case recovery.EventAdminTaken:
		if err := e.mayLeave(ctx, by, who); err != nil {
			return nil, err
		}
	case recovery.EventAdminGranted:
	default:
		return nil, nil
	}
	return e.administratorsBut(ctx, who.ID)
}

// preparation takes what an account is found by, or notes what is to be done later.
type preparation func(ctx context.Context, before, after *recovery.Account) error

func (e *Engine) preparations() map[recovery.Action]preparation {
	claim := func(ctx context.Context, _, after *recovery.Account) error {
		if err := e.free(ctx, after); err != nil {
			return err
		}
		return e.claim(ctx, after)
	}
	return map[recovery.Action]preparation{
		recovery.ActionGroups: func(ctx context.Context, _, after *recovery.Account) error { return e.distinctGroups(ctx, after) },
		recovery.ActionRename: func(ctx context.Context, before, after *recovery.Account) error {
			if err := errors.Join(e.distinct(ctx, after), e.free(ctx, after)); err != nil {
				return err
			}
			if err := e.claim(ctx, after); err != nil {
				return err
			}
			return e.holdName(ctx, before)
		},
		recovery.ActionMail:      claim,
		recovery.ActionPhone:     claim,
		recovery.ActionExtension: claim,
		recovery.ActionRemove:    func(ctx context.Context, before, _ *recovery.Account) error { return e.noteLeaving(ctx, before.ID) },
	}
}

// Manage is [Engine.Edit] for an administrator and an action that sets nothing.
func (e *Engine) Manage(ctx context.Context, by *recovery.Account, person string, do recovery.Action, reason string) error {
	_, err := e.Edit(ctx, Administrator(by), person, recovery.Edit{Do: do}, reason)
	return err
}

// ReplaceMail sets another mail address for a person who can prove neither the
// old one nor anything else. Nobody has proved the new one, so it counts after
// Lifetimes.NewContact (72 h). Until then the old one is used, and every
// channel is notified with a link that undoes the change and freezes the
// account (MF-19). An invited account has no owner yet: the new address counts
// at once, and the invitation sent to the old one is void.
func (e *Engine) ReplaceMail(ctx context.Context, by *recovery.Account, person, mail, reason string, c recovery.Client) error {
	_, err := e.Edit(By(ctx, Actor{Base: c.Base}), Administrator(by), person, recovery.Edit{Do: recovery.ActionMail, Mail: mail}, reason)
	return err
}

// FreshOwn is Fresh for what people do with their own account (see
// [recovery.Methods.FreshOwn]).
func (e *Engine) FreshOwn(a *recovery.Account, s *recovery.Session) bool {
	return e.Methods.FreshOwn(a, s, e.Now().Add(-e.Policy.Lifetimes.Fresh))
}

// Fresh reports whether a strong proof was given in the session recently (see
// [recovery.Methods.Fresh]).
func (e *Engine) Fresh(a *recovery.Account, s *recovery.Session) bool {
	return e.Methods.Fresh(a, s, e.Now().Add(-e.Policy.Lifetimes.Fresh))
}
