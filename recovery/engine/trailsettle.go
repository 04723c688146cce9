package engine

import (
	"context"
	"errors"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// settleTrail strikes out what is in the trail in accounts that nobody writes. Where
// others have the store too that is done at once: they do not know what this
// process has moved, and would move it again.
func (e *Engine) settleTrail(ctx context.Context, all bool) error {
	accounts, more := e.trail.moved.overdue(e.Now(), all || e.Shared)
	for _, id := range accounts {
		if err := e.settleOne(ctx, id); err != nil {
			return err
		}
	}
	if more {
		e.trail.stir()
	}
	return nil
}

func (e *Engine) settleOne(ctx context.Context, id string) error {
	until := e.trail.moved.until(id)
	a, err := kv.Update(ctx, e.Store, recovery.AccountKey(id), time.Time{}, func(a *recovery.Account, exists bool) error {
		if !exists || !a.Trail.Settle(until) {
			return recovery.ErrMoved // it was faster, or is not there any more
		}
		a.Revision++
		return nil
	})
	if err == nil {
		e.alarms.saw(id, a.Revision)
	}
	if err == nil || errors.Is(err, recovery.ErrMoved) || errors.Is(err, kv.ErrDamaged) {
		e.trail.moved.struck(id, until)
		return nil
	}
	return err
}
