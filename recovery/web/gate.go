package web

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/templates"
)

// Deny answers a request the guard did not let through, in place: the answer
// is always written, so that nothing behind us runs.
func (s *Server) Deny(w http.ResponseWriter, r *http.Request, d guard.Decision) {
	s.Harden(w, r)
	x := s.exchange(w, r)
	switch {
	case !x.clear:
		x.contradicted()
	case x.tooOpen():
		x.refuse(http.StatusForbidden, "insecure_http")
	case d.Reason == guard.DeniedUnavailable:
		x.undecided()
	case d.Reason == guard.DeniedForbidden && d.Identity != nil:
		x.forbidden(d.Identity)
	case d.Reason == guard.DeniedRecovered:
		x.recoveredLately(d)
	case d.Reason == guard.DeniedFactor && !d.Able():
		x.withoutFactor(d.Identity)
	case d.Reason == guard.DeniedFactor, d.Reason == guard.DeniedStale:
		x.prove(d)
	case d.Reason == guard.DeniedShowing:
		x.showWaits(d.Identity)
	case d.Reason == guard.DeniedKey:
		x.challenge(d)
		x.keyRefused()
	default:
		x.challenge(d)
		x.signIn()
	}
}

// Ours tells whether a request is for our own pages.
func Ours(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, Prefix) || r.URL.Path == strings.TrimSuffix(Prefix, "/")
}

// Ours tells whether a request is for our own pages: those below [Prefix], and
// all there are at the portal.
func (s *Server) Ours(r *http.Request) bool {
	if Ours(r) {
		return true
	}
	where, _ := s.site(r)
	return where == atPortal
}

// Follow has a request that was let through end with its session. The request
// stays the same for everything that holds it: later handlers, placeholders, the
// access log. key is where the context of the request has its [net.Conn]; nil:
// nowhere. Leave the stream when the request is over.
func Follow(g *guard.Guard, w http.ResponseWriter, r *http.Request, d guard.Decision, key any) *guard.Stream {
	c := connection{w: w}
	if r.ProtoMajor == 1 {
		c.ctx, c.key = r.Context(), key
	}
	s := g.Follow(r.Context(), c, d)
	*r = *r.WithContext(s)
	return s
}

// connection ends a request from another goroutine, below everything that wraps
// its writer: Caddy's own writer moves its deadline with each write, and is not
// made for anybody else to set one.
type connection struct {
	w   http.ResponseWriter
	ctx context.Context // of the request; nil: the connection is not only its
	key any
}

func (c connection) innermost() *http.ResponseController {
	for {
		inner, ok := c.w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return http.NewResponseController(c.w)
		}
		c.w = inner.Unwrap()
	}
}

func (c connection) SetReadDeadline(t time.Time) error { return c.innermost().SetReadDeadline(t) }

// SetWriteDeadline closes the connection where it carries one request at a time:
// a deadline would be moved by the next write.
func (c connection) SetWriteDeadline(t time.Time) error {
	if c.ctx != nil && c.key != nil {
		if conn, ok := c.ctx.Value(c.key).(net.Conn); ok {
			return conn.Close()
		}
	}
	return c.innermost().SetWriteDeadline(t)
}

// windowed tells an answer that a window shows, to a page load or to a form, from
// that to everything a page does in the background.
func windowed(r *http.Request) bool {
	if !reads(r) && r.Method != http.MethodPost { // no window sends another
		return false
	}
	mode, dest := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
	if mode != "" || dest != "" {
		return mode == "navigate" && (dest == "document" || dest == "empty") // empty: a service worker passes it on
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html") && !scripted(r) && r.Header.Get("Upgrade") == ""
}

// scripted tells a request that a script says it has sent. Web views of phones send
// the same header with every page load, and the name of their app in it.
func scripted(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("X-Requested-With"), "XMLHttpRequest")
}

// navigation tells a page load from forms and from the background.
func navigation(r *http.Request) bool { return reads(r) && windowed(r) }

// Navigation tells a page that a person loads, which something may stand in
// front of: no form, no frame, nothing in the background.
func Navigation(r *http.Request) bool { return r.Method == http.MethodGet && navigation(r) }

