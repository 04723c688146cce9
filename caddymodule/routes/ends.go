package routes

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sparekey/sparekey/templates"
)

// JudgeEnds refuses servers with gates in which a request can end with nothing:
// Caddy then answers 200 without a body, and another proxy that asks there takes
// that for a yes (HD-05).
func JudgeEnds(app *caddyhttp.App) error {
	for _, name := range slices.Sorted(maps.Keys(app.Servers)) {
		server := app.Servers[name]
		j := newJudge(name, server)
		if len(j.seats) == 0 {
			continue
		}
		for _, host := range append(patterns(j.routes), "") {
			if j.endless(host) {
				return endless(name, host, server)
			}
		}
	}
	return nil
}

// endless tells whether a request to a host that nobody thought of, one that fits
// a pattern or none, can end with nothing.
func (j *judge) endless(pattern string) bool {
	host := "any.invalid"
	if pattern != "" {
		host = strings.ReplaceAll(pattern, "*", "any-other")
	}
	w := walk{probe: probe{host: host, pages: true}}
	o := w.list(j.routes)
	return o.falls || o.lost
}

// patterns are the hosts with a star among all matchers.
func patterns(list []route) []string {
	var out []string
	for i := range list {
		for _, set := range list[i].sets {
			for _, host := range set.hosts() {
				if strings.Contains(host, "*") {
					out = append(out, host)
				}
			}
		}
		for _, h := range list[i].handlers {
			out = append(out, patterns(h.routes)...)
		}
	}
	return out
}

func endless(name, pattern string, s *caddyhttp.Server) error {
	what, remedy := "a host that no site here has", "write a last site: "+catchAll(s)+" { respond 403 }"
	if pattern != "" {
		what, remedy = "a host of "+pattern+" that no handle there takes", "write a last handle into that site: handle { respond 403 }"
	}
	return fmt.Errorf("other proxies may ask here whether a request may go on (from), and a question about %s comes to no gate: "+
		"below %s Caddy then answers 200 with nothing in it, which they take for yes; %s (server %s)", what, templates.Prefix, remedy, name)
}

// catchAll is the address of a site for all other hosts of a server.
func catchAll(s *caddyhttp.Server) string {
	scheme, port := "http", "80"
	if len(s.TLSConnPolicies) > 0 {
		scheme, port = "https", "443"
	}
	if len(s.Listen) > 0 {
		if _, p, err := net.SplitHostPort(s.Listen[0]); err == nil {
			port = p
		}
	}
	return scheme + "://:" + port
}
