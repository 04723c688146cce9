package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Harden sets what every answer of ours carries, those of a gate that cannot open
// included.
func (f Front) Harden(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	f.stayOnTLS(h, r)
	h.Set("Content-Security-Policy", contentPolicy(r, "form-action 'self'; frame-ancestors 'none'"))
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), publickey-credentials-create=(self), publickey-credentials-get=(self)")
	h.Set("Cache-Control", "no-store")
}

// stayOnTLS has browsers that came by https come by https only, for a year, unless
// the site has said something of its own before (ASVS 5.0 3.4.1). Not so on a
// loopback host, where other programs are on other ports of the same name.
func (f Front) stayOnTLS(h http.Header, r *http.Request) {
	const name = "Strict-Transport-Security"
	if f.secure(r) && !Loopback(r.Host) && len(h[name]) == 0 {
		h.Set(name, "max-age=31536000")
	}
}

// hardenFramed sets what is different for the one page that may stand in a frame:
// of pages of this host and the other protected ones. Browsers that know
// frame-ancestors do not look at X-Frame-Options, which cannot name several.
func (x *exchange) hardenFramed() {
	h := x.w.Header()
	h.Set("Content-Security-Policy", contentPolicy(x.r, "form-action 'none'; frame-ancestors "+strings.Join(append([]string{"'self'"}, x.Origins...), " ")))
	h.Set("X-Frame-Options", "SAMEORIGIN")
}

// hardenAsking lets the script of a page that waits ask us whether it is over.
func (x *exchange) hardenAsking() {
	h := x.w.Header()
	h.Set("Content-Security-Policy", h.Get("Content-Security-Policy")+"; connect-src 'self'")
}

func contentPolicy(r *http.Request, more string) string {
	return "default-src 'none'; style-src 'self'; script-src " + scripts(r.Host) + "; img-src 'self'; base-uri 'none'; " + more
}

// scripts is where our pages may load scripts from: our own folder. The rest of
// the host is the app's, which may hold files of visitors (WB-03). The
// scheme is that of the page. A policy can name no IP address (CSP Level 3,
// section 6.7.2.8), and nothing that is no host.
func scripts(host string) string {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = host, ""
	}
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil || name == "" || strings.ContainsFunc(name+port, unnameable) {
		return "'self'"
	}
	return host + Prefix + "static/"
}

func unnameable(c rune) bool {
	return c != '-' && c != '.' && (c > 0x7f || !alphanumeric(byte(c)))
}
