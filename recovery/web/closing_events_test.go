package web_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// What was refused, stopped, lifted or closed lets nobody in. Were there a link
// in the notice of it, whoever reads one mailbox could close the account by
// causing it.
func TestRule_OnlyWhatMayLetSomebodyInCarriesAClosingLink(t *testing.T) {
	for _, x := range []struct {
		event recovery.EventName
		cause func(t *testing.T, w *recoverytest.World, alice *recoverytest.Person)
	}{
		{recovery.EventUnlocked, func(_ *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			for range 30 {
				w.Browser().Get("/.sparekey/login").Submit("name", alice.Name, "password", "a wrong guess")
			}
			b := w.Browser()
			b.Get("/.sparekey/recover?choice=unlock").Want("recover").Submit("name", alice.Name).Want("sent").Submit("code", w.MailCode(alice)).Want("sign-in")
		}},
		{recovery.EventFactorFailed, func(_ *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			w.Browser().Get("/.sparekey/login").Submit("name", alice.Name, "password", alice.Password).Want("factor").Submit("code", "000000").Submit("code", "000001")
		}},
		{recovery.EventRefused, func(t *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			t.Helper()
			change(t, w, "alice", func(a *recovery.Account) {
				a.Credential(recovery.Password).NoProofUntil = w.Clock.Now().Add(time.Hour)
				a.Drop(recovery.RecoveryCode)
			})
			b := w.Browser()
			w.Ask(b, alice)
			b.Submit("choice", "second_factor")
		}},
		{recovery.EventFrozen, func(_ *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			signIn(w, w.Browser(), alice)
			signIn(w, w.Browser(), alice)
			pressStop(w, notices(w, alice.Mail, recovery.EventNewDevice)[0])
		}},
		{recovery.EventDisabled, func(t *testing.T, w *recoverytest.World, _ *recoverytest.Person) {
			t.Helper()
			boss := &recovery.Account{ID: "somebody else", State: recovery.StateActive, SecondFactor: true, Groups: []string{recovery.GroupAdmins}}
			if err := w.Engine.Manage(t.Context(), boss, account(t, w, "alice").ID, recovery.ActionDisable, "left the team"); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(string(x.event), func(t *testing.T) {
			w, alice := withFactor(t)
			x.cause(t, w, alice)
			list := notices(w, alice.Mail, x.event)
			if len(list) == 0 {
				t.Fatal("nobody is told")
			}
			for _, m := range list {
				if m.Vars["stop"] != "" {
					t.Error("the notice carries a link")
				}
			}
		})
	}
}

// Lifting a pause that is not there is told to nobody, and lifts it all the same.
func TestRule_NoPauseNoNotice(t *testing.T) {
	for name, wrong := range map[string]int{"no wrong password": 0, "two": 2, "too many": 9} {
		t.Run(name, func(t *testing.T) {
			w, alice := withFactor(t)
			for range wrong {
				w.Browser().Get("/.sparekey/login").Submit("name", alice.Name, "password", "a wrong guess")
			}
			b := w.Browser()
			b.Get("/.sparekey/recover?choice=unlock").Want("recover").Submit("name", alice.Name).Want("sent").Submit("code", w.MailCode(alice)).Want("sign-in")
			if got, want := len(notices(w, alice.Mail, recovery.EventUnlocked)) > 0, wrong > 5; got != want {
				t.Errorf("told %v, want %v", got, want)
			}
			enter(t, w, w.Browser(), alice)
		})
	}
}
