package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

var errAway = errors.New("away")

// withoutTrail is an installation whose trail can be taken away.
func withoutTrail(t *testing.T) (w *recoverytest.World, alice *recoverytest.Person, boss, bob *recovery.Account, away *atomic.Bool) {
	t.Helper()
	away = &atomic.Bool{}
	driver := &memkv.Faulty{Driver: memkv.New(), Before: func(_, key string) error {
		if away.Load() && strings.HasPrefix(key, "audit/") {
			return errAway
		}
		return nil
	}}
	alice = recoverytest.Alice()
	w, boss, bob = withPeopleAnd(t, alice, recoverytest.WithDriver(driver))
	writeTrail(t, w.Engine)
	return w, alice, boss, bob, away
}

// untilFull does something until an account owes too much, and returns how often.
func untilFull(t *testing.T, do func() error) int {
	t.Helper()
	for n := range 40 {
		if err := do(); err != nil {
			if !errors.Is(err, recovery.ErrTrailFull) {
				t.Fatalf("change %d: %v", n, err)
			}
			return n
		}
	}
	t.Fatal("got 40 changes, want that they are refused at last")
	return 0
}

// AU-04: while the trail cannot be written, changes go on until an account owes
// sixteen records, and are refused then; who is signed in goes on.
func TestAU04_ChangesAreRefusedWhenTheTrailCannotBeWritten(t *testing.T) {
	t.Parallel()
	w, alice, boss, bob, away := withoutTrail(t)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	writeTrail(t, w.Engine)
	away.Store(true)
	changes := untilFull(t, func() error {
		return w.Engine.Manage(t.Context(), boss, bob.ID, recovery.ActionUnlock, "because")
	})
	if got := found(t, w.Engine, "bob").Unlocks; changes != 16 || got != 16 {
		t.Errorf("got %d changes and %d that were done, want 16", changes, got)
	}
	for n := range 2000 {
		w.Engine.Refused(engine.By(t.Context(), engine.Actor{Network: fmt.Sprint("net", n)}), recovery.Event{Name: recovery.EventForbidden})
	}
	if !w.SignedIn(b) {
		t.Error("the gate lets nobody in while the trail is away")
	}
	away.Store(false)
	if err := w.Engine.Manage(t.Context(), boss, bob.ID, recovery.ActionUnlock, "because"); err != nil {
		t.Fatal(err)
	}
	w.Clock.Move(2 * time.Minute)
	writeTrail(t, w.Engine)
	if r := verified(t, w.Engine); len(r.Faults) > 0 {
		t.Errorf("got %v, want nothing wrong", r.Faults)
	}
	counted := 0
	for _, x := range entries(t, w.Engine, engine.TrailQuery{Events: []recovery.EventName{recovery.EventForbidden}}) {
		counted += max(x.Count, 1)
	}
	if counted != 2000 {
		t.Errorf("got %d refusals, want all counted", counted)
	}
	if got := entries(t, w.Engine, engine.TrailQuery{Account: bob.ID, Events: []recovery.EventName{recovery.EventUnlocked}}); len(got) != 17 {
		t.Errorf("got %d, want each of 17 once", len(got))
	}
}

// AU-04: an account that owes too much is signed in to, and whatever only ends
// something is done; what gives something back is refused. What was done all the
// same is in the trail as soon as that can be written.
func TestAU04_WhatOnlyEndsIsNeverRefused(t *testing.T) {
	t.Parallel()
	w, alice, boss, bob, away := withoutTrail(t)
	a := found(t, w.Engine, "alice")
	key, _, err := w.Engine.AddKey(t.Context(), bob.ID, recovery.AccessKey{Name: "backup"})
	if err != nil || key == "" {
		t.Fatal(err)
	}
	b, other := w.Browser(), w.Browser()
	w.SignIn(b, alice, "/")
	w.Clock.Move(time.Minute)
	writeTrail(t, w.Engine)
	away.Store(true)
	rescue := func(name string) func() error {
		return func() error { _, err := w.Engine.RescueLink(t.Context(), name); return err }
	}
	untilFull(t, rescue("alice"))
	untilFull(t, rescue("bob"))
	w.SignIn(other, alice, "/")
	if !w.SignedIn(other) {
		t.Error("an account that owes too much is not signed in to")
	}
	sessions := found(t, w.Engine, "alice").Sessions
	if _, err := w.Engine.RevokeKey(t.Context(), bob.ID, "backup"); err != nil {
		t.Errorf("revoking a key: %v", err)
	}
	if err := w.Engine.EndSession(t.Context(), a.ID, sessions[0].ID); err != nil || len(found(t, w.Engine, "alice").Sessions) != len(sessions)-1 {
		t.Errorf("ending a session: %v", err)
	}
	if err := w.Engine.Manage(t.Context(), boss, bob.ID, recovery.ActionDisable, "stolen"); err != nil || found(t, w.Engine, "bob").State != recovery.StateDisabled {
		t.Errorf("disabling: %v", err)
	}
	if err := w.Engine.Manage(t.Context(), boss, bob.ID, recovery.ActionEnable, "back"); !errors.Is(err, recovery.ErrTrailFull) {
		t.Errorf("enabling: got %v, want it refused", err)
	}
	away.Store(false)
	writeTrail(t, w.Engine)
	for name, account := range map[recovery.EventName]string{recovery.EventKeyRevoked: bob.ID, recovery.EventSessionEnded: a.ID, recovery.EventDisabled: bob.ID, recovery.EventLogin: a.ID} {
		if len(entries(t, w.Engine, engine.TrailQuery{Account: account, Events: []recovery.EventName{name}})) == 0 {
			t.Errorf("%s is not in the trail", name)
		}
	}
	if r := verified(t, w.Engine); len(r.Faults) > 0 {
		t.Errorf("got %v, want nothing wrong", r.Faults)
	}
}

// Who can write to the store without its key cannot stop the trail: something in the
// place of a segment, of the list of a day, of an account. It is passed by, told, and
// found.
func TestAU04_WhatIsSpoiledStopsNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"the segment", "the next segment", "the list of the day", "an account that owes"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, boss, bob := withPeople(t)
			writeTrail(t, w.Engine)
			last := segmentsIn(allRecords(t, w.Driver))
			segment := last[len(last)-1]
			place := strings.Split(segment, "/")
			key := map[string]string{
				"the segment": segment, "the next segment": strings.Join(place[:3], "/") + "/2", "the list of the day": "audit/" + place[1],
				"an account that owes": recovery.AccountKey(boss.ID),
			}[name]
			if name == "an account that owes" {
				if _, err := w.Engine.RescueLink(t.Context(), "alice"); err != nil {
					t.Fatal(err)
				}
			}
			put(t, w.Driver, key, []byte("spoiled"))
			for range 70 {
				if err := w.Engine.Manage(t.Context(), boss, bob.ID, recovery.ActionUnlock, "because"); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Engine.WriteTrail(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := entriesOf(t, w.Engine, bob.ID, recovery.EventUnlocked); got < 70-64 {
				t.Errorf("got %d of 70 changes in the trail", got)
			}
			if r := verified(t, w.Engine); len(r.Faults) == 0 {
				t.Error("got nothing wrong, want what was spoiled")
			}
		})
	}
}

// entriesOf counts records of an event of an account, whatever is lost beside them.
func entriesOf(t *testing.T, e *engine.Engine, account string, name recovery.EventName) (n int) {
	t.Helper()
	_, _, err := e.ReadTrail(t.Context(), engine.TrailQuery{Account: account, Events: []recovery.EventName{name}}, func(engine.TrailEntry) bool {
		n++
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