// signIn asks for a login at the address asked for: status 401, no redirect,
// nothing written.
func (x *exchange) signIn() {
	if x.at != alone {
		x.askPortal()
		return
	}
	target := SafeReturn(x.r.URL.RequestURI())
	switch {
	case framed(x.r):
		x.hardenFramed() // it has a link out and no form
		x.signInFramed(target)
		return
	case !windowed(x.r):
		x.background(http.StatusUnauthorized, "sign_in_required", x.loginURL("", target))
		return
	case !reads(x.r):
		x.notSaved()
		return
	}
	ready, err := x.Engine.HasAccounts(x.r.Context())
	if err != nil {
		x.unavailable(err)
		return
	}
	if !ready {
		f := x.startFrame(recovery.KindSetup)
		f.Return = target
		x.page(http.StatusUnauthorized, f, templates.SetupPage{})
		return
	}
	f, c := x.login(target, "")
	x.page(http.StatusUnauthorized, f, c)
}

// notSaved answers a form that came after the session had ended.
func (x *exchange) notSaved() { x.page(http.StatusUnauthorized, x.frame(), templates.NotSavedPage{}) }

func (x *exchange) signInFramed(target string) {
	if !reads(x.r) {
		x.notSaved()
		return
	}
	f := x.frame()
	f.Return = target
	x.page(http.StatusUnauthorized, f, templates.FramePage{})
}

// background answers what is no page load: small JSON, no cookie.
func (x *exchange) background(status int, key, address string) {
	body, err := json.Marshal(map[string]string{"error": key, "sign_in": address})
	if err != nil {
		body = []byte(`{}`)
	}
	x.w.Header().Set("Content-Type", "application/json")
	x.begin(status)
	_, _ = x.w.Write(body)
}

// undecided answers a request to the app about which nothing can be decided.
func (x *exchange) undecided() {
	x.w.Header().Set("Retry-After", "5")
	switch {
	case !windowed(x.r):
		x.background(http.StatusServiceUnavailable, "unavailable", "")
	case !reads(x.r):
		x.page(http.StatusServiceUnavailable, x.frame(), templates.NotSavedPage{Away: true})
	default:
		x.page(http.StatusServiceUnavailable, x.frame(), templates.UnavailablePage{})
	}
}

// contradicted answers a request of which a trusted proxy does not say clearly
// whether it came by https: every cookie, link and check would hang on a guess.
func (x *exchange) contradicted() {
	x.unclear.Do(func() {
		x.log().Error("a proxy in trusted_proxies sends X-Forwarded-Proto twice, as a list, or with another word than http or https: " +
			"those requests are refused; have it write one of the two over what a client has sent")
	})
	if !windowed(x.r) {
		x.background(http.StatusBadRequest, "forwarded_proto", "")
		return
	}
	x.refuse(http.StatusBadRequest, "forwarded_proto")
}

// forbidden answers somebody whom the site is not shared with.
func (x *exchange) forbidden(id *guard.Identity) {
	x.refusedTo(id)
	x.keepOut("forbidden", templates.ForbiddenPage{Name: id.User, Admin: slices.Contains(strings.Split(id.Groups, ","), recovery.GroupAdmins)})
}

// recoveredLately answers the owner of an account that was recovered lately, or
// whoever has recovered it.
func (x *exchange) recoveredLately(d guard.Decision) {
	x.refusedTo(d.Identity)
	x.keepOut("recovered_lately", templates.ForbiddenPage{Name: d.Identity.User, Why: templates.ForbiddenRecovered, Until: d.Until()})
}

// withoutFactor answers somebody who has no second factor where one is needed.
func (x *exchange) withoutFactor(id *guard.Identity) {
	x.refusedTo(id)
	if x.at == atHost && navigation(x.r) { // the form is at the portal
		x.redirect(x.proveURL(SafeReturn(x.r.URL.RequestURI())) + "&why=" + string(templates.ForbiddenFactor))
		return
	}
	x.keepOut("second_factor_missing", templates.ForbiddenPage{Name: id.User, Why: templates.ForbiddenFactor})
}

// refusedTo is for the log.
func (x *exchange) refusedTo(id *guard.Identity) {
	x.Engine.Refused(x.r.Context(), recovery.Event{Name: recovery.EventForbidden, Account: id.ID, Person: id.User, ActorID: id.ID, Actor: id.User})
}

