package engine

import (
	"context"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

// How long a look at a password takes must not tell whose it is (EN-02), also
// while some passwords were hashed at another cost than today's. The record of
// costs has each that any account may still have, and every look costs all.
const (
	costsKey   = "costs"
	lowerEvery = time.Hour
	noCost     = "-" // of an account without a password, in the roster
)

// HearCosts makes every look at a password cost what the store says, and adds
// what passwords cost here: at the start and when a form is handled, at most
// twice a minute.
func (e *Engine) HearCosts(ctx context.Context) error {
	m, ok := e.Methods.Get(recovery.Password).(recovery.Costed)
	now := e.Now().UnixNano()
	if !ok || now-e.costsAsked.Load() < int64(hearEvery) {
		return nil
	}
	costs, _, err := kv.Load[[]string](ctx, e.Store, costsKey)
	if err == nil && !slices.Contains(costs, m.Cost()) {
		costs, err = kv.Update(ctx, e.Store, costsKey, time.Time{}, func(costs *[]string, _ bool) error {
			if !slices.Contains(*costs, m.Cost()) {
				*costs = append(*costs, m.Cost())
			}
			return nil
		})
	}
	if err != nil {
		return err
	}
	m.Match(costs)
	e.costsAsked.Store(now)
	return nil
}

// costOf is what the password of an account costs, for the roster.
func (e *Engine) costOf(a *recovery.Account) string {
	m, ok := e.Methods.Get(recovery.Password).(recovery.Costed)
	if !ok {
		return ""
	}
	if cost := m.CostOf(a); cost != "" {
		return cost
	}
	return noCost
}

// LowerCosts forgets the costs that no account in the roster has any more. It
// reads the roster, at most once an hour, and only while there are several.
func (e *Engine) LowerCosts(ctx context.Context) error {
	m, ok := e.Methods.Get(recovery.Password).(recovery.Costed)
	now := e.Now().UnixNano()
	if !ok || now-e.costsLowered.Load() < int64(lowerEvery) {
		return nil
	}
	costs, _, err := kv.Load[[]string](ctx, e.Store, costsKey)
	if err != nil || len(costs) < 2 {
		return err
	}
	e.costsLowered.Store(now)
	had, known, err := e.costsInUse(ctx)
	if err != nil || !known {
		return err
	}
	_, err = kv.Update(ctx, e.Store, costsKey, time.Time{}, func(costs *[]string, _ bool) error {
		*costs = slices.DeleteFunc(*costs, func(c string) bool { return c != m.Cost() && !slices.Contains(had, c) })
		return nil
	})
	return err
}

// costsInUse lists the costs in the roster; known is false when it does not say
// that of everybody.
func (e *Engine) costsInUse(ctx context.Context) (costs []string, known bool, err error) {
	people, err := e.People(ctx)
	if err != nil {
		return nil, false, err
	}
	for _, p := range people {
		if p.cost == "" {
			return nil, false, nil
		}
		costs = append(costs, p.cost)
	}
	return costs, true, nil
}

// renew hashes a password anew within the minute after the answer, unless it
// changed meanwhile. When too many wait it is left for the next sign-in.
func (r *run) renew(id string, rehash recovery.Rehash) {
	e := r.Engine
	job := func(ctx context.Context) {
		change, err := rehash(ctx)
		if err != nil {
			return // busy: at the next sign-in
		}
		a, err := e.edit(ctx, id, change)
		if err == nil {
			err = e.updateDirectory(ctx, a)
		}
		if err != nil {
			e.log().Warn("password not hashed anew", "error", err)
		}
	}
	select {
	case e.later <- job:
	default:
	}
}

// Later does what was left for after the answers so far.
func (e *Engine) Later(ctx context.Context) {
	for {
		select {
		case do := <-e.later:
			supervise.Run(e.log(), "what an answer did not wait for", func() { do(ctx) })
		default:
			return
		}
	}
}
