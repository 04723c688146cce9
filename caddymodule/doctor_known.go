package caddymodule

import (
	"context"
	"fmt"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

// knownChecks counts the accounts that nothing would sign in on a new browser, where
// require known_device asks for a known one.
func (o *operations) knownChecks(ctx context.Context, people []engine.Person) []check {
	if !o.engine.Policy.KnownDevice {
		return nil
	}
	n := 0
	for _, p := range people {
		a, err := o.engine.Person(ctx, p.ID)
		if err == nil && a.State == recovery.StateActive && o.engine.Policy.NoWayIn(o.engine.Methods, a, o.engine.Now()) {
			n++
		}
	}
	if n == 0 {
		return []check{fine("known_device", "everybody could sign in on a new browser")}
	}
	return []check{{
		"known_device", levelWarning, fmt.Sprintf("accounts that could not sign in on a new browser: %d; no other one could let it in, and there is no mailbox and no code", n),
		"have them make recovery codes, give them a mail address, or: caddy sparekey rescue USER", nil,
	}}
}