// keepOut says why somebody signed in may not see what was asked for.
func (x *exchange) keepOut(key string, c templates.ForbiddenPage) {
	if !windowed(x.r) {
		x.background(http.StatusForbidden, key, "")
		return
	}
	f := x.mine()
	f.Return = "/"
	if x.at == atHost { // what the name stands for has other hosts, which may be open
		f.Site = f.Host
	}
	x.page(http.StatusForbidden, f, c)
}

// prove asks somebody signed in for a strong proof, at the address asked for or at
// the portal. The page writes nothing: its form begins the flow. In the background
// nothing can be asked, and a page of the app that loads itself again on a 401 gets
// there.
func (x *exchange) prove(d guard.Decision) {
	target := SafeReturn(x.r.URL.RequestURI())
	why := templates.ForbiddenProve
	if d.Reason == guard.DeniedFactor {
		why = templates.ForbiddenSecond
	}
	switch {
	case !windowed(x.r) && x.at == atHost:
		x.background(http.StatusUnauthorized, "proof_required", x.proveURL(target))
	case !windowed(x.r):
		x.background(http.StatusUnauthorized, "proof_required", x.loginURL("", target))
	case !reads(x.r):
		f := x.mine()
		f.Return = target
		x.page(http.StatusUnauthorized, f, templates.NotSavedPage{Prove: true})
	case x.at == atHost:
		x.redirect(x.proveURL(target))
	default:
		x.askProof(d.Identity.User, why, target)
	}
}

// askProof is the page whose form begins a proof, and that then leads on.
func (x *exchange) askProof(name string, why templates.Forbidden, next string) {
	f := x.mine()
	f.Start, f.Return = string(recovery.KindStepUp), next
	x.page(http.StatusUnauthorized, f, templates.ForbiddenPage{Name: name, Why: why})
}

// showProve is the page that asks for a proof, for another host.
func (x *exchange) showProve() {
	next := x.Return(x.r.URL.Query().Get("return"))
	switch a, s, err := x.Engine.Account(x.r.Context(), x.client.Session); {
	case err != nil:
		x.unavailable(err)
	case s != nil && x.r.URL.Query().Get("why") == string(templates.ForbiddenFactor):
		f := x.mine()
		f.Return = next
		x.page(http.StatusForbidden, f, templates.ForbiddenPage{Name: a.Name, Why: templates.ForbiddenFactor})
	case s != nil:
		x.askProof(a.Name, templates.ForbiddenProve, next)
	default:
		x.comeIn(next, next)
	}
}

// comeIn leads to the sign-in, or asks for the factor that was left out there. back
// is where that leads.
func (x *exchange) comeIn(target, back string) {
	switch a, err := x.Engine.Halfway(x.r.Context(), x.client.Session); {
	case err != nil:
		x.unavailable(err)
	case a != nil:
		x.askProof(a.Name, templates.ForbiddenSecond, back)
	default:
		x.redirect(x.loginURL("", target))
	}
}

// halfway tells of a sign-in of fewer factors than the account has.
func (x *exchange) halfway() bool {
	a, err := x.Engine.Halfway(x.r.Context(), x.client.Session)
	return err == nil && a != nil
}

// Unavailable answers a request when nothing can be decided, from outside an
// exchange (a panic, a store that does not open).
func (s *Server) Unavailable(w http.ResponseWriter, r *http.Request) {
	s.Deny(w, r, guard.Decision{Reason: guard.DeniedUnavailable})
}

// challenge asks a program for an access key, where one is looked at: git, curl and
// others send their credentials only then. A browser would open a window of its own
// and ask for a password, so there is none for what looks like one.
func (x *exchange) challenge(d guard.Decision) {
	if d.Keyed && !fetched(x.r.Header) && !windowed(x.r) && !scripted(x.r) {
		x.w.Header().Set("WWW-Authenticate", `Basic realm="access key", charset="UTF-8"`)
	}
}

// fetched tells a request of a browser that says what it is for.
func fetched(h http.Header) bool {
	for _, name := range [...]string{"Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-User"} {
		if len(h[name]) > 0 {
			return true
		}
	}
	return false
}

// keyRefused answers a key that lets in nobody, whatever is wrong with it.
func (x *exchange) keyRefused() {
	if wait := x.Engine.WrongKey(x.r.Context()); wait > 0 {
		x.w.Header().Set("Retry-After", seconds(wait))
		x.background(http.StatusTooManyRequests, "access_key_refused", "")
		return
	}
	x.background(http.StatusUnauthorized, "access_key_refused", "")
}
