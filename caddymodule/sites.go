package caddymodule

import (
	"cmp"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"golang.org/x/net/idna"

	"github.com/caddy-sparekey/sparekey/caddymodule/routes"
)

// sites are the addresses that lead to our handler.
type sites struct {
	origins []string // https://photos.example.com, without duplicates, https first
	// unnamed tells that the gate also stands where a site names no host, or a
	// pattern: what a client calls such a host goes into no link (TK-12).
	unnamed bool
	maps    []routes.Map // of all servers
	portal  string       // origin of the portal, which is none of the others; empty: there is none
	// believing are listeners at which every device of a private network is taken
	// for a trusted proxy.
	believing []string
	served    []routes.Site // all names of all servers
}

// origin is the one to print; a placeholder when no site has a host name.
func (s *sites) origin() string { return cmp.Or(s.first(), "https://YOUR-SITE") }

// first is the preferred one, where links lead; empty when no site has a host
// name.
func (s *sites) first() string {
	if s.portal != "" {
		return s.portal
	}
	if len(s.origins) == 0 {
		return ""
	}
	return s.origins[0]
}

func (s *sites) sort() {
	slices.SortStableFunc(s.origins, func(a, b string) int {
		return strings.Compare(b[:5], a[:5]) // "https" before "http:"
	})
}

// add notes the origin that a host has at a listener. Placeholders of the
// environment are replaced, those of a request are none of a name.
func (s *sites) add(scheme, host, listen string) {
	repl := caddy.NewReplacer()
	host = repl.ReplaceKnown(host, "")
	if host == "" || strings.ContainsAny(host, "*{") {
		s.unnamed = true
		return
	}
	a, err := caddy.ParseNetworkAddress(repl.ReplaceKnown(listen, ""))
	if err != nil || a.IsUnixNetwork() {
		return
	}
	port := strconv.FormatUint(uint64(a.StartPort), 10)
	if origin := origin(scheme, host, port); !slices.Contains(s.origins, origin) {
		s.origins = append(s.origins, origin)
	}
}

// origin is as browsers write it: no usual port, a name in ASCII and small
// letters, an IPv6 address in brackets.
func origin(scheme, host, port string) string {
	if ascii, err := idna.ToASCII(strings.ToLower(host)); err == nil {
		host = ascii
	}
	if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		host = ip.String()
	}
	switch {
	case scheme == "http" && port != "80", scheme == "https" && port != "443":
		host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return scheme + "://" + host
}

// portOf is the port of an address of http or https.
func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}
