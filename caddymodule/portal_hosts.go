package caddymodule

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// separate lists the hosts that have a sign-in of their own, where there are
// several and no portal. One that answers by http and https is one.
func (a *App) separate() []string {
	if a.sites.portal != "" {
		return nil
	}
	var hosts []string
	for _, o := range a.protected() { // those by https are in front
		u, err := url.Parse(o)
		if err != nil || u.Scheme == "http" && slices.ContainsFunc(hosts, func(h string) bool { return nameOf(h) == u.Hostname() }) {
			continue
		}
		hosts = append(hosts, u.Host)
	}
	if len(hosts) < 2 {
		return nil
	}
	return hosts
}

func nameOf(host string) string { return (&url.URL{Host: host}).Hostname() }

// portalFor is a name for the portal of a host: beside it, in the part that is its
// owner's.
func portalFor(host string) string {
	name := nameOf(host)
	if _, err := netip.ParseAddr(name); err == nil {
		return "login.example.com"
	}
	suffix, listed := publicsuffix.PublicSuffix(name)
	if own, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil && (listed || strings.Contains(suffix, ".")) {
		return "login." + own
	}
	return "login." + suffix // a name of a network at home
}

// separateSays is said of several hosts without a portal, and what to write.
func separateSays(hosts []string) (text, remedy string) {
	portal := portalFor(hosts[0])
	return fmt.Sprintf("%d hosts have a sign-in each (%s)", len(hosts), strings.Join(hosts, ", ")),
		fmt.Sprintf("for one sign-in write portal %s into the global block sparekey, and a site: %s { sparekey }", portal, portal)
}

// tellOfHosts says at the start how several hosts get one sign-in.
func (a *App) tellOfHosts() {
	if hosts := a.separate(); hosts != nil {
		text, remedy := separateSays(hosts)
		a.logger.Info(text + ": " + remedy)
	}
}

// portalChecks is what doctor has to say of the portal, or of there being none.
func (o *operations) portalChecks() []check {
	s := &o.app.sites
	if hosts := o.app.separate(); hosts != nil {
		text, remedy := separateSays(hosts)
		return []check{{"portal", levelWarning, text, remedy, nil}}
	}
	if s.portal == "" {
		return []check{fine("portal", "none: the pages share their host with the app, whose scripts can come near them; portal HOST keeps them apart")}
	}
	var out []check
	for _, origin := range o.app.protected() {
		u, err := url.Parse(origin)
		if err != nil {
			continue
		}
		if _, err := netip.ParseAddr(u.Hostname()); err == nil && !web.Loopback(u.Host) {
			out = append(out, check{
				"portal", levelWarning, origin + " is an address without a name, and browsers follow no form there: after the sign-in people have to open it again",
				"give it a name", nil,
			})
		}
		if portal, err := url.Parse(s.portal); err == nil && u.Hostname() == portal.Hostname() && !web.Loopback(u.Host) {
			out = append(out, check{
				"portal", levelWarning, origin + " is another port of the portal's host: browsers send the cookies of the portal there, too", "give the portal a name of its own", nil,
			})
		}
	}
	switch {
	case s.unnamed:
		out = append(out, check{
			"portal", levelWarning, "sparekey also stands at hosts that no site names: nobody can sign in there", "name them beside the wildcard, or in a matcher host", nil,
		})
	case out == nil:
		out = append(out, fine("portal", "%s, for %s", s.portal, strings.Join(o.app.protected(), ", ")))
	}
	return out
}
