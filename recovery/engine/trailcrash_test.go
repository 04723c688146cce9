package engine_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// dying is a driver that fails at its nth write and from then on: before it, or with
// lost after it, so that the write is done and nobody hears of it.
func dying(d kv.Driver, at int64, lost bool) (kv.Driver, *atomic.Bool) {
	var writes atomic.Int64
	dead := &atomic.Bool{}
	fail := func(mine bool) func(op, key string) error {
		return func(op, _ string) error {
			if !dead.Load() && op == memkv.OpSwap && mine && writes.Add(1) == at {
				dead.Store(true)
				return errKilled
			}
			if dead.Load() && !(mine && lost) {
				return errKilled
			}
			return nil
		}
	}
	return &memkv.Faulty{Driver: d, Before: fail(!lost), After: fail(lost)}, dead
}

// Sealing days and dropping old ones can be cut off at any write: whoever does it next
// comes to the same end, and nothing is found wrong before or afterwards.
func TestAU02_SealingThatIsCutOffIsDoneAgain(t *testing.T) {
	recoverytest.Slow(t)
	recoverytest.Alone(t)
	t.Parallel()
	w := recoverytest.New(t)
	w.Policy.Lifetimes.Audit = 30 * 24 * time.Hour
	day := func() {
		t.Helper()
		if _, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "on" + w.Clock.Now().Format("0102")}); err != nil {
			t.Fatal(err)
		}
		writeTrail(t, w.Engine)
		if err := w.Engine.EndTrail(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.Clock.Move(24 * time.Hour)
	}
	day()
	day()
	w.Clock.Move(29 * 24 * time.Hour) // the first two go, the third is sealed
	day()
	before := allRecords(t, w.Driver)
	points := 0
	for _, lost := range []bool{false, true} {
		for at := int64(1); ; at++ {
			d, dead := dying(w.Driver, at, lost)
			_ = w.NodeOn(t, d).Engine.SealTrail(t.Context())
			if !dead.Load() {
				break
			}
			points++
			where := fmt.Sprintf("cut off at write %d, reply lost %v", at, lost)
			next := w.Node().Engine
			if r := verified(t, next); len(r.Faults) > 0 {
				t.Errorf("%s: got %v before it is done again", where, r.Faults)
			}
			if err := next.SealTrail(t.Context()); err != nil {
				t.Fatalf("%s: %v", where, err)
			}
			if r := verified(t, next); len(r.Faults) > 0 || r.Records != 1 {
				t.Errorf("%s: got %+v, want the one day that is kept, and nothing wrong", where, r)
			}
			for key := range allRecords(t, w.Driver) {
				put(t, w.Driver, key, before[key])
			}
			for key, value := range before {
				put(t, w.Driver, key, value)
			}
		}
	}
	if points < 10 {
		t.Errorf("got %d write points, want more", points)
	}
	t.Logf("%d write points", points)
}

// What a process has moved, and not struck out, the next one moves again: it is shown
// once, and nothing is wrong.
func TestAU02_WhatIsMovedTwiceIsShownOnce(t *testing.T) {
	t.Parallel()
	w, boss, bob := withPeople(t)
	writeTrail(t, w.Engine)
	before := verified(t, w.Engine).Records
	if err := w.Engine.Manage(t.Context(), boss, bob.ID, recovery.ActionDisable, "because"); err != nil {
		t.Fatal(err)
	}
	for range 3 { // each is killed before it strikes out anything
		e := w.Node().Engine
		if err := e.CollectTrail(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := e.WriteTrail(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	last := w.Node().Engine
	if r := verified(t, last); len(r.Faults) > 0 || r.Records < before+3 {
		t.Errorf("got %+v, want it three times, and nothing wrong", r)
	}
	if got := entries(t, last, engine.TrailQuery{Account: bob.ID, Events: []recovery.EventName{recovery.EventDisabled}}); len(got) != 1 {
		t.Errorf("got it %d times, want once", len(got))
	}
}
