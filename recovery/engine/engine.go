package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Engine runs flows. All fields but the unexported ones are set before first
// use and not changed afterwards.
type Engine struct {
	Store   *kv.Store
	Keys    *secret.Keys
	Policy  *recovery.Policy
	Methods *recovery.Methods
	Recipes []recovery.Recipe    // kinds of flow; nil: recovery.Recipes()
	Notify  recovery.Notifier    // nil: nothing can be sent
	Shared  bool                 // other processes may use the store too
	Now     func() time.Time     // time.Now outside tests
	Audit   func(recovery.Event) // nil: events are dropped
	Log     *slog.Logger         // nil: slog.Default()
	Outside Outside              // keeps the store's mark; nil: only memory does
	// RuleGroups are the groups that the rules of sites name, in canonical form:
	// nobody new may be called so.
	RuleGroups []string
	// RepairFirst has the first round of Remind put the roster right.
	RepairFirst bool
	// LockedOut tells whether somebody who loses one thing would be locked out, as far
	// as a list knows; nil: it cannot be told.
	LockedOut func(Person) bool

	name            string // of this process, written into reminders it takes on
	counters        counters
	posts, flows    gauge
	looks           gauge // how often a page that waits asks, by flow
	wrongKeys       gauge
	spray           spray
	visitors        visitors
	homes           homes
	clockSeen       time.Time // by CheckClock alone, with the monotonic reading when the clock has one
	clockBehind     bool      // told that it is behind what the store has seen
	alarms          alarms
	refusals        refusals
	strangers       strangers
	later           chan func(context.Context) // for after the answer
	trail           *trail
	costsAsked      atomic.Int64
	costsLowered    atomic.Int64
	marked          marked      // by CheckAge alone, but for the flag in it
	sending         inFlight    // owed notices that this process has queued
	held            inFlight    // and those that it holds back because there were too many
	settled         atomic.Bool // an account exists; never unset
	extensions      atomic.Bool // an account has a main number; never unset
	extensionsAsked atomic.Int64
	policyTold      time.Time // when the log last said that policies differ; of Remind only
	repaired        bool      // the roster; of Remind only
}

// SharedAddress is the address that all forms since the start have come from,
// when several people used it and it is one of a private network, as that of a
// proxy, container or router is; else empty.
func (e *Engine) SharedAddress() string { return e.visitors.shared() }

// OneAddresses are the networks in which one factor is enough, and from which
// people have signed in from one address alone.
func (e *Engine) OneAddresses() []OneAddress { return e.homes.hidden() }

func (e *Engine) log() *slog.Logger {
	if e.Log == nil {
		return slog.Default()
	}
	return e.Log
}

// account loads an account by id; a missing one is [recovery.ErrNoAccount].
func (e *Engine) account(ctx context.Context, id string) (*recovery.Account, error) {
	newest := e.alarms.newest(id)
	a, ok, err := kv.Load[recovery.Account](ctx, e.Store, recovery.AccountKey(id))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, recovery.ErrNoAccount
	}
	if a.State == recovery.StateGone {
		return nil, recovery.ErrGone
	}
	e.compare(&a, newest)
	return &a, nil
}

// edit changes an account in one write. change works on a copy and may run
// twice; its error leaves the account as it was.
func (e *Engine) edit(ctx context.Context, id string, change func(a *recovery.Account) error) (*recovery.Account, error) {
	a, err := e.editOnce(ctx, id, change)
	if errors.Is(err, recovery.ErrTrailFull) {
		if err := e.trail.drain(ctx, id); err != nil {
			return nil, errors.Join(recovery.ErrTrailFull, err)
		}
		a, err = e.editOnce(ctx, id, change)
	}
	if err == nil && len(a.Trail.Owed) > 0 {
		e.trail.owes(id) // also what another process owes
	}
	return a, err
}

func (e *Engine) editOnce(ctx context.Context, id string, change func(a *recovery.Account) error) (*recovery.Account, error) {
	notable, struck := false, recovery.Head{}
	a, err := kv.Update(ctx, e.Store, recovery.AccountKey(id), time.Time{}, func(a *recovery.Account, exists bool) error {
		switch {
		case !exists:
			return recovery.ErrNoAccount
		case a.State == recovery.StateGone:
			return recovery.ErrGone
		}
		c := a.Clone()
		struck = e.trail.moved.strike(c)
		if err := change(c); err != nil {
			return err
		}
		c.Revision++
		notable = recovery.Notable(a, c)
		*a = *c
		return nil
	})
	if err == nil {
		e.trail.moved.struck(id, struck)
		e.alarms.saw(id, a.Revision)
		if notable {
			e.marked.changed.Store(true)
		}
	}
	return &a, err
}
