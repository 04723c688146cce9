package caddymodule

import "strings"

// openChecks says it as doctor does. That some sites are open is meant; that all
// are is not.
func (o *operations) openChecks() []check {
	open, others := o.app.sites.open()
	if len(others) > 0 && !o.app.sites.guarded() {
		return []check{{"open", levelWarning, unguarded, "write sparekey into each site that shall ask for a login", nil}}
	}
	var out []check
	for _, site := range open {
		out = append(out, fine("open", "%s, without a login: %s", site.Host, site.Open))
	}
	if len(others) > 0 {
		out = append(out, fine("open", "without sparekey: %s", strings.Join(others, ", ")))
	}
	return out
}
