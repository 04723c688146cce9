package web_test

import (
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestAHeldNameIsGivenAway by an administrator who types it once more, and is told that
// apps take the new person for the old one.
func TestAHeldNameIsGivenAway(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	if _, err := w.Engine.Edit(byShell(t.Context()), engine.Shell(), account(t, w, "robin").ID, recovery.Edit{Do: recovery.ActionRename, Name: "martin"}, "asked for it"); err != nil {
		t.Fatal(err)
	}
	admin := signIn(w, w.Browser(), alice)
	form := func(pairs ...string) *recoverytest.Browser {
		return admin.Post("/.sparekey/people", recoverytest.Fields(append(pairs, "choice", "invite")...))
	}
	for _, again := range []string{"", "robyn"} {
		if form("name", "robin", "again", again).Want("people"); admin.Status != 422 || !strings.Contains(admin.Text(), "take the new person for") || !admin.Has("again") {
			t.Errorf("typed %q: got status %d, %q", again, admin.Status, admin.Text())
		}
	}
	if form("name", "martin", "again", "martin").Want("people"); admin.Status != 422 || admin.Has("again") {
		t.Errorf("a name that somebody has: got status %d, %q", admin.Status, admin.Text())
	}
	form("name", "robin", "again", "Robin").Want("invite")
	if n := len(w.Events.Of(recovery.EventNameGiven)); n != 1 {
		t.Errorf("got %d events, want one", n)
	}

	path := "/.sparekey/people/" + account(t, w, "robin").ID
	admin.Post(path, recoverytest.Fields("choice", "rename", "name", "robin2", "reason", "a mistake")).Want("person")
	path = "/.sparekey/people/" + account(t, w, "martin").ID
	if admin.Post(path, recoverytest.Fields("choice", "rename", "name", "robin", "reason", "asked for it back")); admin.Status != 422 || !admin.Has("again") {
		t.Errorf("got status %d, %q", admin.Status, admin.Text())
	}
	admin.Post(path, recoverytest.Fields("choice", "rename", "name", "robin", "again", "robin", "reason", "asked for it back")).Want("person")
	if got := account(t, w, "robin"); got.ID != strings.TrimPrefix(path, "/.sparekey/people/") {
		t.Errorf("got %s", got.ID)
	}
}
