package engine

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Errors of [Engine.MailCase].
var (
	ErrNotMailed = errors.New("no mail can be sent to them from here: start Caddy, or let them back in with: caddy sparekey rescue USER")
	ErrMailedOft = errors.New("too many were sent to them lately: wait, or let them back in with: caddy sparekey rescue USER")
)

// MailCase opens a case for somebody from the command line: the link goes to the
// person's stored address, and whoever opens the case never sees it (AD-04). A code
// to be handed over is not shown there: the shell has rescue.
func (e *Engine) MailCase(ctx context.Context, by Authority, person, reason string) error {
	return e.help(ctx, by, person, reason, e.mailOpened)
}

// help mails somebody a way back in, unless it may not or cannot be.
func (e *Engine) help(ctx context.Context, by Authority, person, reason string, mail func(ctx context.Context, who *recovery.Account, to, reason, detail string) error) error {
	ctx = by.acting(ctx)
	reason, err := e.accountable(by, person, reason)
	if err != nil {
		return err
	}
	who, err := e.Person(ctx, person)
	if err != nil {
		return err
	}
	to, err := e.caseAddress(ctx, who)
	if err != nil {
		return err
	}
	if wait, err := e.mayMail(ctx, "admin-case", who.ID); err != nil || wait > 0 {
		return cmp.Or(err, ErrMailedOft)
	}
	return mail(ctx, who, to, reason, reason)
}

// caseAddress is where the link of a case goes, or why there can be none.
func (e *Engine) caseAddress(ctx context.Context, who *recovery.Account) (string, error) {
	to := who.Source(recovery.ChannelMail, e.Now()).Value
	switch {
	case who.State != recovery.StateActive && who.State != recovery.StateFrozen:
		return "", recovery.ErrNotAllowed
	case e.Notify == nil || !e.Notify.Has(recovery.ChannelMail) || to == "" || actor(ctx).Base == "":
		return "", ErrNotMailed
	}
	return to, nil
}

// opening is how a case is recorded.
type opening struct {
	name   recovery.EventName
	reason string                        // that the person reads
	detail string                        // of the record
	change func(*recovery.Account) error // nil: nothing changes yet
}

// opened records a case and owes its notice. What opens it is written after that: a
// crash in between leaves a notice too many, and never a case of which nobody heard.
func (e *Engine) opened(ctx context.Context, id string, o opening) (who *recovery.Account, err error) {
	err = e.entering(func(enter entry) (err error) {
		who, err = e.editOwing(ctx, id, func(a *recovery.Account) error {
			if o.change != nil {
				if err := o.change(a); err != nil {
					return err
				}
			}
			e.oweAdmin(ctx, a, o.name, recovery.Thing{Reason: o.reason})
			return enter(a, e.because(ctx, o.name, o.detail))
		})
		return err
	})
	return who, err
}

// mailOpened opens a case and mails its link.
func (e *Engine) mailOpened(ctx context.Context, who *recovery.Account, to, reason, detail string) error {
	who, err := e.opened(ctx, who.ID, opening{name: recovery.EventCaseOpened, reason: reason, detail: detail})
	if err != nil {
		return err
	}
	token, err := e.issueTicket(ctx, who, recovery.Admin)
	if err != nil {
		return err
	}
	e.Notify.Queue(e.caseMail(ctx, who, to, token, reason))
	e.deliver(ctx, who)
	return nil
}

func (e *Engine) caseMail(ctx context.Context, who *recovery.Account, to, token, reason string) recovery.Message {
	base, life := actor(ctx).Base, e.Policy.Lifetimes.Case
	return recovery.Message{
		ID: secret.Token(9), Channel: recovery.ChannelMail, To: to, Template: "admin-case", Lang: who.Lang, Secret: true, Expires: e.Now().Add(life),
		Vars: map[string]string{
			"link": base + linkCase + "#" + token, "name": who.Name, "hours": strconv.Itoa(int((life + time.Hour - 1) / time.Hour)), "reason": reason,
			"site": e.Policy.Site, "host": hostOf(base),
		},
	}
}
