package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// AddUser writes an invited account and returns the token of its invitation, for
// [Engine.InviteLink]. Errors: [recovery.ErrNameTaken], [recovery.ErrIsGroup],
// [recovery.ErrIsPerson], or what is wrong with name, address, number or groups.
func (e *Engine) AddUser(ctx context.Context, n recovery.NewAccount) (*recovery.Account, string, error) {
	a, err := n.Make(e.Now())
	if err != nil {
		return nil, "", err
	}
	if e.Policy.SecondAdmin && actor(ctx).ID != "" && a.Admin() {
		return nil, "", recovery.ErrSecondInvite
	}
	if err := errors.Join(e.distinct(ctx, a), e.free(ctx, a)); err != nil {
		return nil, "", err
	}
	if err := errors.Join(e.giveAway(ctx, a, n.Again), e.claim(ctx, a)); err != nil {
		return nil, "", err
	}
	token, ticket := e.inviteToken()
	a.Invited, a.Invitation = e.Now().Add(e.Policy.Lifetimes.Invite), inviteKey(ticket)
	if err := e.noteInvitation(ctx, ticket, a.Invited); err != nil {
		return nil, "", err
	}
	if a.Admin() {
		if err := e.oweAdmins(ctx, a); err != nil {
			return nil, "", err
		}
	}
	events := []recovery.Event{e.attributed(ctx, recovery.Event{Name: recovery.EventInvited})}
	if a.Admin() {
		events = slices.Insert(events, 0, e.attributed(ctx, recovery.Event{Name: recovery.EventAdminGranted}))
	}
	for i := range events {
		if err := e.enter(a, &events[i]); err != nil {
			return nil, "", err
		}
	}
	if _, err := kv.Create(ctx, e.Store, recovery.AccountKey(a.ID), *a, time.Time{}); err != nil {
		return nil, "", err
	}
	e.trail.owes(a.ID)
	e.say(events...)
	if a.Admin() {
		e.deliver(ctx, a)
	}
	return a, token, e.invitation(ctx, a, token)
}

// inviteToken makes the secret of an invitation, and names its ticket.
func (e *Engine) inviteToken() (token, ticket string) {
	token = secret.Token(32)
	return token, e.ticketKeys(token)[0]
}

// oweAdmins notes in the account of a new administrator that all others are to
// hear of it: it is written with the account.
func (e *Engine) oweAdmins(ctx context.Context, a *recovery.Account) error {
	e.listOwing(ctx, a.ID)
	to, err := e.administrators(ctx)
	if err != nil {
		return err
	}
	who := actor(ctx)
	e.oweAs(a, recovery.Owed{Event: recovery.EventAdminGranted, At: e.Now(), Base: who.Base, To: to, Admin: who.ID != ""})
	return nil
}

// administrators lists where those who are active can be told of things.
func (e *Engine) administrators(ctx context.Context) ([]recovery.Recipient, error) {
	return e.administratorsBut(ctx)
}

// administratorsBut is administrators without some of them.
func (e *Engine) administratorsBut(ctx context.Context, ids ...string) ([]recovery.Recipient, error) {
	var to []recovery.Recipient
	err := e.EachPerson(ctx, func(p Person) error {
		if !p.Admin || p.State != recovery.StateActive || slices.Contains(ids, p.ID) {
			return nil
		}
		who, err := e.account(ctx, p.ID)
		if err != nil {
			return err
		}
		to = append(to, e.reachable(who)...)
		return nil
	})
	return to, err
}

// findAdmins finds who is to be told when an administrator takes an invitation:
// that is owed by the write that signs the new one in.
func (r *run) findAdmins(ctx context.Context) error {
	if !r.account.Admin() {
		return nil
	}
	var err error
	r.admins, err = r.administrators(ctx)
	return err
}

