package caddymodule

import "strings"

// proxyChecks tells of listeners where any device may say who asks.
func (o *operations) proxyChecks() []check {
	if len(o.app.sites.believing) == 0 {
		return nil
	}
	return []check{{
		"proxies", levelWarning, "every device of a private network that reaches " + strings.Join(o.app.sites.believing, ", ") +
			" counts as a trusted proxy: it may claim https, and to be at any address",
		"write the address of the proxy itself in trusted_proxies, not private_ranges (global options, servers)", nil,
	}}
}

// homeChecks tells of networks whose router or proxy may hide its clients.
func (o *operations) homeChecks() []check {
	var out []check
	for _, hidden := range o.engine.OneAddresses() {
		out = append(out, check{"network", levelWarning, hidden.Text(), hidden.Remedy(), nil})
	}
	return out
}
