package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

const saysClosed = "this account is closed"

// Who gives the right password of an account that a notice has closed is told so
// and led to opening it. Nobody else is, and a pause comes before it.
func TestRule_AClosedAccountSaysSoToTheRightPassword(t *testing.T) {
	for _, kind := range accounts() {
		t.Run(kind.name, func(t *testing.T) {
			c := closeIt(t, kind, false, nil)
			at := func(password string) *recoverytest.Browser {
				return c.w.Browser().Get("/").Submit("name", "alice", "password", password)
			}
			b := at("wrong horse staple").Want("sign-in")
			if strings.Contains(b.Text(), saysClosed) {
				t.Error("a wrong password is told")
			}
			b = at(c.alice.Password).Want("sign-in")
			if !strings.Contains(b.Text(), saysClosed) || b.Status != 422 || b.Has("password") || !strings.Contains(b.Body, `<a class="main" href="/.sparekey/recover`) {
				t.Errorf("got status %d: %s, want to be told and led on", b.Status, b.Text())
			}
			if c.w.SignedIn(b) || b.Cookie("sparekey_session") != nil {
				t.Error("got a session")
			}
			if n := c.w.Events.Count(recovery.EventAlarm); n > 0 {
				t.Errorf("got %d alarms, want none", n)
			}
			for range 20 {
				at("wrong horse staple")
			}
			if b := at(c.alice.Password).Want("slow-down"); strings.Contains(b.Text(), saysClosed) {
				t.Error("told although nothing is looked at")
			}
		})
	}
}

// An account that is only shut for a while answers right and wrong passwords
// alike.
func TestRule_APausedAccountSaysNothingOfThePassword(t *testing.T) {
	w, alice, _ := lockedOut(t)
	right := w.Browser().Get("/").Submit("name", "alice", "password", alice.Password)
	wrong := w.Browser().Get("/").Submit("name", "alice", "password", "wrong horse staple")
	if got, want := normal(right, "alice"), normal(wrong, "alice"); got != want {
		t.Errorf("got\n%s\nwant as for a wrong one\n%s", got, want)
	}
	w.Clock.Move(2 * time.Hour)
	locked(t, w, alice, false)
}
