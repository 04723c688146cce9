package caddymodule

import "github.com/caddyserver/caddy/v2/modules/caddyhttp"

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

// hosts lists the host names under which routes reach our handler; "" is any.
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
				if names == nil {
					out = append(out, "") // any host
				}
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
