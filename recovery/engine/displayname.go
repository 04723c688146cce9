package engine

import (
	"context"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// ShowAs sets the name that somebody is shown by, by themselves; empty: the user name.
// Errors: [recovery.ErrBadDisplayName].
func (e *Engine) ShowAs(ctx context.Context, account, typed string) error {
	name, err := recovery.CheckDisplayName(typed)
	if err != nil {
		return err
	}
	ev := e.attributed(ctx, recovery.Event{Name: recovery.EventDisplayName})
	a, err := e.edit(ctx, account, recovery.Within(func(a *recovery.Account) error {
		a.DisplayName = name
		return e.enter(a, &ev)
	}))
	if err != nil {
		return err
	}
	e.say(ev)
	e.updateDirectory(ctx, a)
	return nil
}
