package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestANameIsAPersonOrAGroup, however it is written, and whether the group is in
// use, meant by the rule of a site, or Sparekey's own.
func TestANameIsAPersonOrAGroup(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	w.Engine.RuleGroups = []string{"staff"}
	for _, tt := range []struct {
		name   string
		groups []string
		want   error
	}{
		{"bruno", []string{"family", "friends"}, nil},
		{"carol", []string{"family"}, nil},
		{"family", nil, recovery.ErrIsGroup},
		{"FAMILY", nil, recovery.ErrIsGroup},
		{"friends", []string{"family"}, recovery.ErrIsGroup},
		{"staff", nil, recovery.ErrIsGroup},
		{"Staff", nil, recovery.ErrIsGroup},
		{"admins", nil, recovery.ErrIsGroup},
		{"dora", []string{"dora"}, recovery.ErrIsGroup},
		{"dora", []string{"alice"}, recovery.ErrIsPerson},
		{"dora", []string{"family", "Bruno"}, recovery.ErrIsPerson},
		{"dora", []string{"user:alice"}, recovery.ErrBadGroup},
		{"dora", []string{"staff", recovery.GroupAdmins}, nil},
		{"familyman", nil, nil},
	} {
		_, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: tt.name, Groups: tt.groups})
		if !errors.Is(err, tt.want) || (err != nil) != (tt.want != nil) {
			t.Errorf("%s in %q: got %v, want %v", tt.name, tt.groups, err, tt.want)
		}
	}
	if both, err := w.Engine.Collisions(t.Context()); err != nil || len(both) > 0 {
		t.Errorf("got %q (%v), want no name of both", both, err)
	}
}

// TestTheFirstAccountIsNoGroup either.
func TestTheFirstAccountIsNoGroup(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	w.Engine.RuleGroups = []string{"family"}
	for _, name := range []string{"Family", "admins"} {
		b := w.Browser().Get("/.sparekey/setup").Submit("code", setupCode(t, w)).Want("setup")
		b.Submit("name", name, "mail", "a@example.org", "new_password", "correct horse staple").Want("setup")
		if !strings.Contains(b.Text(), "name of a group") {
			t.Errorf("%s: got %q, want that it is a group", name, b.Text())
		}
	}
}

func setupCode(t *testing.T, w *recoverytest.World) string {
	t.Helper()
	code, err := w.Engine.OpenSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// TestNamesOfBothAreListed when versions before took them; rows that they have
// written say nothing of groups.
func TestNamesOfBothAreListed(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	bruno, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "Bruno", Groups: []string{"family"}})
	if err != nil {
		t.Fatal(err)
	}
	store := &kv.Store{Driver: w.Driver, Sealer: w.Keys, Now: w.Clock.Now}
	_, err = kv.Update(t.Context(), store, recovery.AccountKey(bruno.ID), time.Time{}, func(a *recovery.Account, _ bool) error {
		a.Groups = []string{"Alice", "family"}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	forgetGroups(t, w, store)
	w.Engine.RuleGroups = []string{"bruno"}
	if both, err := w.Engine.Collisions(t.Context()); err != nil || !slices.Equal(both, []string{"alice", "bruno"}) {
		t.Errorf("got %q (%v), want alice and bruno", both, err)
	}
	if _, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "family"}); !errors.Is(err, recovery.ErrIsGroup) {
		t.Errorf("got %v, want that the name is a group", err)
	}
}

// forgetGroups makes all rows those of a version before.
func forgetGroups(t *testing.T, w *recoverytest.World, store *kv.Store) {
	t.Helper()
	for i := range 256 {
		key := fmt.Sprintf("roster/%02x", i)
		if raw, err := w.Driver.Get(t.Context(), key); err != nil || raw == nil {
			continue
		}
		_, err := kv.Update(t.Context(), store, key, time.Time{}, func(rows *[]map[string]any, _ bool) error {
			for _, r := range *rows {
				delete(r, "groups")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
