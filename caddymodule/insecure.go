package caddymodule

import (
	"fmt"
	"net/url"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery/notify"
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

// refuseClear is for Validate. The option is the one in whose line the word
// insecure belongs; empty: that of the module.
func refuseClear(option string, m inClear, accepted bool) error {
	if why := m.InClear(); why != "" && !accepted {
		return &notify.OptionError{Option: option, Err: fmt.Errorf("%s; or put the word insecure at the end of that line, if nobody else is on the network between", why)}
	}
	return nil
}

// acceptsClear reads the word at the end of a line.
func acceptsClear(d *caddyfile.Dispenser, accepted *bool) error {
	switch rest := d.RemainingArgs(); {
	case len(rest) == 0:
		return nil
	case len(rest) == 1 && rest[0] == insecure:
		*accepted = true
		return nil
	}
	return d.Errf("%q does not belong at the end of this line: only the word insecure does, once", d.Val())
}

// plainHTTP tells that an address is http off this machine.
func plainHTTP(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "http" && !web.Loopback(u.Host)
}
