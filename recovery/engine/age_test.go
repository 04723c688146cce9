package engine_test

import (
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// snapshot copies all records; the function it returns puts them back.
func snapshot(t *testing.T, w *recoverytest.World) (restore func()) {
	t.Helper()
	all := func() map[string][]byte {
		keys, err := w.Driver.Keys(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		out := map[string][]byte{}
		for _, key := range keys {
			if out[key], err = w.Driver.Get(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	before := all()
	return func() {
		for key, now := range all() {
			if _, err := w.Driver.Swap(t.Context(), key, now, before[key], 0); err != nil {
				t.Fatal(err)
			}
		}
		for key, old := range before {
			if _, err := w.Driver.Swap(t.Context(), key, nil, old, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestAFailOverToAnOlderStore happens while nodes run: one that has seen more
// voids what came back, once; another that joins later finds it done.
func TestAFailOverToAnOlderStore(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	check := func(n *recoverytest.World) {
		t.Helper()
		if err := n.Engine.CheckAge(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	check(w)
	restore := snapshot(t, w)
	rescue, err := w.Engine.RescueLink(t.Context(), alice.Name)
	if err != nil {
		t.Fatal(err)
	}
	other := w.Node()
	check(other)
	b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	check(w)
	check(other)
	alarms := w.Events.Count(recovery.EventAlarm)
	if alarms != 0 {
		t.Fatalf("got %d alarms before anything happened", alarms)
	}
	restore()
	generation := person(t, w, alice.Name).Generation
	check(other)
	a := person(t, w, alice.Name)
	if a.Generation != generation+1 || len(a.Sessions) != 0 || a.OldCodes != nil || a.UnfreezeWith != nil {
		t.Errorf("got generation %d, sessions %v: they live again", a.Generation, a.Sessions)
	}
	if got := w.Browser().Get("/.sparekey/link").Submit("code", rescue); got.Page() == "new-password" {
		t.Error("a link of before leads on")
	}
	check(w)
	check(w.Node())
	if got := person(t, w, alice.Name).Generation; got != generation+1 {
		t.Errorf("voided again by another node: generation %d", got)
	}
	w.SignIn(w.Browser(), alice, "/")
}

func person(t *testing.T, w *recoverytest.World, name string) *recovery.Account {
	t.Helper()
	a, err := w.Engine.Find(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
