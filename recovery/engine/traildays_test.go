package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

// Old days go from the front, whole ones, and what is left is whole; what is
// private stays readable while the account is there.
func TestTheTrailIsKeptForItsTime(t *testing.T) {
	t.Parallel()
	w := threeNodes(t, 30)
	w.Policy.Lifetimes.Audit = 30 * 24 * time.Hour
	first := verified(t, w.Engine)
	w.Clock.Move(32*24*time.Hour + time.Hour)
	for range 2 {
		w.Clock.Move(24 * time.Hour)
		if _, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "late" + w.Clock.Now().Format("0102")}); err != nil {
			t.Fatal(err)
		}
		writeTrail(t, w.Engine)
		if err := w.Engine.SealTrail(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	r := verified(t, w.Engine)
	if len(r.Faults) > 0 || r.First <= first.First || r.Records != 2 {
		t.Errorf("got %+v, want only what is not 30 days old, and nothing wrong", r)
	}
	for _, key := range segmentsIn(allRecords(t, w.Driver)) {
		if day := strings.Split(key, "/")[1]; day < r.First {
			t.Errorf("%s is still there", key)
		}
	}
	if _, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "later"}); err != nil {
		t.Fatal(err)
	}
	writeTrail(t, w.Engine)
	if r := verified(t, w.Engine); len(r.Faults) > 0 {
		t.Errorf("got %v, want that the trail goes on", r.Faults)
	}
}

