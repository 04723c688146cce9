package engine

import (
	"context"
	"errors"
	"strconv"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// ErrNoTemporary says that the operator wants no temporary passwords.
var ErrNoTemporary = errors.New("temporary passwords are off here: write temporary_password on, or send a link")

// temporarySize is 80 bits: nobody guesses it, whatever the counters say.
const temporarySize = 16

// MailTemporary mails somebody a temporary password from the command line. Errors:
// those of [Engine.MailCase], and ErrNoTemporary.
func (e *Engine) MailTemporary(ctx context.Context, by Authority, person, reason string) error {
	if !e.Policy.TemporaryPassword {
		return ErrNoTemporary
	}
	return e.help(ctx, by, person, reason, e.mailTemporary)
}

// leadsOn tells whether somebody would get in with a temporary password, and the
// second factor where there is one: the ways of the policy say so.
func (e *Engine) leadsOn(who *recovery.Account) bool {
	flow := recovery.Flow{Kind: recovery.KindTemporary, Goal: recovery.GoalPassword, Proofs: []recovery.Proof{{Method: recovery.Admin, Source: recovery.Admin, At: e.Now()}}}
	for _, c := range who.Credentials {
		if m := e.Methods.Get(c.Method); m != nil && m.Traits().Factor {
			flow.AddProof(recovery.Proof{Method: c.Method, Source: m.Traits().Source, At: e.Now()})
		}
	}
	step := recovery.Next(recovery.Facts{
		Flow: &flow, Recipe: recovery.RecipeOf(e.Recipes, flow.Kind), Account: who, Policy: e.Policy, Methods: e.Methods, Now: e.Now(),
	})
	return who.State == recovery.StateActive && step.Dead == ""
}

// mailTemporary ends the sign-ins of somebody, and mails a temporary password.
func (e *Engine) mailTemporary(ctx context.Context, who *recovery.Account, to, reason, detail string) error {
	if !e.leadsOn(who) {
		return recovery.ErrNotAllowed
	}
	who, err := e.opened(ctx, who.ID, opening{name: recovery.EventTemporarySent, reason: reason, detail: detail, change: (*recovery.Account).AwaitTemporary})
	if err != nil {
		return err
	}
	code := secret.Code(temporarySize)
	if err := e.writeTicket(ctx, code, e.ticketOf(who, recovery.TemporaryPassword)); err != nil {
		return err
	}
	base := actor(ctx).Base
	e.Notify.Queue(recovery.Message{
		ID: secret.Token(9), Channel: recovery.ChannelMail, To: to, Template: "temporary-password", Lang: who.Lang, Secret: true, Expires: e.Now().Add(recovery.TemporaryLife),
		Vars: map[string]string{
			"code": secret.Group(code, 4), "link": base + linkLogin, "name": who.Name, "hours": strconv.Itoa(int(recovery.TemporaryLife.Hours())), "reason": reason,
			"site": e.Policy.Site, "host": hostOf(base),
		},
	})
	e.deliver(ctx, who)
	return nil
}
