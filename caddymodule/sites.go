package caddymodule

import (
	"cmp"
	"net"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// sites are the addresses that lead to our handler.
type sites struct {
	origins []string // https://photos.example.com, without duplicates, https first
}

// origin is the one to print; a placeholder when no site has a host name.
func (s *sites) origin() string { return cmp.Or(s.first(), "https://YOUR-SITE") }

// first is the preferred one; empty when no site has a host name.
func (s *sites) first() string {
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

func (s *sites) add(scheme, host, listen string) {
	a, err := caddy.ParseNetworkAddress(listen)
	if err != nil || a.IsUnixNetwork() || strings.Contains(host, "*") {
		return
	}
	port := a.JoinHostPort(0)
	_, port, err = net.SplitHostPort(port)
	if err != nil {
		return
	}
	if scheme == "http" && port != "80" || scheme == "https" && port != "443" {
		host = net.JoinHostPort(host, port)
	}
	if origin := scheme + "://" + host; !slices.Contains(s.origins, origin) {
		s.origins = append(s.origins, origin)
	}
}
