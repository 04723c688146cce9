package engine

import (
	"context"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// New checks the policy and returns an engine. It reads one record of the store,
// and makes it when there is none.
func New(e *Engine) (*Engine, error) {
	if err := e.Policy.Validate(e.Methods); err != nil {
		return nil, err
	}
	if e.Recipes == nil {
		e.Recipes = recovery.Recipes()
	}
	e.name, e.trail = secret.Token(9), newTrail(e.drainTrail)
	if e.Store != nil {
		e.Store.Damaged = e.damaged
	}
	if e.Store != nil && e.Store.Driver != nil {
		var err error
		if e.counters, err = openCounters(e.Store); err != nil {
			return nil, err
		}
	}
	e.later = make(chan func(context.Context), 1024)
	e.strangers.bound(e.Policy)
	e.spray.rate = e.Policy.Limits.Names
	e.looks.rate = recovery.Rate{Count: 60, Per: time.Minute}
	e.posts.rate, e.flows.rate, e.wrongKeys.rate = e.Policy.Limits.Posts, e.Policy.Limits.Flows, e.Policy.Limits.Keys
	return e, nil
}
