package caddymodule

import (
	"context"
	"fmt"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

// sizeChecks names the accounts whose record is nearly full.
func (o *operations) sizeChecks(ctx context.Context, people []engine.Person) []check {
	var names []string
	for _, p := range people {
		if a, err := o.engine.Person(ctx, p.ID); err == nil && a.Size() > recovery.LargeRecord {
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		return []check{fine("records", "no account is near its limit of %d KiB", recovery.FullRecord>>10)}
	}
	return []check{{
		"records", levelWarning, fmt.Sprintf("accounts of more than %d KiB: %s; from %d KiB on nothing is added to one", recovery.LargeRecord>>10, strings.Join(names, ", "), recovery.FullRecord>>10),
		"have them forget browsers on their page of devices, and revoke access keys that nothing uses", nil,
	}}
}
