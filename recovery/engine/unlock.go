package engine

import (
	"context"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// stillPaused notes whether there is a pause to lift, and what is left of it once
// that of passwords is lifted.
func (r *run) stillPaused(ctx context.Context) (err error) {
	if r.flow.Paused, err = r.paused(ctx); err != nil {
		return err
	}
	_, r.flow.CodesPaused, err = r.Guessed(ctx, r.account)
	return err
}

// paused reports whether passwords wait here: in this browser, or in one that the
// account does not know. Pauses in other networks and browsers are not seen.
func (r *run) paused(ctx context.Context) (bool, error) {
	for _, device := range []string{"", r.client.Device} {
		here, flow := *r, *r.flow
		flow.Proofs, here.flow, here.client.Device = nil, &flow, device
		for _, m := range append(here.pauses(recovery.Password), here.row(recovery.Password)) {
			t, ok, err := kv.Load[tally](ctx, r.Store, m.key)
			if err != nil {
				return false, err
			}
			if wait, anew := m.rule(t, r.Now()); ok && !anew && t.Mark >= m.mark && wait > 0 {
				return true, nil
			}
		}
	}
	return false, nil
}
