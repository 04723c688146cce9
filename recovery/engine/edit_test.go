package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

const why = "because of this"

func hood() *recoverytest.Person {
	return &recoverytest.Person{Name: "robin", Mail: "robin@example.org", Phone: "+41791234568", Password: "another horse battery"}
}

// household is a world with the administrator alice, and robin.
func household(t *testing.T, options ...recoverytest.Option) *recoverytest.World {
	t.Helper()
	w := recoverytest.New(t, options...)
	w.Setup(recoverytest.Alice())
	w.Invite(hood())
	return w
}

func edit(t *testing.T, w *recoverytest.World, name string, x recovery.Edit) {
	t.Helper()
	if _, err := w.Engine.Edit(t.Context(), engine.Shell(), find(t, w, name).ID, x, why); err != nil {
		t.Fatalf("%s: %v", x.Do, err)
	}
}

// every is an edit with all fields filled; an action takes its own of them.
func every(do recovery.Action) recovery.Edit {
	return recovery.Edit{
		Do: do, Groups: []string{"family"}, Name: "Robin.Hood", Mail: "new@example.org", Phone: "+41791234500",
		Extensions: []recovery.Extension{{Number: "+41441234567", Digits: "7"}},
	}
}

// TestAD07_AnActionTakesItsOwnFields and leaves everything else of the account.
func TestAD07_AnActionTakesItsOwnFields(t *testing.T) {
	t.Parallel()
	type part struct {
		name string
		of   func(*recovery.Account) string
	}
	parts := []part{
		{"groups", func(a *recovery.Account) string { return fmt.Sprint(a.Groups) }},
		{"name", func(a *recovery.Account) string { return a.Name }},
		{"display", func(a *recovery.Account) string { return a.DisplayName }},
		{"addresses", func(a *recovery.Account) string { return fmt.Sprint(len(a.Addresses)) }},
		{"lines", func(a *recovery.Account) string { return fmt.Sprint(a.Extensions) }},
		{"credentials", func(a *recovery.Account) string { return fmt.Sprint(a.Credentials) }},
		{"state", func(a *recovery.Account) string { return string(a.State) }},
		{"unlocks", func(a *recovery.Account) string { return fmt.Sprint(a.Unlocks) }},
	}
	for do, changes := range map[recovery.Action][]string{
		recovery.ActionUnlock: {"unlocks"}, recovery.ActionSignOut: nil, recovery.ActionDisable: {"state"}, recovery.ActionGroups: {"groups"},
		recovery.ActionDisplayName: {"display"}, recovery.ActionRename: {"name"}, recovery.ActionExtension: {"lines"},
		recovery.ActionMail: {"addresses"}, recovery.ActionPhone: {"addresses"}, recovery.ActionRemove: {"state"},
	} {
		w := household(t)
		before := find(t, w, "robin")
		edit(t, w, "robin", every(do))
		after, err := w.Engine.Person(t.Context(), before.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range parts {
			if was, is := p.of(before), p.of(after); (was != is) != slices.Contains(changes, p.name) {
				t.Errorf("%s: %s was %s and is %s", do, p.name, was, is)
			}
		}
	}
}

// TestAD03_UnlockingChangesNoState of an account that is disabled.
func TestAD03_UnlockingChangesNoState(t *testing.T) {
	t.Parallel()
	w := household(t)
	edit(t, w, "robin", recovery.Edit{Do: recovery.ActionDisable})
	edit(t, w, "robin", recovery.Edit{Do: recovery.ActionUnlock})
	if got := find(t, w, "robin").State; got != recovery.StateDisabled {
		t.Errorf("got state %s, want disabled", got)
	}
}

// TestAD05_TheLastAdministratorStays: who could lock everybody out is refused, also of
// two at once.
func TestAD05_TheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	w := household(t)
	alice := find(t, w, "alice")
	for _, do := range []recovery.Action{recovery.ActionGroups, recovery.ActionDisable, recovery.ActionRemove} {
		if _, err := w.Engine.Edit(t.Context(), engine.Shell(), alice.ID, recovery.Edit{Do: do}, why); !errors.Is(err, recovery.ErrLastAdmin) {
			t.Errorf("%s: got %v, want ErrLastAdmin", do, err)
		}
	}
	edit(t, w, "robin", recovery.Edit{Do: recovery.ActionGroups, Groups: []string{"admins", "family"}})
	if got := len(w.Outbox.To("alice@example.org", "notice")); got == 0 {
		t.Error("alice has not heard of the new administrator")
	}
	alice = find(t, w, "alice")
	who := find(t, w, "robin")
	var both sync.WaitGroup
	errs := make([]error, 2)
	for i, act := range []struct{ by, on *recovery.Account }{{alice, who}, {who, alice}} {
		both.Go(func() {
			errs[i] = w.Engine.Manage(t.Context(), act.by, act.on.ID, recovery.ActionDisable, why)
		})
	}
	both.Wait()
	refused := 0
	for _, err := range errs {
		switch {
		case errors.Is(err, recovery.ErrLastAdmin):
			refused++
		case err != nil:
			t.Error(err)
		}
	}
	if refused != 1 {
		t.Errorf("both at once: got %v, want one refused", errs)
	}
}