// Invite makes a new invitation for an invited account. The invitation before
// and the flows begun with it are void from then on.
func (e *Engine) Invite(ctx context.Context, a *recovery.Account) (string, error) {
	token, ticket := e.inviteToken()
	until, before := e.Now().Add(e.Policy.Lifetimes.Invite), ""
	if err := e.noteInvitation(ctx, ticket, until); err != nil {
		return "", err
	}
	ev := e.attributed(ctx, recovery.Event{Name: recovery.EventInvited})
	a, err := e.edit(ctx, a.ID, func(a *recovery.Account) error {
		if a.State != recovery.StateInvited {
			return fmt.Errorf("%s is %s, not invited", a.Name, a.State)
		}
		a.EndEverything()
		before = a.Invitation
		a.Invited, a.Invitation = until, inviteKey(ticket)
		return e.enter(a, &ev)
	})
	if err != nil {
		return "", err
	}
	e.say(ev)
	e.endInvitation(ctx, before, recovery.InviteRevoked)
	return token, e.invitation(ctx, a, token)
}

// invitation writes the ticket for an invitation that is in the account
// already.
func (e *Engine) invitation(ctx context.Context, a *recovery.Account, token string) error {
	e.updateDirectory(ctx, a)
	t := e.ticketOf(a, recovery.Invite)
	if who := actor(ctx); who.ID != "" {
		t.Maker, t.By = who.ID, who.Name
	}
	return e.writeTicket(ctx, token, t)
}

// invitedBy notes who has invited, and whether that one may vouch for the new person:
// only who has an account may, and only if it was ticked.
func (r *run) invitedBy(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	t, _, err := kv.Load[recovery.Ticket](ctx, r.Store, r.ticketKey)
	if err == nil && t.Maker != "" {
		r.flow.Person, r.flow.PersonName, r.flow.Names = t.Maker, t.By, in.Remember
	}
	return nil, err
}

// SendInvite queues the invitation. It returns false when it cannot be sent, or
// when the address had its share; then the administrator passes the link on.
func (e *Engine) SendInvite(ctx context.Context, a *recovery.Account, token string, c recovery.Client) bool {
	to := a.Unconfirmed(recovery.ChannelMail, e.Now())
	if to.Value == "" || c.Base == "" || e.Notify == nil || !e.Notify.Has(recovery.ChannelMail) {
		return false
	}
	if wait, err := e.mayMail(ctx, "invite", to.Value); wait > 0 || err != nil {
		return false
	}
	if err := e.mailTo(ctx, token, to); err != nil {
		e.log().Warn("invitation not sent", "error", err)
		return false
	}
	life := e.Policy.Lifetimes.Invite
	e.Notify.Queue(recovery.Message{
		ID: secret.Token(9), Channel: recovery.ChannelMail, To: to.Value, Template: "invite", Lang: cmp.Or(a.Lang, c.Lang), Secret: true,
		Expires: e.Now().Add(life),
		Vars: map[string]string{
			"link": c.Base + e.InviteLink(ctx, token), "hours": strconv.Itoa(int(life / time.Hour)), "site": cmp.Or(e.Policy.Site, hostOf(c.Base)),
			"name": a.Name, "host": hostOf(c.Base), "admin": actor(ctx).Name,
		},
	})
	return true
}

// RescueLink makes a single-use token for a person who can prove nothing, for
// [LinkOfRescue]. The operator who runs it can read the store anyway. It
// works for active and frozen accounts.
func (e *Engine) RescueLink(ctx context.Context, name string) (string, error) {
	a, err := e.Find(ctx, name)
	if err != nil {
		return "", err
	}
	switch a.State {
	case recovery.StateInvited:
		return e.Invite(ctx, a)
	case recovery.StateActive, recovery.StateFrozen:
	case recovery.StateDisabled, recovery.StateLeaving:
		return "", fmt.Errorf("%s is closed: enable the account first", a.Name)
	}
	ev := e.attributed(ctx, recovery.Event{Name: recovery.EventRescue})
	if a, err = e.edit(ctx, a.ID, func(a *recovery.Account) error { return e.enter(a, &ev) }); err != nil {
		return "", err
	}
	e.say(ev)
	return e.issueTicket(ctx, a, recovery.Rescue)
}
