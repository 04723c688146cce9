package engine

import (
	"context"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Exported records that somebody was given all that is kept of them.
func (e *Engine) Exported(ctx context.Context, a *recovery.Account) {
	e.record(ctx, recovery.Event{Name: recovery.EventExported, Account: a.ID, Person: a.Name})
}
