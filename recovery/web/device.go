package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/templates"
)

// approveAddress is where a signed-in browser lets another one in.
const approveAddress = "account/approve"

// deviceWait is the page of the new browser.
func (s step) deviceWait() templates.Content {
	c := templates.DeviceWaitPage{Ways: s.ways(), Link: s.origin + Prefix + approveAddress, Asks: s.asksThere()}
	q, err := s.Engine.DeviceRequest(s.r.Context(), s.Flow)
	if err != nil {
		return s.away(err)
	}
	c.State, c.Number, c.Others = string(q.State), q.Number, q.Others
	c.Code = secret.Group(s.Flow.DeviceCode, 4)
	c.Waits, c.Coded = q.State == recovery.DeviceWaiting, q.State == recovery.DeviceCoded
	c.Approved = q.State == recovery.DeviceApproved
	if c.Waits {
		s.hardenAsking()
	}
	c.QR = qrOrNothing(c.Link)
	return c
}

// asksThere is what the known browser will ask: of somebody who has proved nothing
// yet it depends on no account.
func (s step) asksThere() string {
	replaces := s.replaces()
	switch {
	case s.Account == nil && replaces:
		return templates.AsksAny
	case s.Account == nil:
		return templates.AsksProof
	case !s.Engine.Methods.HasFactor(s.Account) && replaces:
		return templates.AsksNothing
	case !s.Engine.Methods.HasFactor(s.Account), replaces && s.Flow.Goal == recovery.GoalSecondFactor:
		return templates.AsksPassword
	}
	return templates.AsksFactor
}

// peek answers the script of that page: 205 when there is something new, else 204.
func (x *exchange) peek(f *recovery.Flow) {
	if wait := x.Engine.MayLook(f.ID); wait > 0 {
		x.w.Header().Set("Retry-After", seconds(wait))
		x.w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	q, err := x.Engine.DeviceRequest(x.r.Context(), f)
	switch {
	case err != nil:
		x.w.Header().Set("Retry-After", "5")
		x.w.WriteHeader(http.StatusServiceUnavailable)
	case string(q.State) == x.r.URL.Query().Get("state"):
		x.w.WriteHeader(http.StatusNoContent)
	default:
		x.w.WriteHeader(http.StatusResetContent)
	}
}

// deviceApprove asks the known browser for the last click.
func (s step) deviceApprove() templates.Content {
	c := templates.DevicePage{HandOver: s.Step.Ask == recovery.AskHandOver, Found: s.Flow.DeviceCode != ""}
	q, err := s.Engine.DeviceRequest(s.r.Context(), s.Flow)
	switch {
	case err != nil:
		return s.away(err)
	case q.ID != "":
		c.Request = s.asking(&q)
	}
	return c
}

// asking is what the known browser is shown of the new one.
func (x *exchange) asking(q *recovery.DeviceRequest) *templates.DeviceRequest {
	out := &templates.DeviceRequest{
		ID: q.ID, State: string(q.State), Browser: q.Browser, Network: q.Network, SameNetwork: q.Network == x.client.Network,
		Host: q.Host, App: x.appOf(q), At: q.At, Others: q.Others, For: x.forWhat(q),
	}
	if out.For != "" {
		out.App = "" // it goes to the sign-in
	}
	if q.Code != "" && x.Engine.Now().Before(q.CodeUntil) {
		out.Code = secret.Group(q.Code, 4)
		out.Left = q.CodeUntil.Sub(x.Engine.Now()).Round(time.Second)
	}
	return out
}

// forWhat names what a request is for, beside a sign-in.
func (x *exchange) forWhat(q *recovery.DeviceRequest) string {
	recipe := recovery.RecipeOf(x.Engine.Recipes, q.For)
	if recipe == nil || recipe.Opens {
		return ""
	}
	return cmp.Or(string(q.Goal), string(q.For))
}

// appOf names the app that the person was going to.
func (x *exchange) appOf(q *recovery.DeviceRequest) string {
	to, err := url.Parse(q.Return)
	switch {
	case err != nil || q.Return == "" || strings.HasPrefix(q.Return, Prefix):
		return ""
	case to.Host != "":
		return to.Host + to.Path
	}
	return q.Host + to.Path
}

// showApprove is where somebody lets another browser in, or types the code of
// somebody to vouch for.
func (x *exchange) showApprove() {
	a, s, err := x.Engine.Account(x.r.Context(), x.client.Session)
	switch {
	case err != nil:
		x.unavailable(err)
	case s == nil:
		x.comeIn(Prefix+approveAddress, Prefix+approveAddress)
	default:
		f, c, err := x.approvePage(a, s)
		if err != nil {
			x.unavailable(err)
			return
		}
		f.Notice = x.notice()
		x.page(http.StatusOK, f, c)
	}
}

func (x *exchange) approveAgain(recovery.Input) (templates.Frame, templates.Content, bool) {
	a, s, err := x.Engine.Account(x.r.Context(), x.client.Session)
	if err == nil && s != nil {
		if f, c, err := x.approvePage(a, s); err == nil {
			return f, c, true
		}
	}
	return x.startFrame(""), x.link(), true // as of any kind that a session begins
}

// approvePage shows the request that there is; without one, that there is none, or
// the form of those who vouch, as was asked.
func (x *exchange) approvePage(a *recovery.Account, s *recovery.Session) (templates.Frame, templates.Content, error) {
	q, why, err := x.Engine.PendingDevice(x.r.Context(), a, s)
	vouch, letIn := x.startFrame(recovery.KindVouch), x.startFrame(recovery.KindLetIn)
	vouch.SignedIn, letIn.SignedIn = true, true
	switch choice := x.r.URL.Query().Get("choice"); {
	case choice == "device":
		return letIn, templates.DevicePage{ByCode: true}, err
	case q != nil && choice != "vouch":
		return letIn, templates.DevicePage{Request: x.asking(q)}, err
	case choice == string(recovery.KindLetIn):
		return letIn, templates.DevicePage{None: true, Why: why}, err
	}
	return vouch, templates.ConfirmPage{Ways: templates.Ways{Method: "approve"}, Why: why}, err
}

// turnDown is "not me", which ends the request, and "lock my account" after it.
func (x *exchange) turnDown() {
	a, s, err := x.Engine.Account(x.r.Context(), x.client.Session)
	switch {
	case err != nil:
		x.unavailable(err)
		return
	case s == nil:
		x.comeIn("", Prefix+approveAddress)
		return
	case x.r.PostForm.Get("choice") == "lock":
		x.lockRefused(a, s)
		return
	}
	err = x.Engine.RefuseDevice(x.r.Context(), a, s, x.r.PostForm.Get("name"))
	switch {
	case errors.Is(err, recovery.ErrNotAllowed):
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemNotAvailable)
	case err != nil:
		x.unavailable(err)
	default:
		x.redirect(x.address(approveAddress, url.Values{"done": {"device_refused"}}))
	}
}

// lockRefused closes the account, and says what opens it again.
func (x *exchange) lockRefused(a *recovery.Account, s *recovery.Session) {
	ok, err := x.Engine.LockRefused(x.r.Context(), a, s, x.client)
	if !x.stopped(ok, err) {
		return
	}
	ways, err := x.Engine.Reopens(x.r.Context(), a, x.Engine.Now())
	if err != nil {
		x.unavailable(err)
		return
	}
	x.showClosed("frozen", ways)
}
