package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// populate invites people called p00, p01 and so on.
func populate(t *testing.T, w *recoverytest.World, n int) {
	t.Helper()
	for i := range n {
		if _, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: fmt.Sprintf("P%02d", i), Mail: fmt.Sprintf("p%02d@example.org", i)}); err != nil {
			t.Fatal(err)
		}
	}
}

func names(people []engine.Person) string {
	var out []string
	for _, p := range people {
		out = append(out, p.Name)
	}
	return strings.Join(out, " ")
}

// TestPeopleAreListedByPages: every page has its people, whichever way it is turned.
func TestPeopleAreListedByPages(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	populate(t, w, 25)
	for _, tc := range []struct {
		name           string
		ask            engine.Search
		want           string
		found          int
		earlier, later bool
	}{
		{"first", engine.Search{Most: 4}, "P00 P01 P02 P03", 25, false, true},
		{"next", engine.Search{After: "P03", Most: 4}, "P04 P05 P06 P07", 25, true, true},
		{"last", engine.Search{After: "p22", Most: 4}, "P23 P24", 25, true, false},
		{"back", engine.Search{Before: "P08", Most: 4}, "P04 P05 P06 P07", 25, true, true},
		{"back to the first", engine.Search{Before: "P04", Most: 4}, "P00 P01 P02 P03", 25, false, true},
		{"part of a name", engine.Search{Text: " p1 ", Most: 3}, "P10 P11 P12", 10, false, true},
		{"mail", engine.Search{Text: "P07@example.org", Most: 3}, "P07", 1, false, false},
		{"nobody", engine.Search{Text: "nobody", Most: 3}, "", 0, false, false},
		{"filter", engine.Search{Show: engine.ShowDisabled, Most: 3}, "", 0, false, false},
		{"all fit", engine.Search{Show: engine.ShowInvited, Most: 100}, names(people(t, w.Engine)), 25, false, false},
	} {
		got, err := w.Engine.List(t.Context(), tc.ask)
		if err != nil || names(got.People) != tc.want || got.Found != tc.found || got.All != 25 || got.Earlier != tc.earlier || got.Later != tc.later {
			t.Errorf("%s: got %q, %d of %d, earlier %t, later %t, %v", tc.name, names(got.People), got.Found, got.All, got.Earlier, got.Later, err)
		}
	}
	if _, err := w.Engine.List(t.Context(), engine.Search{Show: "everything"}); err == nil {
		t.Error("a filter that there is not: got no error")
	}
}

// TestTheRosterIsPutRight: rows that are missing, doubled, too old, or of nobody.
func TestTheRosterIsPutRight(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	populate(t, w, 6)
	want := people(t, w.Engine)
	ctx, s := t.Context(), w.Engine.Store
	keys, err := w.Driver.Keys(ctx, "roster/")
	if err != nil {
		t.Fatal(err)
	}
	type rows = []map[string]any
	if err := kv.Delete(ctx, s, keys[0]); err != nil {
		t.Fatal(err)
	}
	for _, key := range keys[1:3] {
		if _, err := kv.Update(ctx, s, key, time.Time{}, func(r *rows, _ bool) error {
			(*r)[0]["state"], (*r)[0]["has"], (*r)[0]["rev"] = "disabled", "", 0
			*r = append(*r, map[string]any{"id": strings.Repeat("A", recovery.IDSize), "name": "ghost", "groups": []string{}})
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(people(t, w.Engine)); got == names(want) {
		t.Fatal("the test has changed nothing")
	}
	if n, err := w.Engine.RepairRoster(ctx); err != nil || n < 5 {
		t.Errorf("got %d wrong rows, %v, want five and more", n, err)
	}
	if got := people(t, w.Engine); !slices.EqualFunc(got, want, func(a, b engine.Person) bool { return a.ID == b.ID && a.State == b.State && a.Has == b.Has }) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if n, err := w.Engine.RepairRoster(ctx); err != nil || n != 0 {
		t.Errorf("once more: got %d wrong rows, %v, want none", n, err)
	}
}

// TestTheRosterIsNoActionsFailure: an action is done when the account is written; the
// row follows.
func TestTheRosterIsNoActionsFailure(t *testing.T) {
	t.Parallel()
	away := false
	d := &memkv.Faulty{Driver: memkv.New(), Before: func(op, key string) error {
		if away && op == memkv.OpSwap && strings.HasPrefix(key, "roster/") {
			return kv.ErrAway
		}
		return nil
	}}
	w := recoverytest.New(t, recoverytest.WithDriver(d))
	alice, robin := recoverytest.Alice(), &recoverytest.Person{Name: "robin", Mail: "robin@example.org", Phone: "+41791234568", Password: "another horse battery"}
	w.Setup(alice)
	w.Invite(robin)
	by, who := find(t, w, alice.Name), find(t, w, robin.Name)
	away = true
	if err := w.Engine.Manage(t.Context(), by, who.ID, recovery.ActionDisable, "has left the house"); err != nil {
		t.Fatal(err)
	}
	if find(t, w, robin.Name).State != recovery.StateDisabled {
		t.Error("the account is not disabled")
	}
	away = false
	w.Engine.Later(t.Context())
	for _, p := range people(t, w.Engine) {
		if p.ID == who.ID && p.State != recovery.StateDisabled {
			t.Errorf("the row says %s a minute later", p.State)
		}
	}
}

func find(t *testing.T, w *recoverytest.World, name string) *recovery.Account {
	t.Helper()
	a, err := w.Engine.Find(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
