package web_test

import (
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestTrustEndsWithTheSessionsThatOthersEnd: whoever copied the cookie of a
// remembered browser signs in with the password alone until its session is ended
// from elsewhere, by its owner or by an administrator. Signing out on that
// browser keeps the trust.
func TestTrustEndsWithTheSessionsThatOthersEnd(t *testing.T) {
	manage := func(do ...recovery.Action) func(t *testing.T, w *recoverytest.World, seat *recoverytest.Browser) {
		return func(t *testing.T, w *recoverytest.World, _ *recoverytest.Browser) {
			t.Helper()
			boss := &recovery.Account{ID: "somebody else", State: recovery.StateActive, SecondFactor: true, Groups: []string{recovery.GroupAdmins}}
			for _, d := range do {
				if err := w.Engine.Manage(t.Context(), boss, account(t, w, "alice").ID, d, "lost laptop"); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	end := func(i int) func(t *testing.T, w *recoverytest.World, seat *recoverytest.Browser) {
		return func(t *testing.T, w *recoverytest.World, _ *recoverytest.Browser) {
			t.Helper()
			a := account(t, w, "alice")
			if err := w.Engine.EndSession(t.Context(), a.ID, a.Sessions[i].ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tc := range []struct {
		name string
		do   func(t *testing.T, w *recoverytest.World, seat *recoverytest.Browser)
		page string // on the remembered browser, after the password
	}{
		{"signed out there", func(_ *testing.T, _ *recoverytest.World, seat *recoverytest.Browser) {
			seat.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
		}, ""},
		{"its session ended from elsewhere", end(0), "factor"},
		{"another session ended", end(1), ""},
		{"signed out everywhere", func(_ *testing.T, _ *recoverytest.World, seat *recoverytest.Browser) {
			seat.Post("/.sparekey/logout", recoverytest.Fields("choice", "everywhere"))
		}, "factor"},
		{"signed out by an administrator", manage(recovery.ActionSignOut), "factor"},
		{"disabled and enabled", manage(recovery.ActionDisable, recovery.ActionEnable), "factor"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, alice := recoverytest.New(t), recoverytest.Alice()
			w.Setup(alice)
			change(t, w, "alice", func(a *recovery.Account) { a.Sessions = nil })
			seat := w.Browser()
			seat.Get("/.sparekey/login").Submit("name", alice.Name, "password", alice.Password).Want("factor").Submit("code", secondCode(w, alice), "remember", "1")
			enter(t, w, w.Browser(), alice)
			tc.do(t, w, seat)
			if seat.Get("/.sparekey/login").Submit("name", alice.Name, "password", alice.Password); seat.Page() != tc.page {
				t.Errorf("got page %q, want %q", seat.Page(), tc.page)
			}
		})
	}
}
