package caddymodule

import (
	"context"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// flawChecks tells what is wrong with the machine or server below the store, though
// it answers.
func (o *operations) flawChecks(ctx context.Context) []check {
	x, ok := o.engine.Store.Driver.(kv.Examined)
	if !ok {
		return nil
	}
	var out []check
	for _, f := range x.Flaws(ctx, o.engine.Now()) {
		c := check{f.About, levelWarning, f.Text, f.Remedy, nil}
		if f.Bad {
			c.Level = levelFault
		}
		out = append(out, c)
	}
	return out
}
