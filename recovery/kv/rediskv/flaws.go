package rediskv

import (
	"context"
	"fmt"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// clockApart is from which difference on codes of authenticator apps are refused.
const clockApart = 30 * time.Second

// Flaws implements [kv.Examined]. What the server does not tell is in the log of the
// start.
func (d *Driver) Flaws(ctx context.Context, now time.Time) []kv.Flaw {
	ctx, cancel, err := d.begin(ctx)
	if err != nil {
		return nil // said by whoever reads
	}
	defer cancel()
	var out []kv.Flaw
	if theirs, err := d.client.Time(ctx).Result(); err == nil {
		if by := now.Sub(theirs).Round(time.Second); by.Abs() > clockApart {
			out = append(out, kv.Flaw{
				About: "clock", Bad: true, Text: fmt.Sprintf("it differs from the clock of Redis by %s: one of the two is wrong, and codes of authenticator apps may be refused", by),
				Remedy: "have the machines set their clocks by the network",
			})
		}
	}
	if policy, err := d.policy(ctx); err == nil && policy != noEviction {
		out = append(out, kv.Flaw{
			About: "redis", Bad: true, Text: fmt.Sprintf("it may evict accounts and sessions: its maxmemory-policy is %q", policy), Remedy: "set maxmemory-policy to noeviction",
		})
	}
	if lost, err := d.persistsNothing(ctx); err == nil && lost {
		out = append(out, kv.Flaw{
			About: "redis", Text: "it persists nothing: all accounts are gone when it restarts", Remedy: "set appendonly yes, and appendfsync always",
		})
	}
	return out
}

var _ kv.Examined = (*Driver)(nil)
