package caddymodule

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// separate lists the origins that have a sign-in of their own, where there are
// several and no portal. A host that answers by http and https is one.
func (a *App) separate() []*url.URL {
	if a.sites.portal != "" {
		return nil
	}
	var list []*url.URL
	for _, o := range a.protected() { // those by https are in front
		u, err := url.Parse(o)
		if err != nil || u.Scheme == "http" && slices.ContainsFunc(list, func(have *url.URL) bool { return have.Hostname() == u.Hostname() }) {
			continue
		}
		list = append(list, u)
	}
	if len(list) < 2 {
		return nil
	}
	return list
}

// portalFor is an address for the portal of a host: beside it, in the part of the name
// that is its owner's, by the same scheme and at the same port.
func portalFor(host *url.URL) string {
	address := portalName(host.Hostname())
	if host.Port() != "" {
		address += ":" + host.Port()
	}
	if host.Scheme == "http" {
		address = "http://" + address
	}
	return address
}

func portalName(name string) string {
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
func separateSays(list []*url.URL) (text, remedy string) {
	var hosts []string
	for _, u := range list {
		hosts = append(hosts, u.Host)
	}
	portal := portalFor(list[0])
	return fmt.Sprintf("%d hosts have a sign-in each (%s)", len(hosts), strings.Join(hosts, ", ")),
		fmt.Sprintf("for one sign-in write portal %s into the global block sparekey, and a site like the others: %s { sparekey }", portal, portal)
}

// tellOfHosts says at the start how several hosts get one sign-in, and at which
// hosts of a portal it does not work.
func (a *App) tellOfHosts() {
	if list := a.separate(); list != nil {
		text, remedy := separateSays(list)
		a.logger.Info(text + ": " + remedy)
	}
	for _, c := range a.portalWarnings() {
		a.logger.Warn(c.Text + ": " + c.Remedy)
	}
}

// portalChecks is what doctor has to say of the portal, or of there being none.
func (o *operations) portalChecks() []check {
	s := &o.app.sites
	if list := o.app.separate(); list != nil {
		text, remedy := separateSays(list)
		return []check{{"portal", levelWarning, text, remedy, nil}}
	}
	if s.portal == "" {
		return []check{fine("portal", "none: the pages share their host with the app, whose scripts can come near them; portal HOST keeps them apart")}
	}
	if out := o.app.portalWarnings(); out != nil {
		return out
	}
	return []check{fine("portal", "%s, for %s", s.portal, strings.Join(o.app.protected(), ", "))}
}

// portalWarnings are about hosts that people do not come to from the portal as they
// should. Without a portal there are none.
func (a *App) portalWarnings() []check {
	if a.sites.portal == "" {
		return nil
	}
	var out []check
	warn := func(text, remedy string) { out = append(out, check{"portal", levelWarning, text, remedy, nil}) }
	for _, origin := range a.protected() {
		u, err := url.Parse(origin)
		if err != nil {
			continue
		}
		if _, err := netip.ParseAddr(u.Hostname()); err == nil && !web.Loopback(u.Host) {
			warn(origin+" is an address without a name, and browsers follow no form there: after the sign-in people have to open it again", "give it a name")
		}
		if portal, err := url.Parse(a.sites.portal); err == nil && u.Hostname() == portal.Hostname() && !web.Loopback(u.Host) {
			warn(origin+" is another port of the portal's host: browsers send the cookies of the portal there, too", "give the portal a name of its own")
		}
	}
	if a.sites.unnamed && len(a.From) == 0 { // another proxy may lead any host to a gate
		warn("sparekey also stands at hosts that no site names: nobody can sign in there", "name them beside the wildcard, or in a matcher host")
	}
	return append(out, a.vainNetworks()...)
}

// vainNetworks tells of sites in whose networks one factor would be enough, while
// the portal, where people sign in, asks for all of them everywhere.
func (a *App) vainNetworks() []check {
	asked := a.networksAt(a.sites.portal)
	if asked == nil {
		return nil // the portal is at another Caddy
	}
	var out []check
	for _, origin := range a.protected() {
		for _, p := range a.networksAt(origin) {
			if !slices.ContainsFunc(asked, func(in netip.Prefix) bool { return in.Bits() <= p.Bits() && in.Contains(p.Addr()) }) {
				out = append(out, check{
					"portal", levelWarning, fmt.Sprintf("%s has network %s, and people sign in at %s, which asks for both factors there, too", origin, p, a.sites.portal),
					fmt.Sprintf("write network %s factors 1 into the block sparekey of the portal as well, or take it away", p), nil,
				})
			}
		}
	}
	return out
}

// networksAt are those of the gates at an origin; nil: no gate is known there.
func (a *App) networksAt(origin string) []netip.Prefix {
	u, err := url.Parse(origin)
	if err != nil {
		return nil
	}
	o := &operations{app: a}
	gates, err := o.gatesAt(&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}, &explainArguments{Method: http.MethodGet})
	if err != nil || len(gates) == 0 {
		return nil
	}
	list := []netip.Prefix{}
	for _, g := range gates {
		list = append(list, g.question.Rules.Networks.Ranges...)
	}
	return list
}
