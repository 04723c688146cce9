package web

import (
	"cmp"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

func (s *Server) exchange(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{Server: s, w: w, r: r, id: secret.Code(8)}
	x.secure, x.clear = s.Secure(r)
	scheme := "http://"
	if x.secure {
		scheme = "https://"
	}
	x.origin = scheme + r.Host
	if x.at, x.host = s.site(r); x.at != atHost {
		x.host = ""
	}
	x.keep = x.language(r.URL.Query().Get("lang"))
	base, elsewhere := x.base()
	x.client = recovery.Client{
		Network: network(s.Client(r)), Browser: browser(r.UserAgent()),
		Lang: cmp.Or(x.keep, s.Pages.Match(r.Header.Get("Accept-Language"))), Base: base, Elsewhere: elsewhere, Host: r.Host,
		Device: x.cookie(deviceCookie), Session: x.cookie(sessionCookie), Home: s.home(r),
	}
	x.client.Passkeys = x.party()
	x.readFlows()
	x.r = r.WithContext(engine.By(r.Context(), engine.Actor{Network: x.client.Network, Browser: x.client.Browser, Base: x.client.Base})) // for the record
	return x
}

// home is the network in which the gate asks for one factor, where a request comes
// from there; else empty.
func (s *Server) home(r *http.Request) string {
	rules, _ := r.Context().Value(within{}).(*guard.Rules)
	if !rules.OfClients() {
		return ""
	}
	client, known := s.Client(r)
	if home, in := rules.Networks.Of(client); known && in {
		return home.String()
	}
	return ""
}

// base is the address of our own pages for links, and whether it is that of
// another host than the one asked for: the origin asked for if it is configured,
// else the public address, else another port of the same host (a mapped one), else
// the first configured origin, else none. What a client says of its Host is never
// copied into a message (TK-12).
func (x *exchange) base() (address string, elsewhere bool) {
	switch {
	case x.Portal != "":
		return x.Portal + Prefix, false
	case slices.Contains(x.Origins, x.origin):
		return x.origin + Prefix, false
	case x.Public != "":
		return x.Public + Prefix, false
	}
	for _, o := range x.Origins {
		if hostname(o) == hostname(x.origin) {
			return o + Prefix, false
		}
	}
	if len(x.Origins) > 0 {
		return x.Origins[0] + Prefix, x.Unnamed
	}
	return "", false
}

// hostname is the name in an origin; empty when it is none.
func hostname(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// network is what counts as one source: an IPv4 address, an IPv6 /64 (TH-06).
// Anything unreadable is one common source, never an unlimited one.
func network(a netip.Addr, _ bool) string {
	if a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return "unknown"
	}
	return p.String()
}
