package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Front tells of proxies in front of the server that are trusted to speak for
// their clients. The zero value trusts none: what a request says of its way here
// is then dropped, and the connection alone counts.
type Front struct {
	// Peer tells whether a trusted proxy has made the connection of a request.
	Peer func(r *http.Request) bool

	// Proxy tells whether an address further away is that of a trusted proxy.
	// It is asked only where Peer says yes.
	Proxy func(r *http.Request, a netip.Addr) bool

	// Names are the headers in which trusted proxies name the client: lists in
	// which the nearest address is the last. Default: X-Forwarded-For.
	Names func(r *http.Request) []string
}

const (
	forwardedFor   = "X-Forwarded-For"
	forwardedProto = "X-Forwarded-Proto"

	maxHops = 16 // trusted proxies one behind the other; whatever is further away is not known
)

func (f Front) trusts(r *http.Request) bool { return f.Peer != nil && f.Peer(r) }

// Secure tells whether the browser came by https, and whether that is clear. It
// is the one place that does: cookies, links, the check of the origin, the guard
// and the refusal of plain http all follow it. What a trusted proxy says decides,
// if it is exactly one word; where it says nothing, the connection itself. Twice,
// a list or another word is not clear, and counts as neither.
func (f Front) Secure(r *http.Request) (https, clear bool) {
	said := r.Header[forwardedProto]
	if len(said) == 0 || !f.trusts(r) {
		return r.TLS != nil, true
	}
	if len(said) > 1 {
		return false, false
	}
	switch said[0] {
	case "https", "wss":
		return true, true
	case "http", "ws":
		return false, true
	}
	return false, false
}

func (f Front) secure(r *http.Request) bool {
	https, _ := f.Secure(r)
	return https
}

// Client is the address that a request comes from: the peer's, or behind trusted
// proxies the first from the right that is none of them. Those further left are
// what the client says itself (oauth2-proxy CVE-2026-40575). It is invalid when
// nothing names one, as with a socket of this machine.
//
// known tells whether a rule may give a network more than everybody has. It may
// not when a peer that is not trusted speaks for others, when all addresses are
// those of trusted proxies, when one cannot be read or when two headers differ.
// Ask before Scrub: it removes what a stranger says.
func (f Front) Client(r *http.Request) (a netip.Addr, known bool) {
	a = address(r.RemoteAddr)
	if !f.trusts(r) {
		return a, a.IsValid() && !speaksForOthers(r.Header)
	}
	found, agreed := false, true
	for _, name := range f.names(r) {
		lines := r.Header.Values(name)
		if len(lines) == 0 {
			continue
		}
		client, ok := f.nearest(r, lines)
		switch {
		case !ok:
			agreed = false
			if !found && client.IsValid() {
				a = client
			}
		case !found:
			a, found = client, true
		case client != a:
			agreed = false
		}
	}
	return a, found && agreed
}

// names are the headers that name the client. X-Forwarded-For is always among
// them: one that says otherwise makes the client unknown.
func (f Front) names(r *http.Request) []string {
	if f.Names == nil {
		return []string{forwardedFor}
	}
	names := f.Names(r)
	if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, forwardedFor) }) {
		return names
	}
	return append(slices.Clone(names), forwardedFor)
}

// nearest is the first address from the right that is no trusted proxy. Where
// there is none it is the last proxy before what cannot be read, and not found.
func (f Front) nearest(r *http.Request, lines []string) (a netip.Addr, found bool) {
	hops := strings.Split(strings.Join(lines, ","), ",")
	for i, hop := range slices.Backward(hops) {
		next := address(strings.TrimSpace(hop))
		if !next.IsValid() || i < len(hops)-maxHops {
			return a, false
		}
		if a = next; f.Proxy == nil || !f.Proxy(r, a) {
			return a, true
		}
	}
	return a, false
}

// address reads an IP address with or without a port, as proxies write it;
// invalid: it is none.
func address(text string) netip.Addr {
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// speaksForOthers tells whether a request says that it has come by a proxy.
func speaksForOthers(h http.Header) bool {
	for name := range h {
		if forwardingName(name) || strings.EqualFold(name, "Via") {
			return true
		}
	}
	return false
}
