package engine

import (
	"context"
	"errors"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// tell sends a notice of the event to all channels of the account.
func (r *run) tell(ctx context.Context, name recovery.EventName) {
	if r.account != nil && !r.flow.IsDecoy() {
		r.Engine.notice(ctx, r.account.ID, name, r.client)
	}
}

// tellHourly is tell, at most once an hour.
func (r *run) tellHourly(ctx context.Context, name recovery.EventName) {
	r.tellOnce(ctx, name, time.Hour)
}

// tellOnce is tell, at most once in a while.
func (r *run) tellOnce(ctx context.Context, name recovery.EventName, per time.Duration) {
	once := meter{key: r.meterKey("told", r.account.ID, string(name)), rule: window(recovery.Rate{Count: 1, Per: per}), life: per}
	err := r.charge(ctx, []meter{once})
	if _, limited := errors.AsType[errLimit](err); limited {
		return
	}
	r.tell(ctx, name)
}

// stopLink makes the link for one address: it dies with that address, and those
// of other addresses live on. It is empty when no origin is known or the ticket
// could not be written.
func (e *Engine) stopLink(ctx context.Context, a *recovery.Account, o recovery.Owed, to recovery.Recipient) string {
	if o.Base == "" || !o.Event.Closes() {
		return ""
	}
	token := secret.Code(closingCode)
	if err := e.writeTicket(ctx, token, o.Closing(a.ID, to, e.Policy.Lifetimes)); err != nil {
		e.log().Warn("notice without its link", "event", string(o.Event), "error", err)
		return ""
	}
	return o.Base + "stop#" + secret.Group(token, 4)
}

// closingCode is the length of the secret of a closing link, which people without
// scripts type: 80 bits, so that nobody guesses one in its seven days. It stands
// in the fragment, which no server, log or Referer sees (ASVS 5.0 14.2.1).
const closingCode = 16
