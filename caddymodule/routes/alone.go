package routes

import (
	"fmt"
	"slices"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Alone refuses a host at which something else answers than the gate, for whoever
// the gate would let pass.
func Alone(s *caddyhttp.Server, host string) error {
	j := newJudge("", s)
	w := walk{probe: probe{host: host}, through: true}
	open := w.list(j.routes).open
	if open == nil {
		return nil
	}
	where := ""
	if i := slices.IndexFunc(j.seats, func(s seat) bool { return slices.Contains(s.hosts, host) && s.gate.gate.line != "" }); i >= 0 {
		where = ", at " + j.seats[i].gate.gate.line
	}
	return fmt.Errorf("%s is the portal, and %s answers there, too%s: what stands there could read every sign-in; "+
		"give the portal a site of its own with sparekey and nothing else, such as: login.example.com { sparekey }", host, open.spoken(), where)
}
