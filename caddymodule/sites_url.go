package caddymodule

import (
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// readURL reads the public address.
func (a *App) readURL(d *caddyfile.Dispenser) error {
	if !d.AllArgs(&a.URL) {
		return reads(d, "url ADDRESS, such as url https://photos.example.com")
	}
	if !literal(a.URL) {
		return nil
	}
	if _, err := publicURL(a.URL); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// publicURL reads an address of which links can be made: an origin and no more.
func publicURL(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Path != "" && u.Path != "/" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", &notify.OptionError{Option: "url", Err: fmt.Errorf("url: %q is no address of a site: write scheme and host, such as https://photos.example.com", address)}
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host}).String(), nil
}

// judgeURL refuses links over plain http beyond this machine: their pages would
// refuse everybody.
func (a *App) judgeURL() error {
	u, err := url.Parse(a.URL)
	if err != nil || u.Scheme != "http" || web.Loopback(u.Host) || a.InsecureHTTP {
		return nil //nolint:nilerr // it has been read before
	}
	return a.at(&notify.OptionError{Option: "url", Err: errors.New("url: over http the links and what is typed there cross the network in the clear: write https://")})
}

// prefer puts the address that the operator has written in front.
func (s *sites) prefer(address string) {
	origin, err := publicURL(address)
	if address == "" || err != nil {
		return // not known here: see texts
	}
	s.origins = append([]string{origin}, slices.DeleteFunc(s.origins, func(o string) bool { return o == origin })...)
}