// Without the key of then nothing is said to have changed, and until when that key
// is needed is known.
func TestTheTrailTellsNoKeyFromChanged(t *testing.T) {
	t.Parallel()
	x := newRotation(t)
	invite := func(e *engine.Engine) {
		t.Helper()
		if _, err := e.Invite(t.Context(), found(t, e, "bruno")); err != nil {
			t.Fatal(err)
		}
		writeTrail(t, e)
	}
	invite(x.w.Engine)
	both, err := x.use(x.w.Driver, x.b, x.a)
	if err != nil {
		t.Fatal(err)
	}
	invite(both)
	if r := verified(t, both); len(r.Faults) > 0 {
		t.Errorf("with both keys: got %v", r.Faults)
	}
	needed, err := both.TrailKeys(t.Context())
	if until := needed[x.w.Keys.ID()]; err != nil || len(needed) != 1 || until.Before(x.w.Clock.Now().Add(400*24*time.Hour)) {
		t.Errorf("got %v (%v), want the older key for 400 days", needed, err)
	}
	for r := (engine.Rekeyed{}); !r.Done; {
		if r, err = both.Rekey(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	alone, err := x.use(x.w.Driver, x.b)
	if err != nil {
		t.Fatal(err)
	}
	r := verified(t, alone)
	if len(r.Faults) == 0 {
		t.Error("without the older key: got nothing, want that it is not here")
	}
	for _, f := range r.Faults {
		if f.What != recovery.WrongNoKey {
			t.Errorf("got %v, want that a key is not here, and nothing of a change", f)
		}
	}
	if got := entries(t, alone, engine.TrailQuery{Events: []recovery.EventName{recovery.EventInvited}}); len(got) != 3 || got[0].Hidden {
		t.Errorf("got %v, want three invitations that can be read", got)
	}
}

// AU-02: a change and its record stand or fall together, wherever a process is
// killed. By write point: the change, the record in the account, the segment, the
// account without it. The next process moves what is left.
func TestAU02_AChangeAndItsRecordStandOrFallTogether(t *testing.T) {
	t.Parallel()
	for do, set := range map[recovery.Action]func(*recovery.Account) bool{
		recovery.ActionDisable:     func(a *recovery.Account) bool { return a.State == recovery.StateDisabled },
		recovery.ActionRemove:      func(a *recovery.Account) bool { return !a.Leaving.IsZero() },
		recovery.ActionUnlock:      func(a *recovery.Account) bool { return a.Unlocks > 0 },
		recovery.ActionGroups:      func(a *recovery.Account) bool { return len(a.Groups) > 0 },
		recovery.ActionDisplayName: func(a *recovery.Account) bool { return a.DisplayName != "" },
		recovery.ActionRename:      func(a *recovery.Account) bool { return a.Name != "bob" },
		recovery.ActionExtension:   func(a *recovery.Account) bool { return len(a.Extensions) > 0 },
		recovery.ActionMail:        func(a *recovery.Account) bool { return len(a.Addresses) > 1 },
	} {
		t.Run(string(do), func(t *testing.T) {
			t.Parallel()
			points := 0
			for _, lost := range []bool{false, true} {
				for at := int64(1); changeAndCrash(t, do, set, at, lost); at++ {
					points++
				}
			}
			if points < 10 {
				t.Errorf("got %d write points, want more: the crash does not bite", points)
			}
			t.Logf("%d write points", points)
		})
	}
}

var errKilled = errors.New("killed")

// changeAndCrash returns false when there are fewer writes than that.
func changeAndCrash(t *testing.T, do recovery.Action, set func(*recovery.Account) bool, at int64, lost bool) bool {
	t.Helper()
	w, boss, bob := withPeople(t)
	d, dead := dying(w.Driver, at, lost)
	node := w.NodeOn(t, d)
	_, done := node.Engine.Edit(t.Context(), engine.Administrator(boss), bob.ID, every(do), "because")
	_ = node.Engine.EndTrail(t.Context())
	if !dead.Load() {
		return false
	}
	next := w.Node().Engine
	if err := next.CollectTrail(t.Context()); err != nil {
		t.Fatal(err)
	}
	writeTrail(t, next)
	where := fmt.Sprintf("killed at write %d, reply lost %v", at, lost)
	after, err := next.Person(t.Context(), bob.ID)
	if err != nil {
		t.Fatal(err)
	}
	changed := set(after)
	records := len(entries(t, next, engine.TrailQuery{Account: bob.ID, Events: []recovery.EventName{do.Event()}}))
	if changed && records != 1 || !changed && records != 0 {
		t.Errorf("%s: done %v and %d records", where, changed, records)
	}
	if done == nil && !changed {
		t.Errorf("%s: what was acknowledged is not there", where)
	}
	w.Clock.Move(20 * time.Minute)
	if err := next.PayDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, m := range w.Outbox.To("bob@example.org", "notice") {
		if m.Vars["event"] == string(do.Event()) {
			told++
		}
	}
	if changed != (told > 0) {
		t.Errorf("%s: done %v and told %d times", where, changed, told)
	}
	rowAndIndexAgree(t, next, after, where)
	if r := verified(t, next); len(r.Faults) > 0 {
		t.Errorf("%s: got %v", where, r.Faults)
	}
	return true
}

// rowAndIndexAgree wants the list to show an account as it is, once the next start has
// put it right, and that it is found by what it has.
func rowAndIndexAgree(t *testing.T, e *engine.Engine, a *recovery.Account, where string) {
	t.Helper()
	if _, err := e.RepairRoster(t.Context()); err != nil {
		t.Fatal(err)
	}
	row, err := e.Listed(t.Context(), a.ID)
	if err != nil || row.Name != a.Name || row.DisplayName != a.DisplayName || row.State != a.State || !slices.Equal(row.Groups, a.Groups) {
		t.Errorf("%s: got the row %+v, %v, of %s, %q, %s, %v", where, row, err, a.Name, a.DisplayName, a.State, a.Groups)
	}
	typed := []string{a.Name}
	for _, c := range a.Addresses {
		typed = append(typed, c.Value)
	}
	for _, text := range typed {
		if who, err := e.Find(t.Context(), text); err != nil || who.ID != a.ID {
			t.Errorf("%s: %s is not found: %v", where, text, err)
		}
	}
}
