package recovery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

func (a *Account) reach(mail, phone string) {
	if mail != "" {
		a.Contacts = append(a.Contacts, Contact{Channel: ChannelMail, Address: mail})
	}
	if phone != "" {
		a.Contacts = append(a.Contacts, Contact{Channel: ChannelSMS, Address: phone})
	}
}

// Errors of [Engine.AddUser]; the text behind them says what is wrong.
var (
	ErrBadName  = errors.New("this name cannot be used")
	ErrBadMail  = errors.New("this is no mail address")
	ErrBadPhone = errors.New("this is no phone number with its country code")
)

// NewAccount is what an administrator says of a person to be invited.
type NewAccount struct {
	Name   string
	Mail   string
	Phone  string
	Lines  []Line
	Groups []string
	Lang   string
}

// AddUser writes an invited account and returns the token of its invitation,
// to be put behind /.sparekey/link#. Errors: [ErrNameTaken], or what is wrong
// with name, address or number.
func (e *Engine) AddUser(ctx context.Context, n NewAccount) (*Account, string, error) {
	a, err := n.account(e.Now())
	if err != nil {
		return nil, "", err
	}
	if err := e.claim(ctx, a); err != nil {
		return nil, "", err
	}
	a.Invited = e.Now().Add(e.Policy.Lifetimes.Invite)
	if _, err := kv.Create(ctx, e.Store, accountKey(a.ID), *a, time.Time{}); err != nil {
		return nil, "", err
	}
	token, err := e.invitation(ctx, a)
	return a, token, err
}

func (n NewAccount) account(now time.Time) (*Account, error) {
	if _, err := CanonicalName(n.Name); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadName, err)
	}
	var mail, phone string
	var err error
	if n.Mail != "" {
		if mail, err = CanonicalMail(n.Mail); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBadMail, err)
		}
	}
	if n.Phone != "" {
		if phone, err = CanonicalPhone(n.Phone); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBadPhone, err)
		}
	}
	a := &Account{ID: secret.Token(16), Name: n.Name, State: StateInvited, Created: now, Groups: n.Groups, Lang: n.Lang, Lines: n.Lines}
	a.reach(mail, phone)
	return a, nil
}

// Invite makes a new invitation for an invited account. The one before, and
// whatever was begun with it, is void from then on.
func (e *Engine) Invite(ctx context.Context, a *Account) (string, error) {
	until := e.Now().Add(e.Policy.Lifetimes.Invite)
	a, err := e.edit(ctx, a.ID, func(a *Account) error {
		if a.State != StateInvited {
			return fmt.Errorf("%s is %s, not invited", a.Name, a.State)
		}
		a.raise()
		a.Invited = until
		return nil
	})
	if err != nil {
		return "", err
	}
	return e.invitation(ctx, a)
}

// invitation writes the ticket that goes with what the account says of it.
func (e *Engine) invitation(ctx context.Context, a *Account) (string, error) {
	if err := e.enlist(ctx, a); err != nil {
		return "", err
	}
	e.audit(Event{Name: EventInvited, Account: a.ID, Person: a.Name})
	return e.issueTicket(ctx, a, Invite)
}

// SendInvite queues the invitation. It returns false when there is no way to
// send it; then whoever invited passes the link on.
func (e *Engine) SendInvite(a *Account, token string, c Client) bool {
	to := a.Address(ChannelMail, e.Now())
	if to == "" || c.Base == "" || e.Notify == nil || !e.Notify.Has(ChannelMail) {
		return false
	}
	life := e.Policy.Lifetimes.Invite
	e.Notify.Queue(Message{
		ID: secret.Token(9), Channel: ChannelMail, To: to, Template: "invite", Lang: cmp.Or(a.Lang, c.Lang), Secret: true,
		Expires: e.Now().Add(life),
		Vars: map[string]string{
			"link": c.Base + "/.sparekey/link#" + token, "hours": strconv.Itoa(int(life / time.Hour)), "site": cmp.Or(e.Policy.Site, hostOf(c.Base)),
			"name": a.Name, "host": hostOf(c.Base),
		},
	})
	return true
}

// RescueLink makes a single-use token for somebody with nothing left, to be
// put behind /.sparekey/link#. Whoever can run it can read the store anyway.
// It works for active and frozen accounts.
func (e *Engine) RescueLink(ctx context.Context, name string) (string, error) {
	a, err := e.Find(ctx, name)
	if err != nil {
		return "", err
	}
	switch a.State {
	case StateInvited:
		return e.Invite(ctx, a)
	case StateActive, StateFrozen:
	case StateDisabled:
		return "", fmt.Errorf("%s is disabled: enable the account first", a.Name)
	}
	e.audit(Event{Name: EventRescue, Account: a.ID, Person: a.Name})
	return e.issueTicket(ctx, a, Rescue)
}

func (e *Engine) issueTicket(ctx context.Context, a *Account, purpose string) (string, error) {
	token := secret.Token(32)
	t := Ticket{Purpose: purpose, Account: a.ID, Generation: a.Generation, Made: e.Now(), Expires: e.Now().Add(e.Policy.Lifetimes.of(purpose))}
	return token, e.writeTicket(ctx, token, t)
}

// StopWorks tells whether a "this wasn't me" token is good, and what it was
// sent for; that a contact changed is told only while that can be undone.
func (e *Engine) StopWorks(ctx context.Context, token string) (EventName, bool, error) {
	t, _, err := e.stopTicket(ctx, token)
	if t == nil {
		return "", false, err
	}
	l := e.Policy.Lifetimes
	if t.Event == EventContactChanged && !e.Now().Before(t.Expires.Add(l.NewContact-l.Notice)) {
		return "", true, err
	}
	return t.Event, true, err
}

func (e *Engine) stopTicket(ctx context.Context, token string) (*Ticket, string, error) {
	for _, key := range e.ticketKeys(token) {
		t, ok, err := kv.Load[Ticket](ctx, e.Store, key)
		if err != nil {
			return nil, "", err
		}
		if ok && t.Purpose == purposeStop {
			return &t, key, nil
		}
	}
	return nil, "", nil
}

// Stop freezes the account of a "this wasn't me" token: it can only close.
// Everybody is signed out and nothing works until a rescue. It returns false
// when the token is not good.
func (e *Engine) Stop(ctx context.Context, token string) (bool, error) {
	t, key, err := e.stopTicket(ctx, token)
	if err != nil || t == nil {
		return false, err
	}
	a, err := e.edit(ctx, t.Account, func(a *Account) error {
		if a.State != StateActive && a.State != StateFrozen {
			return errMoved
		}
		a.freeze(t.Expires.Add(-e.Policy.Lifetimes.Notice), e.Now(), e.Policy.Lifetimes)
		return nil
	})
	if errors.Is(err, errMoved) || errors.Is(err, ErrNoAccount) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	e.audit(Event{Name: EventFrozen, Account: a.ID, Person: a.Name})
	e.notice(ctx, a, EventFrozen, Client{})
	if err := e.enlist(ctx, a); err != nil {
		e.log().Warn("roster not written", "error", err)
	}
	return true, kv.Delete(ctx, e.Store, key)
}
