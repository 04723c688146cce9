package caddymodule

import (
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sparekey/sparekey/caddymodule/routes"
)

// collect walks the routes of all servers.
func (s *sites) collect(app *caddyhttp.App) {
	for _, server := range app.Servers {
		scheme := "http"
		if len(server.TLSConnPolicies) > 0 {
			scheme = "https"
		}
		for _, gate := range routes.Gates(server) {
			for _, host := range gate.Hosts {
				for _, address := range server.Listen {
					s.add(scheme, host, address)
				}
			}
		}
	}
	s.sort()
}