// TestA53_NobodyActsOnThemselves, or without a second factor, or lately recovered.
func TestA53_NobodyActsOnThemselves(t *testing.T) {
	t.Parallel()
	w := household(t)
	alice, who := find(t, w, "alice"), find(t, w, "robin")
	bare, lately, closed := alice.Clone(), alice.Clone(), alice.Clone()
	bare.Drop(recovery.TOTP)
	bare.SecondFactor = false
	lately.Probation = w.Clock.Now().Add(time.Hour)
	closed.State = recovery.StateFrozen
	for name, tc := range map[string]struct {
		by engine.Authority
		on string
	}{
		"oneself": {engine.Administrator(alice), alice.ID}, "nobody's authority": {engine.Authority{}, who.ID}, "no administrator": {engine.Administrator(who), alice.ID},
		"no second factor": {engine.Administrator(bare), who.ID}, "recovered lately": {engine.Administrator(lately), who.ID}, "closed": {engine.Administrator(closed), who.ID},
	} {
		if _, err := w.Engine.Edit(t.Context(), tc.by, tc.on, recovery.Edit{Do: recovery.ActionGroups, Groups: []string{"admins"}}, why); !errors.Is(err, recovery.ErrNotAllowed) {
			t.Errorf("%s: got %v, want ErrNotAllowed", name, err)
		}
	}
	if find(t, w, "robin").Admin() {
		t.Error("robin is an administrator")
	}
}

// TestDisablingTellsWhy, and where to ask.
func TestDisablingTellsWhy(t *testing.T) {
	t.Parallel()
	w := household(t)
	edit(t, w, "robin", recovery.Edit{Do: recovery.ActionDisable})
	got := w.Outbox.Last(t, "robin@example.org", "notice").Vars
	if got["event"] != string(recovery.EventDisabled) || got["reason"] != why || got["help"] != w.Policy.Help {
		t.Errorf("got %v", got)
	}
	if got := w.Outbox.Last(t, hood().Phone, "notice").Vars["reason"]; got != "" {
		t.Errorf("by text message: got the reason %q, want none: anybody may read it on a phone", got)
	}
}

