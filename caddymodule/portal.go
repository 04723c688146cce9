package caddymodule

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"golang.org/x/net/publicsuffix"

	"github.com/caddy-sparekey/sparekey/caddymodule/routes"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// portalWord reads the host of the portal.
func (a *App) portalWord(d *caddyfile.Dispenser) error {
	if !d.AllArgs(&a.Portal) {
		return reads(d, "portal HOST, such as portal login.example.com")
	}
	if !literal(a.Portal) {
		return nil
	}
	if _, err := readPortal(a.Portal); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// readPortal reads HOST, HOST:PORT or an origin. Without a scheme that of the
// result is https.
func readPortal(text string) (*url.URL, error) {
	no := func(format string, args ...any) error {
		return &notify.OptionError{Option: "portal", Err: fmt.Errorf("portal: "+format, args...)}
	}
	address := text
	if !strings.Contains(text, "://") {
		address = "https://" + text
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.ContainsAny(u.Host, "*{") ||
		u.Path != "" && u.Path != "/" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, no("%q is no host: write its name, such as portal login.example.com", text)
	}
	name := strings.ToLower(u.Hostname())
	if suffix, listed := publicsuffix.PublicSuffix(name); suffix == name && (listed || strings.Contains(name, ".")) {
		if _, err := netip.ParseAddr(name); err != nil {
			return nil, no("below %s everybody can have a name (it is a public suffix): write one of yours, such as portal login.NAME.%s", name, name)
		}
	}
	return u, nil
}

// take makes one of the origins the portal.
func (s *sites) take(portal string) error {
	if portal == "" {
		return nil
	}
	u, err := readPortal(portal)
	if err != nil {
		return err
	}
	s.portal = origin(u.Scheme, u.Hostname(), portOf(u))
	if !strings.Contains(portal, "://") {
		for _, o := range s.origins { // those by https are in front
			if _, host, _ := strings.Cut(o, "://"); host == strings.TrimPrefix(s.portal, "https://") {
				s.portal = o
				break
			}
		}
	}
	s.origins = slices.DeleteFunc(slices.Clone(s.origins), func(o string) bool { return o == s.portal })
	return nil
}

// protected lists the origins that people are handed over to from the portal, or
// which have their own sign-in when there is none.
func (a *App) protected() []string {
	list := slices.Clone(a.sites.origins)
	for _, o := range a.behind { // hosts of other proxies
		if !slices.Contains(list, o) && o != a.sites.portal {
			list = append(list, o)
		}
	}
	return list
}

// judgePortal wants the portal to be a site with the gate and nothing else. A
// store that others share may have its portal at another Caddy.
func (a *App) judgePortal(app *caddyhttp.App) error {
	if a.Portal == "" {
		return nil
	}
	if a.URL != "" {
		return a.at(&notify.OptionError{Option: "url", Err: errors.New("url: with portal all links lead there: take url away")})
	}
	u, err := readPortal(a.Portal)
	if err != nil {
		return a.at(err)
	}
	found := a.passesOn(app, u)
	for _, server := range app.Servers {
		for _, gate := range routes.Gates(server) {
			for _, host := range gate.Hosts {
				if !serves(server, caddy.NewReplacer().ReplaceKnown(host, ""), u) {
					continue
				}
				found = true
				if err := routes.Alone(server, host); err != nil {
					return a.at(&notify.OptionError{Option: "portal", Err: err})
				}
			}
		}
	}
	if _, alone := a.store.(interface{ Exclusive() }); alone && !found {
		return a.at(&notify.OptionError{Option: "portal", Err: fmt.Errorf("portal: no site %s has sparekey: write one, with nothing else in it: %s { sparekey }%s", u.Host, u.Host, mappedSays(u))})
	}
	return nil
}

// mappedSays is for a portal with a port: a container may have another one.
func mappedSays(portal *url.URL) string {
	if portal.Port() == "" {
		return ""
	}
	return fmt.Sprintf(" (where the port is mapped, Caddy has to listen at the one that people see: %s:%s)", portal.Port(), portal.Port())
}

// passesOn tells whether a gate for any host can be the portal, or one of that name
// at any port: another proxy may lead there.
func (a *App) passesOn(app *caddyhttp.App, portal *url.URL) bool {
	if len(a.From) == 0 {
		return false
	}
	for _, server := range app.Servers {
		for _, gate := range routes.Gates(server) {
			if slices.ContainsFunc(gate.Hosts, func(host string) bool { return host == "" || strings.EqualFold(host, portal.Hostname()) }) {
				return true
			}
		}
	}
	return false
}

// serves tells whether a server has a host at the port of an address.
func serves(server *caddyhttp.Server, host string, u *url.URL) bool {
	var plain, secure sites
	for _, listen := range server.Listen {
		plain.add("http", host, listen)
		secure.add("https", host, listen)
	}
	if fronted(server) && !web.Loopback(host) {
		secure.add("https", host, ":443")
	}
	return slices.Contains(secure.origins, origin("https", u.Hostname(), portOf(u))) ||
		u.Scheme == "http" && slices.Contains(plain.origins, origin("http", u.Hostname(), portOf(u)))
}
