package caddymodule

import (
	"context"
	"slices"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

// warnOfNames tells of a bare word that was meant for a person: until it was a
// group, it let that person pass.
func (a *App) warnOfNames(ctx context.Context, e *engine.Engine) {
	groups := ruleGroups(a.rules)
	if len(groups) == 0 {
		return
	}
	names, err := e.Collisions(ctx)
	if err != nil {
		a.logger.Warn("not known whether a group in allow is called as a person is: doctor tells", "error", err)
		return
	}
	for _, name := range names {
		if slices.Contains(groups, name) {
			a.logger.Warn("a bare word in allow is a group, and there is a person of that name: to let the person pass write user:"+name, "allow", name)
		}
	}
}