// TestANameIsNotFree after its account was renamed or removed, for a long time.
func TestANameIsNotFree(t *testing.T) {
	t.Parallel()
	w := household(t)
	id := find(t, w, "robin").ID
	edit(t, w, "robin", recovery.Edit{Do: recovery.ActionRename, Name: "anna"})
	w.Clock.Move(time.Hour)
	taken := func(name string) error {
		_, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: name})
		return err
	}
	if err := taken("Robin"); !errors.Is(err, recovery.ErrNameTaken) {
		t.Errorf("the old name: got %v, want ErrNameTaken", err)
	}
	edit(t, w, "anna", recovery.Edit{Do: recovery.ActionRename, Name: "robin"}) // its own again
	edit(t, w, "robin", recovery.Edit{Do: recovery.ActionRemove})
	w.Clock.Move(w.Policy.Lifetimes.Delete + time.Minute)
	if err := w.Engine.RemoveDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"robin", "anna"} {
		if err := taken(name); !errors.Is(err, recovery.ErrNameTaken) {
			t.Errorf("%s: got %v, want ErrNameTaken", name, err)
		}
	}
	if _, err := w.Engine.Person(t.Context(), id); !errors.Is(err, recovery.ErrGone) {
		t.Errorf("got %v, want ErrGone", err)
	}
	if _, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "dora", Mail: "robin@example.org"}); err != nil {
		t.Errorf("the address is not free: %v", err)
	}
	w.Clock.Move(w.Policy.Lifetimes.Name)
	if err := taken("robin"); err != nil {
		t.Errorf("after all that time: %v", err)
	}
}

// TestARemovedAccountCanBeBroughtBack until its day.
func TestARemovedAccountCanBeBroughtBack(t *testing.T) {
	t.Parallel()
	w := household(t)
	b := w.Browser()
	person := hood()
	edit(t, w, "robin", recovery.Edit{Do: recovery.ActionRemove})
	if got := find(t, w, "robin"); got.State != recovery.StateDisabled || len(got.Sessions) > 0 || got.Leaving.IsZero() {
		t.Errorf("got %s, %d sessions, removed on %s", got.State, len(got.Sessions), got.Leaving)
	}
	b.Get("/").Submit("name", "robin", "password", person.Password)
	if w.SignedIn(b) {
		t.Error("somebody signs in to a closed account")
	}
	edit(t, w, "robin", recovery.Edit{Do: recovery.ActionEnable})
	w.Clock.Move(w.Policy.Lifetimes.Delete + time.Hour)
	if err := w.Engine.RemoveDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := find(t, w, "robin"); got.State != recovery.StateActive {
		t.Errorf("got %s, want active", got.State)
	}
}

// TestRemovingSurvivesACrash after each write: what was begun is ended by the next
// round, and nothing is left behind.
func TestRemovingSurvivesACrash(t *testing.T) {
	t.Parallel()
	for crash := 1; ; crash++ {
		var left int
		d := &memkv.Faulty{Driver: memkv.New()}
		w := household(t, recoverytest.WithDriver(d))
		id := find(t, w, "robin").ID
		edit(t, w, "robin", recovery.Edit{Do: recovery.ActionRemove})
		w.Clock.Move(w.Policy.Lifetimes.Delete + time.Minute)
		left = crash
		d.After = func(op, _ string) error {
			if op == memkv.OpSwap {
				left--
			}
			if left <= 0 && op == memkv.OpSwap {
				return kv.ErrAway
			}
			return nil
		}
		ended := w.Engine.RemoveDue(t.Context()) == nil
		d.After = nil
		if err := w.Engine.RemoveDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Engine.Person(t.Context(), id); !errors.Is(err, recovery.ErrGone) {
			t.Errorf("crash after write %d: got %v, want ErrGone", crash, err)
		}
		if keys, err := d.Keys(t.Context(), "leaving/"); err != nil || len(keys) > 0 {
			t.Errorf("crash after write %d: got %q, want nothing left", crash, keys)
		}
		if got := names(people(t, w.Engine)); strings.Contains(got, "robin") {
			t.Errorf("crash after write %d: got %q in the list", crash, got)
		}
		if _, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "dora", Mail: "robin@example.org"}); err != nil {
			t.Errorf("crash after write %d: the address is not free: %v", crash, err)
		}
		if ended || crash > 20 {
			return
		}
	}
}
