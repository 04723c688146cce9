package caddymodule

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// passkeyChecks counts the passkeys that were made for a host which nobody signs in at
// any more: moved to another name, or to a portal. At a host that only a wildcard names
// some may be in use, and nothing is said.
func (o *operations) passkeyChecks(ctx context.Context, people []engine.Person) []check {
	origins := o.app.sites.origins
	if portal := o.app.sites.portal; portal != "" {
		origins = []string{portal} // at the other hosts nobody signs in
	}
	here := func(domain string) bool {
		return slices.ContainsFunc(origins, func(origin string) bool { return web.PasskeyDomain(origin, o.engine.Policy.Passkeys) == domain })
	}
	all, vain := 0, 0
	var domains []string
	for _, p := range people {
		a, err := o.engine.Person(ctx, p.ID)
		if err != nil {
			continue // said by the check of accounts
		}
		for _, k := range method.Passkeys(a) {
			if all++; here(k.Row.RP) {
				continue
			}
			if vain++; !slices.Contains(domains, k.Row.RP) {
				domains = append(domains, k.Row.RP)
			}
		}
	}
	switch {
	case all == 0 || o.app.sites.unnamed:
		return nil
	case vain == 0:
		return []check{fine("passkeys", "%d, all for hosts that are here", all)}
	}
	slices.Sort(domains)
	return []check{{
		"passkeys", levelWarning, fmt.Sprintf("passkeys that no host here can use: %d of %d, made for %s", vain, all, strings.Join(domains, ", ")),
		"have their owners make new ones on the account page, or have a site of that name again", nil,
	}}
}
