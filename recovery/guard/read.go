package guard

import (
	"context"
	"errors"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

func (g *Guard) holder(ctx context.Context, c claim) (*recovery.Account, error) {
	if c.access {
		return g.Accounts.KeyHolder(ctx, c.account, c.sum)
	}
	return g.Accounts.Person(ctx, c.account)
}

func (g *Guard) read(ctx context.Context, c claim, now time.Time) (*entry, error) {
	a, err := g.holder(ctx, c)
	if errors.Is(err, recovery.ErrNoAccount) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	e := g.entryFor(c, a, now)
	if g.Seen != nil && e != nil && e.access == nil {
		g.Seen(e.account, e.identity.session)
	}
	return e, nil
}

// keep remembers what was read, unless it changed meanwhile.
func (g *Guard) keep(key [32]byte, r *reading) {
	e := r.entry
	if e == nil || !g.Watch.Live() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.stale {
		return
	}
	if len(g.entries) >= cacheSize {
		g.forgetAll()
	}
	if old := g.entries[key]; old == nil {
		g.account[e.key] = append(g.account[e.key], key)
	} else if last := old.used.Load(); last > e.used.Load() {
		e.used.Store(last)
	}
	g.entries[key] = e
}
