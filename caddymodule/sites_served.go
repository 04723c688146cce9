package caddymodule

import (
	"net/netip"
	"reflect"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sparekey/sparekey/caddymodule/routes"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// collect walks the routes of all servers. plain tells that plain http is let in
// off loopback.
func (s *sites) collect(app *caddyhttp.App, plain bool) {
	for _, server := range app.Servers {
		l := listener{scheme: "http", fronted: fronted(server), plain: plain}
		if len(server.TLSConnPolicies) > 0 {
			l.scheme = "https"
		}
		s.serve(routes.Sites(server))
		s.maps = append(s.maps, routes.Read(server, server.Listen))
		gates := routes.Gates(server)
		for _, gate := range gates {
			for _, host := range gate.Hosts {
				for _, address := range server.Listen {
					s.addAt(l, host, address)
				}
			}
		}
		if len(gates) > 0 {
			s.believe(server.Listen, func(a netip.Addr) bool { return trusts(server, a) })
		}
	}
	s.sort()
}

// listener is what a site is reached by.
type listener struct {
	scheme  string
	fronted bool // by trusted proxies
	plain   bool // plain http is let in off loopback
}

// addAt notes the origins of a host at an address. In the clear behind a proxy
// people see that of the proxy: https, without the port of Caddy. The one of the
// connection leads nowhere, unless plain http is let in.
func (s *sites) addAt(l listener, host, address string) {
	if l.fronted && l.scheme == "http" && !web.Loopback(host) {
		s.add("https", host, ":443")
		if !l.plain {
			return
		}
	}
	s.add(l.scheme, host, address)
}

// fronted tells whether a server trusts any proxy. Caddy keeps the ranges to
// itself once they are loaded; that there are some can be seen.
func fronted(s *caddyhttp.Server) bool {
	source := reflect.ValueOf(s).Elem().FieldByName("trustedProxies")
	return s.TrustedProxiesUnix || s.TrustedProxiesRaw != nil || source.IsValid() && !source.IsNil()
}
