package caddymodule

import (
	"encoding/json"
	"net/netip"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// privateNetworks are those of homes and companies, each by its two ends.
func privateNetworks() [][2]string {
	return [][2]string{
		{"10.0.0.1", "10.255.255.254"},
		{"172.16.0.1", "172.31.255.254"},
		{"192.168.0.1", "192.168.255.254"},
		{"fd00::1", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"},
	}
}

// believe notes the listeners that such a network reaches, when all of it is
// trusted.
func (s *sites) believe(listen []string, trusted func(netip.Addr) bool) {
	all := func(n [2]string) bool {
		return trusted(netip.MustParseAddr(n[0])) && trusted(netip.MustParseAddr(n[1]))
	}
	if !slices.ContainsFunc(privateNetworks(), all) {
		return
	}
	for _, address := range listen {
		if reachable(address) && !slices.Contains(s.believing, address) {
			s.believing = append(s.believing, address)
		}
	}
	slices.Sort(s.believing)
}

// reachable tells whether devices of a private network can connect to a listener.
func reachable(address string) bool {
	a, err := caddy.ParseNetworkAddress(caddy.NewReplacer().ReplaceKnown(address, ""))
	if err != nil || a.IsUnixNetwork() {
		return false
	}
	ip, err := netip.ParseAddr(a.Host)
	return a.Host == "" || err == nil && (ip.IsUnspecified() || ip.IsPrivate())
}

// trustedRanges reads those of a configuration that does not run. Other sources
// than a list are not known then.
func trustedRanges(raw json.RawMessage) (trusted func(netip.Addr) bool) {
	var source struct{ Ranges []string }
	_ = json.Unmarshal(raw, &source) // a fault is Caddy's to tell
	return func(a netip.Addr) bool {
		return slices.ContainsFunc(source.Ranges, func(text string) bool {
			p, err := caddyhttp.CIDRExpressionToPrefix(text)
			return err == nil && p.Contains(a)
		})
	}
}
