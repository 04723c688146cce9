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
	a, err := e.edit(ctx, account, recovery.Within(func(a *recovery.Account) error {
		a.DisplayName = name
		return nil
	}))
	if err != nil {
		return err
	}
	e.record(ctx, recovery.Event{Name: recovery.EventDisplayName, Account: a.ID, Person: a.Name})
	e.updateDirectory(ctx, a)
	return nil
}
