package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/templates"
)

// showAccount is the page of one's own account.
func (x *exchange) showAccount() {
	a, s, err := x.Engine.Account(x.r.Context(), x.client.Session)
	if err != nil {
		x.unavailable(err)
		return
	}
	if s == nil {
		x.redirect(x.loginURL("", ""))
		return
	}
	f := x.mine()
	f.Notice = x.notice()
	x.page(http.StatusOK, f, x.accountPage(a, s))
}

// notChanged shows one's own page with what is wrong, when the form that was
// posted has nothing to go back to.
func (x *exchange) notChanged(problem string) {
	a, s, err := x.Engine.Account(x.r.Context(), x.client.Session)
	switch {
	case err != nil:
		x.unavailable(err)
	case s == nil:
		x.redirect(x.loginURL("", ""))
	default:
		f := x.mine()
		f.Problem = &templates.Text{Key: problem}
		x.page(http.StatusUnprocessableEntity, f, x.accountPage(a, s))
	}
}

func (x *exchange) accountPage(a *recovery.Account, s *recovery.Session) templates.AccountPage {
	c := templates.AccountPage{Account: x.own(a, s), Setup: x.extras(a), Guessed: x.guessed(a)}
	c.Waits = shownWaits(a.Showing("", x.Engine.Now()))
	if x.Forecast != nil {
		c.Losses = x.Forecast(a)
	}
	return c
}

// guessed is how many codes somebody with another proof has tried beyond the
// known browsers, where those are too many to be typos; else zero.
func (x *exchange) guessed(a *recovery.Account) int {
	n, _, err := x.Engine.Guessed(x.r.Context(), a)
	if err != nil {
		x.log().Warn("codes tried cannot be counted", "error", err)
	}
	if n < engine.WorthTelling {
		return 0
	}
	return n
}

// extras is what the account page offers beside the factors.
func (x *exchange) extras(a *recovery.Account) *templates.Extras {
	p, now := x.Engine.Policy, x.Engine.Now()
	out := &templates.Extras{
		Mail: x.has(recovery.ChannelMail), Phone: x.has(recovery.ChannelSMS),
		PIN: len(p.Ask[recovery.PIN]) > 0, Question: len(p.Ask[recovery.SecurityQuestion]) > 0,
		HasPIN: a.Credential(recovery.PIN) != nil, HasQuestion: a.Credential(recovery.SecurityQuestion) != nil,
		Admin: a.Admin(), Drill: method.CodesThatOpen(a, x.Engine.Keys) > 0,
		Reminder: a.DrillDue(now),
	}
	for _, v := range a.TrustedContacts {
		out.Contacts = append(out.Contacts, v.Name)
	}
	return out
}

func (x *exchange) own(a *recovery.Account, current *recovery.Session) *templates.Account {
	now := x.Engine.Now()
	out := &templates.Account{
		Name: a.Name, CodesLeft: method.CodesThatOpen(a, x.Engine.Keys), Groups: a.Groups,
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
		x.unavailable(err)
		return
	}
	if a != nil {
		x.by(a)
	}
	id := x.r.PostForm.Get("choice")
	switch {
	case s == nil:
		x.redirect(x.loginURL("", ""))
		return
	case id == stopWait:
		if err := x.Engine.StopWaits(x.r.Context(), a.ID, x.client); err != nil {
			x.unavailable(err)
			return
		}
		x.redirect(x.accountURL("wait_stopped"))
		return
	case id == ownWait:
		if err := x.Engine.OwnWaits(x.r.Context(), a.ID, s.Device); err != nil {
			x.unavailable(err)
			return
		}
		x.redirect(cmp.Or(SafeReturn(x.r.PostForm.Get("return")), "/"))
		return
	case strings.HasPrefix(id, dropTrustedContact):
		x.dropTrustedContact(a, strings.TrimPrefix(id, dropTrustedContact))
		return
	case id == "":
		x.notChanged(recovery.ProblemMissing)
		return
	}
	if err := x.Engine.EndSession(x.r.Context(), a.ID, id); err != nil {
		x.unavailable(err)
		return
	}
	x.redirect(x.accountURL("session_ended"))
}

func (x *exchange) dropTrustedContact(a *recovery.Account, name string) {
	err := x.Engine.DropTrustedContact(x.r.Context(), a.ID, name, x.client)
	switch {
	case errors.Is(err, recovery.ErrNotAllowed):
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemProbation)
	case err != nil:
		x.unavailable(err)
	default:
		x.redirect(x.accountURL(""))
	}
}

// logout ends this session, or with choice=everywhere all of the account.
func (x *exchange) logout() {
	if err := x.Engine.SignOut(x.r.Context(), x.client.Session, x.r.PostForm.Get("choice") == everywhere); err != nil {
		x.unavailable(err)
		return
	}
	x.set(sessionCookie, "", -time.Second)
	x.page(http.StatusOK, x.frame(), templates.SignedOutPage{})
}

// dropTrustedContact is the choice that takes back who may vouch.
const dropTrustedContact = "drop:"

// stopWait is the choice that ends every wait somebody began.
const stopWait = "stop_wait"

// ownWait is the choice that keeps this browser from asking about them.
const ownWait = "own_wait"

// everywhere is the choice that signs out all browsers.
const everywhere = "everywhere"
