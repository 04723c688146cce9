package caddymodule

import (
	"context"
	"strings"
)

// nameChecks tells of names that a person and a group have both.
func (o *operations) nameChecks(ctx context.Context) []check {
	names, err := o.engine.Collisions(ctx)
	if err != nil || len(names) == 0 {
		return nil // said by the check of accounts
	}
	return []check{{
		"names", levelWarning, "people and groups have one name: " + strings.Join(names, ", ") + "; in allow it means the group",
		"to let the person pass write user:NAME in allow; and give the group another name", nil,
	}}
}
