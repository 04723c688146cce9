package web

import (
	"errors"
	"net/http"
	"net/url"
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
		x.comeIn("", Prefix+"account")
		return
	}
	f, c := x.mine(), x.accountPage(a, s)
	f.Notice = x.notice()
	c.Others = len(a.Sessions) > 1 && x.changed()
	x.page(http.StatusOK, f, c)
}

// changed tells that what is said on the page is of a change after which somebody
// may want all other sign-ins to end.
func (x *exchange) changed() bool {
	key := x.r.URL.Query().Get("done")
	return slices.ContainsFunc(x.Engine.Recipes, func(r recovery.Recipe) bool { return r.Change != "" && slices.Contains(r.After.Says, key) })
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
	out.Probation = a.OnProbation(current, now)
	out.Unconfirmed = x.unconfirmed(a)
	for _, c := range a.Credentials {
		if m := x.Engine.Methods.Get(c.Method); m != nil && m.Traits().Factor {
			out.Factors = append(out.Factors, templates.Factor{Method: c.Method, Label: c.Label, Since: c.Created})
		}
	}
	for _, s := range slices.Backward(a.Sessions) {
		out.Sessions = append(out.Sessions, templates.Session{
			ID: s.ID, Browser: s.Browser, Since: s.Created, Seen: s.Seen, Current: s.ID == current.ID, Methods: x.shown(s),
		})
	}
	out.Browsers = x.browsers(a, current)
	return out
}

// shown lists the proofs of a session that have a name for people. What began
// an account, such as an invitation, has none.
func (x *exchange) shown(s recovery.Session) []string {
	var out []string
	for _, p := range s.Proofs {
		if m := x.Engine.Methods.Get(p.Method); p.Method == recovery.TrustedBrowser || m != nil && m.Traits().Class != "" {
			out = append(out, recovery.Bare(p.Method))
		}
	}
	return out
}

// browsers are those the account knows, the last used first.
func (x *exchange) browsers(a *recovery.Account, current *recovery.Session) []templates.Browser {
	var out []templates.Browser
	for _, d := range a.Devices {
		out = append(out, templates.Browser{
			ID: d.ID, Name: d.Browser, Seen: d.Seen, Current: d.ID == current.Device, Trusted: d.TrustedUntil(x.Engine.Now(), x.Engine.Policy),
		})
	}
	slices.SortStableFunc(out, func(x, y templates.Browser) int { return y.Seen.Compare(x.Seen) })
	return out
}

// unconfirmed lists the addresses in use from which no code has come back.
func (x *exchange) unconfirmed(a *recovery.Account) []templates.Unconfirmed {
	var out []templates.Unconfirmed
	for _, u := range []struct{ channel, what string }{{recovery.ChannelMail, "mail"}, {recovery.ChannelSMS, "phone"}} {
		if c := a.Unconfirmed(u.channel, x.Engine.Now()); c.Value != "" {
			out = append(out, templates.Unconfirmed{What: u.what, Used: c.Counts(), Can: x.has(u.channel)})
		}
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
		x.notSaved()
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
		x.redirect(x.Return(x.r.PostForm.Get("return")))
		return
	case strings.HasPrefix(id, endTrust):
		x.endTrust(a, strings.TrimPrefix(id, endTrust))
		return
	case strings.HasPrefix(id, dropTrustedContact):
		x.dropTrustedContact(a, s, strings.TrimPrefix(id, dropTrustedContact))
		return
	case id == "":
		x.notChanged(recovery.ProblemMissing)
		return
	}
	x.endSessions(a, s, id)
}

// endSessions ends one session by its id, or all others. Whose it is shows that
// once more, unless it is the one of this browser (ASVS 5.0 7.5.2).
func (x *exchange) endSessions(a *recovery.Account, s *recovery.Session, id string) {
	if id != s.ID && !x.ownFresh(a, s) {
		return
	}
	done, err := "session_ended", error(nil)
	if id == elsewhere {
		done, err = "signed_out_elsewhere", x.Engine.SignOutElsewhere(x.r.Context(), a.ID, s)
	} else {
		err = x.Engine.EndSession(x.r.Context(), a.ID, id)
	}
	if err != nil {
		x.unavailable(err)
		return
	}
	x.redirect(x.accountURL(done))
}

// ownFresh asks for a strong proof first, if the last one is too old, and then
// comes back to one's own page.
func (x *exchange) ownFresh(a *recovery.Account, s *recovery.Session) bool {
	if x.Engine.FreshOwn(a, s) {
		return true
	}
	x.stepUp(Prefix + "account")
	return false
}

func (x *exchange) endTrust(a *recovery.Account, device string) {
	if err := x.Engine.EndTrust(x.r.Context(), a.ID, device); err != nil {
		x.unavailable(err)
		return
	}
	x.redirect(x.accountURL("trust_ended"))
}

func (x *exchange) dropTrustedContact(a *recovery.Account, s *recovery.Session, name string) {
	if !a.OnProbation(s, x.Engine.Now()).IsZero() {
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemProbation)
		return
	}
	if !x.ownFresh(a, s) {
		return
	}
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

// logout ends this session, or with choice=everywhere all of the account, and
// has the browser forget what it keeps of this origin's pages (ASVS 5.0 14.3.1).
func (x *exchange) logout() {
	if x.at == atHost {
		x.logoutHere()
		return
	}
	all := x.r.PostForm.Get("choice") == everywhere
	if all {
		switch a, s, err := x.Engine.Account(x.r.Context(), x.client.Session); {
		case err != nil:
			x.unavailable(err)
			return
		case s != nil && !x.ownFresh(a, s):
			return
		}
	}
	if err := x.Engine.SignOut(x.r.Context(), x.client.Session, all); err != nil {
		x.unavailable(err)
		return
	}
	x.forgetSession()
}

func (x *exchange) forgetSession() {
	x.set(sessionCookie, "", -time.Second)
	if x.secure || Loopback(x.r.Host) { // elsewhere browsers do not take it
		x.w.Header().Set("Clear-Site-Data", `"cache"`)
	}
	x.redirect(x.address("logout", url.Values{}))
}

// logoutHere ends the session at this host, at the portal and everywhere else.
func (x *exchange) logoutHere() {
	if err := x.Engine.SignOutHost(x.r.Context(), x.client.Session, x.host); err != nil {
		x.unavailable(err)
		return
	}
	x.forgetSession()
}

// showSignedOut is where signing out leads.
func (x *exchange) showSignedOut() {
	switch s, err := x.session(); {
	case err != nil:
		x.unavailable(err)
	case s != nil: // the form of it is there
		x.redirect(x.accountURL(""))
	default:
		x.page(http.StatusOK, x.frame(), templates.SignedOutPage{})
	}
}

// dropTrustedContact is the choice that takes back who may vouch.
const dropTrustedContact = "drop:"

// endTrust is the choice that has a known browser asked for the second factor.
const endTrust = "distrust:"

// stopWait is the choice that ends every wait somebody began.
const stopWait = "stop_wait"

// ownWait is the choice that keeps this browser from asking about them.
const ownWait = "own_wait"

// Choices that sign browsers out.
const (
	everywhere = "everywhere" // all
	elsewhere  = "elsewhere"  // all but this one
)
