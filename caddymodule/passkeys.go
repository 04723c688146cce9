package caddymodule

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// passkeysWord reads the domain that passkeys are for.
func (a *App) passkeysWord(d *caddyfile.Dispenser) error {
	if !d.AllArgs(&a.Passkeys) {
		return reads(d, "passkeys DOMAIN, such as passkeys example.com")
	}
	if !literal(a.Passkeys) {
		return nil
	}
	if err := checkPasskeys(a.Passkeys); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// checkPasskeys refuses what is no domain of the operator's.
func checkPasskeys(domain string) error {
	no := func(format string, args ...any) error {
		return &notify.OptionError{Option: "passkeys", Err: fmt.Errorf("passkeys: "+format, args...)}
	}
	_, err := netip.ParseAddr(strings.Trim(domain, "[]"))
	switch {
	case err == nil || domain != strings.ToLower(domain) || strings.ContainsAny(domain, "/:*{} ") || strings.HasPrefix(domain, ".") || strings.HasSuffix(domain, "."):
		return no("%q is no domain: write a name in small letters and nothing else, such as passkeys example.com", domain)
	case web.Registered(domain):
		return nil
	case web.Registered("name." + domain):
		return no("below %s everybody can have a name (it is a public suffix): write a domain of yours, such as passkeys NAME.%s", domain, domain)
	}
	return no("%s is no domain that others know, and there are no passkeys for it: write one, such as passkeys example.com, or take the line away", domain)
}

// judgePasskeys wants all hosts where people sign in to be in the domain of the
// passkeys: at another one they could not be shown. Hosts that have no passkeys
// anyway are left out.
func (a *App) judgePasskeys(app *caddyhttp.App) error {
	if a.Passkeys == "" {
		return nil
	}
	for _, o := range a.signsInAt(app) {
		u, err := url.Parse(o)
		if err != nil || web.PasskeyDomain(o, "") == "" || web.InDomain(u.Hostname(), a.Passkeys) {
			continue
		}
		return a.at(&notify.OptionError{Option: "passkeys", Err: fmt.Errorf("passkeys: people sign in at %s, which is not in %s, so that a passkey of that domain could not be shown there: "+
			"write a domain that all of them are in, or take the line away and each host has its own", u.Hostname(), a.Passkeys)})
	}
	return nil
}

// signsInAt lists the origins that have sign-in pages: the portal, or else all.
func (a *App) signsInAt(app *caddyhttp.App) []string {
	var s sites
	s.collect(app, a.InsecureHTTP)
	if err := s.take(a.Portal); err == nil && s.portal != "" {
		return []string{s.portal}
	}
	return s.origins
}

// tellOfPasskeys says once at the start what a wider domain costs.
func (a *App) tellOfPasskeys() {
	if a.Passkeys != "" {
		a.logger.Warn(fmt.Sprintf("passkeys are for all of %s: whatever is served below that name can have people show one, or make one that is in the way of theirs", a.Passkeys), "option", "passkeys")
	}
}
