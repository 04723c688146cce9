package engine

import (
	"context"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// letter is the notice to one recipient, with a link whose page can freeze the
// account or end what runs, and nothing else (MF-07). The operator's channels get
// it without that link, because the link is for the person only.
func (e *Engine) letter(ctx context.Context, a *recovery.Account, o recovery.Owed, to recovery.Recipient) recovery.Message {
	stop := ""
	if !to.Unlinked && (to.Channel == recovery.ChannelMail || to.Channel == recovery.ChannelSMS) {
		stop = e.stopLink(ctx, a, o, to)
	}
	page := ""
	if o.Admin && o.Base != "" && stop == "" {
		page = o.Base + "account"
	}
	vars := map[string]string{
		"event": string(o.Event), "site": e.Policy.Site, "name": a.Name, "browser": o.Browser,
		"host": hostOf(o.Base), "time": o.At.UTC().Format(time.RFC3339), "stop": stop, "again": yes(o.Again), "trusted": yes(o.Trusted),
		"by_admin": yes(o.Admin), "link": page, "undo": e.undoLink(ctx, a, o, to),
	}
	if o.Event == recovery.EventDisabled || o.Event == recovery.EventLeaving {
		vars["help"] = e.Policy.Help
	}
	about(vars, o, to)
	return recovery.Message{
		ID: secret.Token(9), Channel: to.Channel, To: to.Value, Template: "notice", Lang: a.Lang,
		Expires: o.Until(to), Vars: vars,
		Done: func(became recovery.Delivery) { e.handed(a.ID, o.ID, to, became) },
	}
}

// yes is a value that a message has or has not.
func yes(is bool) string {
	if is {
		return "yes"
	}
	return ""
}

// about adds what the notice names. Addresses and names go to mailboxes only:
// who reads a number or one of the operator's channels learns nobody's.
func about(vars map[string]string, o recovery.Owed, to recovery.Recipient) {
	t := o.Thing
	for i, event := range o.Also {
		if i > 0 {
			vars["also"] += " "
		}
		vars["also"] += string(event)
	}
	vars["variant"], vars["method"], vars["goal"] = variant(t), t.Method, string(t.Goal)
	if !t.Ready.IsZero() {
		vars["until"] = t.Ready.UTC().Format(time.RFC3339)
	}
	if to.Channel == recovery.ChannelMail {
		vars["old"], vars["new"], vars["person"], vars["key"], vars["named"], vars["reason"] = t.Old, t.New, t.Person, t.Key, t.Browser, t.Reason
	}
}

// variant names the words of an event that fit what it is about; empty: it has
// none of its own. A thing that is new is not called changed, nor one that is
// replaced added.
func variant(t recovery.Thing) string {
	switch {
	case t.Replaced:
		return "replaced"
	case t.Channel == "":
		return ""
	case t.Channel == recovery.ChannelSMS && t.Old == "":
		return "new_phone"
	case t.Channel == recovery.ChannelSMS:
		return "phone"
	case t.Old == "":
		return "new_mail"
	}
	return "mail"
}
