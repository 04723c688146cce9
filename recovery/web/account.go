package web

import (
	"net/http"
	"slices"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/templates"
)

// showAccount is the page of one's own account.
func (x *exchange) showAccount() {
	a, s, err := x.Engine.Account(x.r.Context(), x.client.Session)
	if err != nil {
		x.away(err)
		return
	}
	if s == nil {
		x.redirect(x.loginURL("", ""))
		return
	}
	v := x.view(recovery.PageAccount)
	v.Account, v.Name, v.SignedIn, v.Notice = x.own(a, s), a.Name, true, x.notice()
	x.page(http.StatusOK, v)
}

func (x *exchange) own(a *recovery.Account, current *recovery.Session) *templates.Account {
	now := x.Engine.Now()
	out := &templates.Account{
		Name: a.Name, CodesLeft: method.CodesLeft(a), Groups: a.Groups,
		Mail: recovery.Mask(a.Address(recovery.ChannelMail, now)), Phone: recovery.Mask(a.Address(recovery.ChannelSMS, now)),
	}
	if now.Before(a.Probation) {
		out.Probation = a.Probation
	}
	for _, c := range a.Credentials {
		if m := x.Engine.Methods.Get(c.Method); m != nil && m.Traits().Factor {
			out.Factors = append(out.Factors, templates.Factor{Method: c.Method, Label: c.Label, Since: c.Created})
		}
	}
	for _, s := range slices.Backward(a.Sessions) {
		out.Sessions = append(out.Sessions, templates.Session{
			ID: s.ID, Browser: s.Browser, Since: s.Created, Seen: s.Seen, Current: s.ID == current.ID,
		})
	}
	return out
}

// changeAccount ends one session: choice is its id.
func (x *exchange) changeAccount() {
	a, s, err := x.Engine.Account(x.r.Context(), x.client.Session)
	if err != nil {
		x.away(err)
		return
	}
	id := x.r.PostForm.Get("choice")
	switch {
	case s == nil:
		x.redirect(x.loginURL("", ""))
		return
	case id == "":
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemMissing)
		return
	}
	if err := x.Engine.EndSession(x.r.Context(), a.ID, id); err != nil {
		x.away(err)
		return
	}
	x.redirect(x.accountURL("session_ended"))
}

// everywhere is the choice that signs out all browsers.
const everywhere = "everywhere"
