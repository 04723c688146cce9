package caddymodule

import (
	"context"

	"github.com/caddy-sparekey/sparekey/recovery/breached"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
)

// passwordChecks looks for the one that most people have.
func (o *operations) passwordChecks(ctx context.Context) []check {
	ctx, cancel := context.WithTimeout(ctx, breached.Timeout)
	defer cancel()
	c, err := o.app.Passwords.collection()
	if c == nil && err == nil {
		return nil
	}
	found := false
	if err == nil {
		err = c.Check()
	}
	if err == nil {
		found, err = c.Has(ctx, breached.Hash("password"))
	}
	switch {
	case err != nil:
		return []check{{"passwords", levelFault, "new ones are not compared with stolen ones: " + err.Error(), remedies()[notify.FaultOf(err)], nil}}
	case !found:
		return []check{{"passwords", levelWarning, `the stolen ones lack "password", the most used of all`, "see that the collection is whole, and of SHA-1 hashes", nil}}
	}
	return []check{fine("passwords", "new ones are compared with stolen ones")}
}
