package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/templates"
)

// ownPage makes the page of an address below the account.
type ownPage func(*exchange, *recovery.Account, *recovery.Session) templates.Content

// ownPages has a line for each page of one's own account. Step-ups come back to
// them.
func ownPages() map[string]ownPage {
	return map[string]ownPage{
		"account":          (*exchange).ownOverview,
		"account/sign-in":  (*exchange).ownSignIn,
		"account/devices":  (*exchange).ownDevices,
		"account/keys":     (*exchange).ownKeys,
		"account/recovery": (*exchange).ownRecovery,
		"account/contact":  (*exchange).ownContact,
		"account/activity": (*exchange).ownActivity,
	}
}

// ownPath is the page of one's own account that was asked for; else the overview.
func (x *exchange) ownPath() string {
	if ownPath(x.r.URL.Path) {
		return strings.TrimPrefix(x.r.URL.Path, Prefix)
	}
	return "account"
}

// showAccount is a page of one's own account.
func (x *exchange) showAccount() {
	path := x.ownPath()
	a, s, err := x.Engine.Account(x.r.Context(), x.client.Session)
	if err != nil {
		x.unavailable(err)
		return
	}
	if s == nil {
		x.comeIn(Prefix+path, Prefix+path)
		return
	}
	f := x.mine()
	f.Notice = x.notice()
	x.page(http.StatusOK, f, ownPages()[path](x, a, s))
}

// changed tells that what is said on the page is of a change after which somebody
// may want all other sign-ins to end.
func (x *exchange) changed() bool {
	key := x.r.URL.Query().Get("done")
	return slices.ContainsFunc(x.Engine.Recipes, func(r recovery.Recipe) bool { return r.Change != "" && slices.Contains(r.After.Says, key) })
}

// notChanged shows a page of one's own account with what is wrong, when the form
// that was posted has nothing to go back to.
func (x *exchange) notChanged(path, problem string) {
	a, s, err := x.Engine.Account(x.r.Context(), x.client.Session)
	switch {
	case err != nil:
		x.unavailable(err)
	case s == nil:
		x.redirect(x.loginURL("", ""))
	default:
		f := x.mine()
		f.Problem = &templates.Text{Key: problem}
		x.page(http.StatusUnprocessableEntity, f, ownPages()[path](x, a, s))
	}
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
		x.redirect(x.ownURL(x.ownPath(), "wait_stopped"))
		return
	case id == ownWait:
		if err := x.Engine.OwnWaits(x.r.Context(), a.ID, s.Device); err != nil {
			x.unavailable(err)
			return
		}
		x.redirect(x.Return(x.r.PostForm.Get("return")))
		return
	case id == makeKey, strings.HasPrefix(id, revokeKey), strings.HasPrefix(id, resumeKey):
		x.changeKeys(a, s, id)
		return
	case id == showAs:
		x.nameOneself(a, s)
		return
	case strings.HasPrefix(id, endTrust):
		x.endTrust(a, strings.TrimPrefix(id, endTrust))
		return
	case strings.HasPrefix(id, forget), strings.HasPrefix(id, rename):
		x.changeBrowser(a, s, id)
		return
	case id == exportData:
		x.exportOwn(a, s)
		return
	case strings.HasPrefix(id, nameFactor):
		x.nameFactor(a, s, strings.TrimPrefix(id, nameFactor))
		return
	case strings.HasPrefix(id, dropTrustedContact):
		x.dropTrustedContact(a, s, strings.TrimPrefix(id, dropTrustedContact))
		return
	case id == "":
		x.notChanged(x.ownPath(), recovery.ProblemMissing)
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
	x.redirect(x.ownURL(x.ownPath(), done))
}

// ownFresh asks for a strong proof first, if the last one is too old, and then
// comes back to the page it was asked on.
func (x *exchange) ownFresh(a *recovery.Account, s *recovery.Session) bool {
	if x.Engine.FreshOwn(a, s) {
		return true
	}
	x.stepUp(Prefix + x.ownPath())
	return false
}

func (x *exchange) endTrust(a *recovery.Account, device string) {
	if err := x.Engine.EndTrust(x.r.Context(), a.ID, device); err != nil {
		x.unavailable(err)
		return
	}
	x.redirect(x.ownURL(x.ownPath(), "trust_ended"))
}

// changeBrowser forgets a known browser or names it. Whose they are shows that once
// more: a browser with another name hides, and who is forgotten is signed out.
func (x *exchange) changeBrowser(a *recovery.Account, s *recovery.Session, choice string) {
	if !x.ownFresh(a, s) {
		return
	}
	var done string
	var err error
	if id, named := strings.CutPrefix(choice, rename); named {
		done, err = "browser_renamed", x.Engine.RenameBrowser(x.r.Context(), a.ID, id, x.r.PostForm.Get("label"))
	} else {
		done, err = "browser_forgotten", x.Engine.ForgetBrowser(x.r.Context(), a.ID, strings.TrimPrefix(choice, forget))
	}
	x.named(done, err)
}

// nameFactor names a passkey. One with another name hides, too.
func (x *exchange) nameFactor(a *recovery.Account, s *recovery.Session, id string) {
	if x.ownFresh(a, s) {
		x.named("browser_renamed", x.Engine.NameFactor(x.r.Context(), a.ID, id, x.r.PostForm.Get("label")))
	}
}

// named goes back to the page, and says what was done there.
func (x *exchange) named(done string, err error) {
	switch {
	case errors.Is(err, recovery.ErrFull):
		x.notChanged(x.ownPath(), recovery.ProblemFull)
	case err != nil:
		x.unavailable(err)
	default:
		x.redirect(x.ownURL(x.ownPath(), done))
	}
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
		x.redirect(x.ownURL(x.ownPath(), ""))
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

// Choices about a known browser.
const (
	forget = "forget:"
	rename = "rename:" // to what stands in the field "label"
)

// nameFactor is the choice that names one of several second factors as stands in the
// field "label".
const nameFactor = "name:"

// stopWait is the choice that ends every wait somebody began.
const stopWait = "stop_wait"

// ownWait is the choice that keeps this browser from asking about them.
const ownWait = "own_wait"

// Choices that sign browsers out.
const (
	everywhere = "everywhere" // all
	elsewhere  = "elsewhere"  // all but this one
)

// exportData is the choice that hands somebody all that is kept of them.
const exportData = "export"

// exportOwn is a file of all that the account holds, for its owner: fresh, and never
// in a browser or at a time in which the account is not to be changed.
func (x *exchange) exportOwn(a *recovery.Account, s *recovery.Session) {
	if !a.OnProbation(s, x.Engine.Now()).IsZero() {
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemProbation)
		return
	}
	if !x.ownFresh(a, s) {
		return
	}
	text, err := json.MarshalIndent(a.Export(x.Engine.Now()), "", "  ")
	if err != nil {
		x.unavailable(err)
		return
	}
	x.Engine.Exported(x.r.Context(), a)
	h := x.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="my-data.json"`)
	x.w.WriteHeader(http.StatusOK)
	_, _ = x.w.Write(append(text, '\n')) // a browser that went away asks again
}
