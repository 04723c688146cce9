package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/templates"
)

// here tells whether a page of ours is at the host asked for: with a portal all
// are there, and other hosts have only what needs their cookie. If it is not,
// that has been answered.
func (x *exchange) here(page string, known bool) bool {
	switch {
	case x.at == alone, x.at == atHost && (page == "enter" || page == "logout"):
		return true
	case x.at == atPortal && Ours(x.r):
		return true
	case x.at == atPortal:
		x.noApp()
	case x.at == nowhere:
		x.tellOfPort()
		x.refuse(http.StatusForbidden, "unknown_host")
	case !known || !navigation(x.r):
		x.refuse(http.StatusNotFound, "not_found")
	case page == "login": // as other proxies lead to it, too: back here with a ticket
		x.redirect(x.portalURL(SafeReturn(x.r.URL.Query().Get("return")), x.addNonce()))
	default:
		x.redirect(x.Portal + (&url.URL{Path: Prefix + page, RawQuery: x.r.URL.RawQuery}).String())
	}
	return false
}

// noApp answers what is no page of ours at the portal: nothing stands behind it.
func (x *exchange) noApp() {
	if !navigation(x.r) {
		x.background(http.StatusNotFound, "not_found", "")
		return
	}
	x.redirect(x.accountURL(""))
}

// tellOfPort says once in the log that a host of the configuration was asked for by
// another scheme or at another port than it has there: cookies and tickets are for
// what browsers see, and of a mapped port Caddy knows nothing.
func (x *exchange) tellOfPort() {
	for _, origin := range append([]string{x.Portal}, x.Origins...) {
		if name := hostname(origin); name != "" && name == hostname(x.origin) {
			x.mapped.Do(func() {
				x.log().Warn("somebody asked for a host at another scheme or port than it has here, and with a portal nobody can sign in there: "+
					"where ports are mapped, have Caddy listen at the one that people see, such as 8443:8443 with the site photos.example.com:8443; "+
					"where a proxy takes TLS off, name it in trusted_proxies", "asked", x.origin, "configured", origin)
			})
			return
		}
	}
}

// portalURL asks for a sign-in at the portal, that leads to a path on this host.
// nonce is what the ticket will be bound to; empty: the host is asked first.
func (x *exchange) portalURL(target, nonce string) string {
	return x.Portal + x.address("login", url.Values{"return": {x.host + target}, "n": {nonce}})
}

// proveURL asks for a proof at the portal, that leads to a path on this host.
func (x *exchange) proveURL(target string) string {
	return x.Portal + x.address("prove", url.Values{"return": {x.host + target}})
}

// askPortal has somebody who is not signed in at this host go to the portal.
func (x *exchange) askPortal() {
	target := SafeReturn(x.r.URL.RequestURI())
	if x.at == nowhere {
		x.tellOfPort()
	}
	switch {
	case x.at == nowhere && windowed(x.r):
		x.refuse(http.StatusForbidden, "unknown_host")
	case x.at == nowhere:
		x.background(http.StatusUnauthorized, "unknown_host", "")
	case framed(x.r):
		x.hardenFramed()
		x.signInFramed(target)
	case !windowed(x.r):
		x.background(http.StatusUnauthorized, "sign_in_required", x.portalURL(target, ""))
	case !reads(x.r):
		x.notSaved()
	default:
		x.redirect(x.portalURL(target, x.addNonce()))
	}
}

// handsOver leads a browser that is signed in at the portal on to another host. It
// is false when it is not, or when that is not where it wants to go.
func (x *exchange) handsOver(back string) bool {
	host, target, ok := x.otherHost(back)
	if !ok || !navigation(x.r) || x.r.Method != http.MethodGet {
		return false
	}
	nonce := x.r.URL.Query().Get("n")
	if !isNonce(nonce) {
		if !x.signedIn() && !x.halfway() {
			return false
		}
		x.redirect(back) // the host gives the browser one
		return true
	}
	return x.handOver(host, target, nonce)
}

// otherHost takes a return target apart, when it is one on another host.
func (x *exchange) otherHost(back string) (host, target string, ok bool) {
	for _, origin := range x.Origins {
		if rest, found := strings.CutPrefix(back, origin); found && strings.HasPrefix(rest, "/") && x.at == atPortal {
			return origin, rest, true
		}
	}
	return "", "", false
}

// hardenPortal lets forms of the portal lead to the protected hosts, and to no
// others: Chromium holds a redirect after a form to form-action, too.
func (x *exchange) hardenPortal() {
	if x.at != atPortal {
		return
	}
	forms := strings.Join(append([]string{"form-action 'self'"}, x.Origins...), " ")
	x.w.Header().Set("Content-Security-Policy", contentPolicy(x.r, forms+"; frame-ancestors 'none'"))
}

// showWaitsPage is [exchange.showWaits] at the portal, for another host.
func (x *exchange) showWaitsPage() {
	a, f, ok := x.mineAtPortal()
	if !ok {
		return
	}
	device := ""
	if s, err := x.session(); err == nil && s != nil {
		device = s.Device
	}
	x.page(http.StatusOK, f, templates.WaitsPage{Waits: shownWaits(a.Showing(device, x.Engine.Now()))})
}

// mineAtPortal is the frame of a page that another host leads to, and back to it.
// False: that has been answered.
func (x *exchange) mineAtPortal() (*recovery.Account, templates.Frame, bool) {
	back := x.Return(x.r.URL.Query().Get("return"))
	a, s, err := x.Engine.Account(x.r.Context(), x.client.Session)
	switch {
	case x.at != atPortal:
		x.refuse(http.StatusNotFound, "not_found")
	case err != nil:
		x.unavailable(err)
	case s == nil:
		x.redirect(x.loginURL("", back))
	default:
		f := x.mine()
		f.Return = back
		return a, f, true
	}
	return nil, templates.Frame{}, false
}
