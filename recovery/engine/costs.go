package engine

import (
	"context"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// How long a look at a password takes must not tell whose it is (EN-02), also
// while some passwords were hashed at another cost than today's. The record of
// costs has each that any account may still have, and every look costs all.
const (
	costsKey   = "costs"
	lowerEvery = time.Hour
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
	known = true
	err = e.EachPerson(ctx, func(p Person) error {
		known = known && p.cost != ""
		if !slices.Contains(costs, p.cost) {
			costs = append(costs, p.cost)
		}
		return nil
	})
	return costs, known, err
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
		if err != nil {
			e.log().Warn("password not hashed anew", "error", err)
			return
		}
		e.updateDirectory(ctx, a)
	}
	e.afterwards(job)
}
