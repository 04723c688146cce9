package web

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// party is where this browser makes passkeys and shows them: the host of the page
// itself, if the configuration names it (MF-10), or the wider domain of the operator.
// At another port of such a host, a mapped one, they are the same for browsers.
func (x *exchange) party() recovery.RelyingParty {
	name := hostname(x.origin)
	ours := append([]string{x.Public}, x.Origins...)
	if x.Portal != "" {
		ours = []string{x.Portal}
	}
	named := slices.ContainsFunc(ours, func(origin string) bool { return hostname(origin) == name })
	if !named && !(x.Portal == "" && local(name)) {
		return recovery.RelyingParty{}
	}
	origin := strings.ToLower(x.origin)
	id := PasskeyDomain(origin, x.Engine.Policy.Passkeys)
	if id == "" {
		return recovery.RelyingParty{}
	}
	return recovery.RelyingParty{ID: id, Origin: origin, Site: x.Engine.Policy.Site}
}

// PasskeyDomain is the domain that passkeys belong to at an origin, which WebAuthn
// calls the RP id: its host, or the wider domain that the operator has written where
// the host is in it. Empty where browsers make and show none: over plain http, and
// at an address or a name of a network at home, which is anybody's.
func PasskeyDomain(origin, wider string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case local(host):
		return host
	case u.Scheme != "https" || !Registered(host):
		return ""
	case wider != "" && InDomain(host, wider):
		return wider
	}
	return host
}

// local is the one name at which browsers make passkeys without https.
func local(name string) bool { return name == "localhost" || strings.HasSuffix(name, ".localhost") }

// InDomain tells whether a host is a domain or below it.
func InDomain(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// Registered tells whether a name belongs to somebody on the internet.
func Registered(name string) bool {
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") {
		return false
	}
	suffix, listed := publicsuffix.PublicSuffix(name)
	return suffix != name && (listed || strings.Contains(suffix, "."))
}
