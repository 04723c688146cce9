package recovery

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// tell sends a notice of the event to all channels of the account.
func (r *run) tell(ctx context.Context, name EventName) {
	if r.account != nil && !r.flow.decoy() {
		r.Engine.notice(ctx, r.account, name, r.client)
	}
}

// tellHourly is tell, at most once an hour.
func (r *run) tellHourly(ctx context.Context, name EventName) {
	once := meter{key: r.meterKey("told", r.account.ID, string(name)), rule: window(Rate{1, time.Hour}), life: time.Hour}
	err := r.charge(ctx, []meter{once})
	if _, limited := errors.AsType[errLimit](err); limited {
		return
	}
	r.tell(ctx, name)
}

// notice tells all channels of an account, with a link whose page can freeze
// the account and do nothing else (MF-07), and once each of the operator's
// channels, without that link: it is the person's. The change has been made: a
// notice that cannot be prepared is logged and undoes nothing.
func (e *Engine) notice(ctx context.Context, a *Account, name EventName, c Client) {
	if e.Notify == nil {
		return
	}
	stop := ""
	if len(a.Contacts) > 0 {
		stop = e.stopLink(ctx, a, name, c)
	}
	for _, contact := range a.hears(e.Now()) {
		e.noticeOn(contact.Channel, contact.Address, stop, a, name, c)
	}
	for _, channel := range []string{ChannelPush, ChannelHook} {
		e.noticeOn(channel, a.Name, "", a, name, c)
	}
}

// hears lists where the owner is told of things: all addresses and numbers,
// but not those replaced for good, which are somebody else's by now.
func (a *Account) hears(now time.Time) []Contact {
	return slices.DeleteFunc(slices.Clone(a.Contacts), func(c Contact) bool {
		return !c.Until.IsZero() && !now.Before(c.Until) || c.Given && now.Before(c.Counts)
	})
}

// stopLink is empty when there is nowhere to link to, or no ticket for it.
func (e *Engine) stopLink(ctx context.Context, a *Account, name EventName, c Client) string {
	if c.Base == "" {
		return ""
	}
	token := secret.Token(32)
	t := Ticket{Purpose: purposeStop, Account: a.ID, Event: name, Expires: e.Now().Add(e.Policy.Lifetimes.Notice)}
	if err := e.writeTicket(ctx, token, t); err != nil {
		e.log().Warn("notice without its link", "event", string(name), "error", err)
		return ""
	}
	return c.Base + "/.sparekey/stop?t=" + token
}

func (e *Engine) noticeOn(channel, to, stop string, a *Account, name EventName, c Client) {
	if !e.Notify.Has(channel) {
		return
	}
	e.Notify.Queue(Message{
		ID: secret.Token(9), Channel: channel, To: to, Template: "notice", Lang: a.Lang,
		Expires: e.Now().Add(24 * time.Hour),
		Vars: map[string]string{
			"event": string(name), "site": e.Policy.Site, "name": a.Name, "browser": c.Browser,
			"host": hostOf(c.Base), "time": e.Now().UTC().Format(time.RFC3339), "stop": stop,
		},
	})
}

func hostOf(base string) string {
	_, host, _ := strings.Cut(base, "://")
	return host
}
