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
		r.Engine.notice(ctx, r.account, name, r.client)
	}
}

// tellHourly is tell, at most once an hour.
func (r *run) tellHourly(ctx context.Context, name recovery.EventName) {
	once := meter{key: r.meterKey("told", r.account.ID, string(name)), rule: window(recovery.Rate{Count: 1, Per: time.Hour}), life: time.Hour}
	err := r.charge(ctx, []meter{once})
	if _, limited := errors.AsType[errLimit](err); limited {
		return
	}
	r.tell(ctx, name)
}

// notice tells all channels of an account, with a link whose page can freeze
// the account and do nothing else (MF-07). Each of the operator's channels gets
// one notice without that link, because the link is for the person only. The
// change has been made already: when a notice cannot be prepared, that is
// logged and nothing is undone.
func (e *Engine) notice(ctx context.Context, a *recovery.Account, name recovery.EventName, c recovery.Client) {
	if e.Notify == nil {
		return
	}
	for _, to := range a.NoticeAddresses(e.Now()) {
		if e.Notify.Has(to.Channel) {
			e.noticeOn(to.Channel, to.Value, e.stopLink(ctx, a, to, name, c), a, name, c)
		}
	}
	for _, channel := range []string{recovery.ChannelPush, recovery.ChannelHook} {
		e.noticeOn(channel, a.Name, "", a, name, c)
	}
}

// stopLink makes the link for one address: it dies with that address, and those
// of other addresses live on. It is empty when no origin is known or the ticket
// could not be written.
func (e *Engine) stopLink(ctx context.Context, a *recovery.Account, to recovery.Address, name recovery.EventName, c recovery.Client) string {
	if c.Base == "" {
		return ""
	}
	token := secret.Token(32)
	if err := e.writeTicket(ctx, token, a.Closing(name, to, e.Now(), e.Policy.Lifetimes)); err != nil {
		e.log().Warn("notice without its link", "event", string(name), "error", err)
		return ""
	}
	return c.Base + "stop?t=" + token
}

func (e *Engine) noticeOn(channel, to, stop string, a *recovery.Account, name recovery.EventName, c recovery.Client) {
	if !e.Notify.Has(channel) {
		return
	}
	e.Notify.Queue(recovery.Message{
		ID: secret.Token(9), Channel: channel, To: to, Template: "notice", Lang: a.Lang,
		Expires: e.Now().Add(24 * time.Hour),
		Vars: map[string]string{
			"event": string(name), "site": e.Policy.Site, "name": a.Name, "browser": c.Browser,
			"host": hostOf(c.Base), "time": e.Now().UTC().Format(time.RFC3339), "stop": stop,
		},
	})
}
