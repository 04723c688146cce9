package web

import (
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// party is where this browser makes passkeys and shows them: the host of the page
// itself, if the configuration names it (MF-10). At another port of such a host, a
// mapped one, they are the same for browsers.
func (x *exchange) party() recovery.RelyingParty {
	id := hostname(x.origin)
	ours := append([]string{x.Public}, x.Origins...)
	if x.Portal != "" {
		ours = []string{x.Portal}
	}
	named := slices.ContainsFunc(ours, func(origin string) bool { return hostname(origin) == id })
	if !(named || x.Portal == "" && local(id)) || !local(id) && !(x.secure && registered(id)) {
		return recovery.RelyingParty{}
	}
	return recovery.RelyingParty{ID: id, Origin: strings.ToLower(x.origin), Site: x.Engine.Policy.Site}
}

// local is the one name at which browsers make passkeys without https.
func local(name string) bool { return name == "localhost" || strings.HasSuffix(name, ".localhost") }

// registered tells whether a name belongs to somebody on the internet. An address or
// a name of a network at home is anybody's.
func registered(name string) bool {
	if _, err := netip.ParseAddr(name); err == nil {
		return false
	}
	suffix, listed := publicsuffix.PublicSuffix(name)
	return suffix != name && (listed || strings.Contains(suffix, "."))
}
