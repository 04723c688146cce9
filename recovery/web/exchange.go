package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// exchange is one request to our pages and its answer.
type exchange struct {
	*Server
	w      http.ResponseWriter
	r      *http.Request
	client recovery.Client
	secure bool   // the browser came by https
	clear  bool   // that is known
	origin string // scheme://host as the browser sees it
	keep   string // language picked by hand
	id     string // joins page and log line
	person string // id behind people/
	at     site
	host   string // origin of the further host that was asked for; empty: it is none

	flowEnds time.Time // when the flow cookie does; zero: it has no time
}

func (x *exchange) language(code string) string {
	if slices.Contains(x.Pages.Languages(), code) {
		return code
	}
	return ""
}

// Loopback tells whether a host, with or without a port, is this very machine:
// there passwords may go over plain http.
func Loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	if name = strings.ToLower(name); name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil && a.IsLoopback()
}

// tooOpen tells that passwords would cross a network in the clear.
func (x *exchange) tooOpen() bool { return x.inClear(x.r) }

// inClear tells whether what a request and its answer hold crosses a network for
// everybody to read, and that is not accepted.
func (s *Server) inClear(r *http.Request) bool {
	return !s.secure(r) && !s.Insecure && !Loopback(r.Host)
}

// sameOrigin is the one check against cross-site requests: Sec-Fetch-Site
// says so, or, from a browser without it, Origin equals our own. Neither
// means no (WB-01).
func (x *exchange) sameOrigin() bool {
	site, sent := x.r.Header["Sec-Fetch-Site"]
	if sent {
		return len(site) == 1 && site[0] == "same-origin"
	}
	origin := x.r.Header["Origin"]
	return len(origin) == 1 && origin[0] == x.origin
}

// from says for the log where a form came from that sameOrigin refuses, in words
// of a closed list: what a header says is whatever a stranger wrote there.
func (x *exchange) from() string {
	switch site := x.r.Header.Get("Sec-Fetch-Site"); {
	case site == "cross-site", site == "same-site", site == "none":
		return "Sec-Fetch-Site " + site
	case len(x.r.Header["Sec-Fetch-Site"]) > 0:
		return "Sec-Fetch-Site that is none"
	case len(x.r.Header["Origin"]) > 0:
		return "another Origin"
	}
	return "neither Sec-Fetch-Site nor Origin"
}
