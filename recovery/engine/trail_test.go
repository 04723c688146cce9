package engine_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// entries are the records of a query.
func entries(t *testing.T, e *engine.Engine, q engine.TrailQuery) []engine.TrailEntry {
	t.Helper()
	var out []engine.TrailEntry
	_, lost, err := e.ReadTrail(t.Context(), q, func(x engine.TrailEntry) bool {
		out = append(out, x)
		return true
	})
	if err != nil || lost > 0 {
		t.Fatalf("got %d lost, %v", lost, err)
	}
	return out
}

func verified(t *testing.T, e *engine.Engine, heads ...engine.TrailHead) engine.TrailReport {
	t.Helper()
	r, err := e.VerifyTrail(t.Context(), heads)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func writeTrail(t *testing.T, e *engine.Engine) {
	t.Helper()
	if err := e.CollectTrail(t.Context()); err != nil { // a walk of before was put in place
		t.Fatal(err)
	}
	for range 4 {
		if err := e.WriteTrail(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// withPeople is an installation with an administrator and another person.
func withPeople(t *testing.T, options ...recoverytest.Option) (w *recoverytest.World, boss, bob *recovery.Account) {
	t.Helper()
	return withPeopleAnd(t, recoverytest.Alice(), options...)
}

// withPeopleAnd is withPeople for a test that signs the administrator in.
func withPeopleAnd(t *testing.T, alice *recoverytest.Person, options ...recoverytest.Option) (w *recoverytest.World, boss, bob *recovery.Account) {
	t.Helper()
	w = recoverytest.New(t, options...)
	w.Setup(alice)
	w.Invite(&recoverytest.Person{Name: "bob", Mail: "bob@example.org", Password: "staple battery horse"})
	w.Clock.Move(25 * time.Hour)
	return w, found(t, w.Engine, "alice"), found(t, w.Engine, "bob")
}

func found(t *testing.T, e *engine.Engine, name string) *recovery.Account {
	t.Helper()
	a, err := e.Find(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// AU-01: every event that the log has is in the trail, with who did it to whom,
// how, from where, in which process and why.
func TestAU01_TheTrailHasWhatTheLogHas(t *testing.T) {
	t.Parallel()
	w, boss, bob := withPeople(t)
	ctx := engine.By(t.Context(), engine.Actor{Network: "192.0.2.7", Browser: "Firefox on Linux"})
	if err := w.Engine.Manage(ctx, boss, bob.ID, recovery.ActionDisable, "lost <laptop>"); err != nil {
		t.Fatal(err)
	}
	w.Engine.Refused(ctx, recovery.Event{Name: recovery.EventCrossSite, Detail: "another site"})
	w.Browser().Get("/").Submit("name", "bob", "password", "wrong password")
	writeTrail(t, w.Engine)
	names := func(list []recovery.Event) (out []string) {
		for _, e := range list {
			out = append(out, string(e.Name)+" "+e.Account+" "+e.ActorID)
		}
		slices.Sort(out)
		return out
	}
	var got []recovery.Event
	for _, x := range entries(t, w.Engine, engine.TrailQuery{}) {
		got = append(got, recovery.Event{Name: x.Event, Account: x.Whom, ActorID: x.Who})
	}
	if want := names(w.Events.All()); !slices.Equal(names(got), want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(names(got), "\n"), strings.Join(want, "\n"))
	}
	all := entries(t, w.Engine, engine.TrailQuery{})
	last := all[len(all)-1]
	x := entries(t, w.Engine, engine.TrailQuery{Account: bob.ID, Events: []recovery.EventName{recovery.EventDisabled}})
	if len(x) != 1 || x[0].By != "alice" || x[0].Name != "bob" || x[0].Network != "192.0.2.7" || x[0].Browser != "Firefox on Linux" || x[0].Detail != "lost <laptop>" ||
		x[0].Node == "" || !x[0].At.Equal(w.Clock.Now()) || x[0].At.Location() != time.UTC {
		t.Errorf("got %+v, want who disabled whom, from where and why", x)
	}
	if r := verified(t, w.Engine); len(r.Faults) > 0 || r.Records != len(got) {
		t.Errorf("got %+v, want nothing wrong with %d records", r, len(got))
	}
	if back := entries(t, w.Engine, engine.TrailQuery{Back: true}); len(back) != len(got) || back[0].ID != last.ID {
		t.Errorf("got %d backwards, want %d, the newest first", len(back), len(got))
	}
}

// A sign-in waits for no record: what it costs of the store is what it cost before
// there was a trail, one write of the account at its end.
func TestASignInWaitsForNoRecord(t *testing.T) {
	t.Parallel()
	var trail, accounts atomic.Int64
	driver := &memkv.Faulty{Driver: memkv.New(), Before: func(op, key string) error {
		switch {
		case strings.HasPrefix(key, "audit/"):
			trail.Add(1)
		case strings.HasPrefix(key, "account/") && op == memkv.OpSwap:
			accounts.Add(1)
		}
		return nil
	}}
	w := recoverytest.New(t, recoverytest.WithDriver(driver))
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.Clock.Move(time.Minute)
	w.SignIn(b, alice, "/")
	w.Clock.Move(time.Minute)
	b.Post("/.sparekey/logout", recoverytest.Fields())
	writeTrail(t, w.Engine)
	trail.Store(0)
	accounts.Store(0)
	w.SignIn(b, alice, "/")
	if trail.Load() > 0 || accounts.Load() > 2 { // the code that is used up, and the session
		t.Errorf("got %d calls for the trail and %d writes of the account, want none and two", trail.Load(), accounts.Load())
	}
	if err := w.Engine.WriteTrail(t.Context()); err != nil {
		t.Fatal(err)
	}
	if accounts.Load() > 2 || trail.Load() == 0 || trail.Load() > 2 {
		t.Errorf("got %d calls for the trail and %d writes of the account, want its record written, and the account left alone", trail.Load(), accounts.Load())
	}
	if a := found(t, w.Engine, "alice"); len(a.Trail.Owed) == 0 {
		t.Error("the account owes nothing: it was written for that alone")
	}
	w.Clock.Move(time.Hour) // nobody writes the account
	if err := w.Engine.WriteTrail(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := found(t, w.Engine, "alice"); len(a.Trail.Owed) > 0 {
		t.Error("what is in the trail is still in the account after an hour")
	}
}

// A flood of wrong tries from one network becomes a count.
func TestAFloodOfTriesIsCounted(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	for range 500 {
		w.Engine.Refused(engine.By(t.Context(), engine.Actor{Network: "192.0.2.7"}), recovery.Event{Name: recovery.EventTicketFailed})
		w.Clock.Move(time.Minute / 10)
	}
	for range 100 {
		w.Browser().Get("/").Submit("name", "nobody", "password", "wrong password")
	}
	writeTrail(t, w.Engine)
	w.Clock.Move(2 * time.Minute)
	writeTrail(t, w.Engine)
	got := entries(t, w.Engine, engine.TrailQuery{Events: []recovery.EventName{recovery.EventLoginFailed}})
	if last := got[len(got)-1]; len(got) > 17 || last.Count != 100-len(got)+1 {
		t.Errorf("got %d records, the last of %d, want 16 and the count of the rest", len(got), last.Count)
	}
}

// A reading stops where it is told to, and says from when on to go on.
func TestReadingTheTrailInParts(t *testing.T) {
	t.Parallel()
	w, _, bob := withPeople(t)
	for range 200 {
		w.Clock.Move(time.Minute)
		if _, err := w.Engine.RescueLink(t.Context(), "bob"); err != nil {
			t.Fatal(err)
		}
	}
	writeTrail(t, w.Engine)
	all := entries(t, w.Engine, engine.TrailQuery{Account: bob.ID, Back: true})
	var got []engine.TrailEntry
	q := engine.TrailQuery{Account: bob.ID, Back: true, Segments: 1}
	for range 20 {
		rest, _, err := w.Engine.ReadTrail(t.Context(), q, func(x engine.TrailEntry) bool {
			got = append(got, x)
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		if rest.ID == "" {
			break
		}
		q.From = rest
	}
	if len(got) != len(all) || len(all) < 200 {
		t.Errorf("got %d in parts, want %d", len(got), len(all))
	}
}

// KeepTrail writes within a second or so, and the rest when it ends.
func TestKeepTrailWritesWhatWaits(t *testing.T) {
	t.Parallel()
	w, boss, bob := withPeople(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Engine.KeepTrail(ctx)
	}()
	if err := w.Engine.Manage(t.Context(), boss, bob.ID, recovery.ActionDisable, "because"); err != nil {
		t.Fatal(err)
	}
	w.Engine.Refused(t.Context(), recovery.Event{Name: recovery.EventCrossSite})
	cancel()
	<-done
	got := entries(t, w.Engine, engine.TrailQuery{Events: []recovery.EventName{recovery.EventDisabled, recovery.EventCrossSite}})
	if len(got) != 2 || len(found(t, w.Engine, "bob").Trail.Owed) > 0 {
		t.Errorf("got %d records, want both, and nothing owed", len(got))
	}
}
