package caddymodule

import (
	"cmp"
	"net"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
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

// collect walks the routes of all servers.
func (s *sites) collect(app *caddyhttp.App) {
	for _, server := range app.Servers {
		scheme := "http"
		if len(server.TLSConnPolicies) > 0 {
			scheme = "https"
		}
		for _, host := range hosts(server.Routes, nil) {
			for _, address := range server.Listen {
				s.add(scheme, host, address)
			}
		}
	}
	s.sort()
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

// hosts lists the host names under which routes reach our handler.
func hosts(routes caddyhttp.RouteList, outer []string) []string {
	var out []string
	for _, route := range routes {
		names := routeHosts(route)
		if names == nil {
			names = outer
		}
		for _, h := range route.Handlers {
			switch h := h.(type) {
			case *Handler:
				out = append(out, names...)
			case *caddyhttp.Subroute:
				out = append(out, hosts(h.Routes, names)...)
			}
		}
	}
	return out
}

func routeHosts(route caddyhttp.Route) []string {
	var names []string
	for _, set := range route.MatcherSets {
		for _, m := range set {
			switch m := m.(type) {
			case caddyhttp.MatchHost:
				names = append(names, m...)
			case *caddyhttp.MatchHost:
				names = append(names, *m...)
			}
		}
	}
	return names
}
