package caddymodule

import (
	"fmt"
	"net/url"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// insecure is the word that accepts, in its line, what others on the network can
// read or change (ASVS 5.0 12.3 and 13.2).
const insecure = "insecure"

// inClear is a module that may be told to do without encryption.
type inClear interface {
	// InClear says what crosses the network in the clear, and what to write
	// instead; empty: nothing does.
	InClear() string
}

// refuseOpen is for Validate.
func refuseClear(m inClear, accepted bool) error {
	if why := m.InClear(); why != "" && !accepted {
		return fmt.Errorf("%s; or put the word insecure at the end of that line, if nobody else is on the network between", why)
	}
	return nil
}

// at names the line of a Caddyfile.
func at(line string, err error) error {
	if err == nil || line == "" {
		return err
	}
	return fmt.Errorf("%w, at %s", err, line)
}

func lineOf(d *caddyfile.Dispenser) string { return fmt.Sprintf("%s:%d", d.File(), d.Line()) }

// acceptsClear reads the word at the end of a line.
func acceptsClear(d *caddyfile.Dispenser, accepted *bool) error {
	switch rest := d.RemainingArgs(); {
	case len(rest) == 0:
		return nil
	case len(rest) == 1 && rest[0] == insecure:
		*accepted = true
		return nil
	}
	return d.ArgErr()
}

// plainHTTP tells that an address is http off this machine.
func plainHTTP(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "http" && !web.Loopback(u.Host)
}
