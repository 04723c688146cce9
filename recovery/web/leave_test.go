package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// leaver is Bob, a member beside Alice the administrator, whose account is closed by
// himself in the browser that is returned.
func leaver(t *testing.T) (*recoverytest.World, *recoverytest.Person, *recoverytest.Browser) {
	t.Helper()
	w, _ := withFactor(t)
	b, p := w.Browser(), bob()
	w.InviteIn(b, p)
	w.Clock.Move(time.Minute)
	begin(w, b, p, recovery.KindDeleteAccount).Want("sign-in")
	if got := account(t, w, p.Name); got.State != recovery.StateLeaving || len(got.Sessions) > 0 {
		t.Fatalf("got %s with %d sessions", got.State, len(got.Sessions))
	}
	if w.SignedIn(b) {
		t.Fatal("still signed in")
	}
	return w, p, b
}

func pass(t *testing.T, w *recoverytest.World, d time.Duration) {
	t.Helper()
	w.Clock.Move(d)
	if err := w.Engine.RemoveDue(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// An account that its owner deletes is closed at once and gone after seven days, and
// its name is nobody else's for 400.
func TestDelete_GoneAfterSevenDays(t *testing.T) {
	t.Parallel()
	w, p, _ := leaver(t)
	id := account(t, w, p.Name).ID
	if pass(t, w, 7*24*time.Hour-time.Hour); account(t, w, p.Name).State != recovery.StateLeaving {
		t.Fatal("it went too early")
	}
	pass(t, w, 2*time.Hour)
	if _, err := w.Engine.Person(t.Context(), id); err == nil {
		t.Error("it is still there")
	}
	people, err := w.Engine.People(t.Context())
	if err != nil || len(people) != 1 {
		t.Errorf("roster: got %+v, %v", people, err)
	}
	w.Browser().Get("/").Submit("name", p.Name, "password", p.Password).Want("sign-in")
	w.Clock.Move(time.Hour)
	add := func(name, mail string) error {
		_, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: name, Mail: mail})
		return err
	}
	if err := add(strings.ToUpper(p.Name), ""); err == nil {
		t.Error("the name was given away")
	}
	if err := add("somebody", p.Mail); err != nil {
		t.Errorf("the address is not free: %v", err)
	}
	w.Clock.Move(401 * 24 * time.Hour)
	if err := add(p.Name, ""); err != nil {
		t.Errorf("the name after 401 days: %v", err)
	}
	for _, c := range carried(t, w) { // a backup has that it was there, and nothing else of it
		if c.Key == recovery.AccountKey(id) && strings.Contains(string(c.Value), p.Name) {
			t.Errorf("got %s", c.Value)
		}
	}
}

// Until then its owner, any notice or an administrator keeps it.
func TestDelete_IsUndone(t *testing.T) {
	t.Parallel()
	t.Run("by signing in", func(t *testing.T) {
		t.Parallel()
		w, p, b := leaver(t)
		b.Get("/").Submit("name", p.Name, "password", p.Password).Want("factor")
		if account(t, w, p.Name).State != recovery.StateLeaving {
			t.Error("the password alone keeps it")
		}
		b.Submit("code", secondCode(w, p))
		if !w.SignedIn(b) || account(t, w, p.Name).State != recovery.StateActive {
			t.Errorf("got %s", b.Text())
		}
		if pass(t, w, 8*24*time.Hour); account(t, w, p.Name).State != recovery.StateActive {
			t.Error("it went although its owner has kept it")
		}
		if len(notices(w, p.Mail, recovery.EventStayed)) == 0 {
			t.Error("nobody was told")
		}
	})
	t.Run("by a notice", func(t *testing.T) {
		t.Parallel()
		w, p, _ := leaver(t)
		list := notices(w, p.Mail, recovery.EventLeaving)
		if len(list) == 0 || list[0].Vars["stop"] == "" {
			t.Fatalf("got %d notices, want one with a link", len(list))
		}
		s := w.Browser().Follow(list[0].Vars["stop"]).Want("stop")
		s.Post("/.sparekey/stop", s.Hidden("")).Want("stop")
		if pass(t, w, 8*24*time.Hour); account(t, w, p.Name).State != recovery.StateFrozen {
			t.Errorf("got %s, want it closed by the notice, and kept", account(t, w, p.Name).State)
		}
	})
	t.Run("by an administrator", func(t *testing.T) {
		t.Parallel()
		w, p, _ := leaver(t)
		alice := account(t, w, "alice")
		if err := w.Engine.Manage(t.Context(), alice, account(t, w, p.Name).ID, recovery.ActionDisable, "to see"); err == nil {
			t.Error("an account that goes was disabled, which would keep it")
		}
		if err := w.Engine.Manage(t.Context(), alice, account(t, w, p.Name).ID, recovery.ActionEnable, "asked by phone"); err != nil {
			t.Fatal(err)
		}
		if pass(t, w, 8*24*time.Hour); account(t, w, p.Name).State != recovery.StateActive {
			t.Error("it went all the same")
		}
	})
}

// The last administrator stays, and so does whoever may change nothing.
func TestDelete_IsRefused(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	b := signIn(w, w.Browser(), alice)
	b.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindDeleteAccount)))
	if !strings.Contains(b.Text(), "only administrator") || account(t, w, alice.Name).State != recovery.StateActive {
		t.Errorf("the last administrator: got %s", b.Text())
	}
	p := bob()
	c := w.Browser()
	w.InviteIn(c, p)
	change(t, w, p.Name, func(a *recovery.Account) { a.Probation = w.Clock.Now().Add(time.Hour) })
	c.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindDeleteAccount))).Want("refused")
	if account(t, w, p.Name).State != recovery.StateActive {
		t.Error("on probation it was deleted")
	}
}

// A crash behind any write of the removal leaves an account that goes, or one that is
// gone, and the next minute does the rest.
func TestDelete_IsCutOff(t *testing.T) {
	t.Parallel()
	w, p, _ := leaver(t)
	id := account(t, w, p.Name).ID
	other := w.Node()
	pass(t, w, 8*24*time.Hour)
	if err := other.Engine.RemoveDue(t.Context()); err != nil {
		t.Errorf("another process, too: %v", err)
	}
	if _, err := other.Engine.BringBack(t.Context(), engine.BackOptions{ID: "x"}, each(nil)); err == nil {
		t.Error("a store with accounts takes a backup")
	}
	if _, err := w.Engine.Person(t.Context(), id); err == nil {
		t.Error("it is still there")
	}
}
