package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

func TestLostPhone(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	b := w.Browser()
	b.Get("/album?id=7").Want("setup")
	w.Setup(alice)
	w.SignIn(b, alice, "/album?id=7")
	b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	if w.SignedIn(b) {
		t.Fatal("signed out, but a request reached the app")
	}
	old := *alice
	w.LostPhone(b, alice)
	w.SignIn(b, alice, "/album?id=7")
	other := w.Browser()
	other.Get("/").Want("sign-in").Submit("name", old.Name, "password", old.Password).Want("factor")
	w.Clock.Move(time.Minute)
	other.Submit("code", recoverytest.TOTP(w, old.Key)).Want("factor")
	if other.Status != 422 {
		t.Errorf("old authenticator: got status %d, want 422", other.Status)
	}
}

func TestLostPassword(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b, signedIn := w.Browser(), w.Browser()
	w.SignIn(signedIn, alice, "/")
	w.Ask(b, alice)
	b.Want("choice").Submit("choice", "password").Want("factor")
	w.Clock.Move(time.Minute)
	b.Submit("code", recoverytest.TOTP(w, alice.Key)).Want("new-password")
	alice.Password = "another horse battery"
	b.Submit("new_password", alice.Password).Want("sign-in")
	if w.SignedIn(signedIn) {
		t.Error("a session survived the recovery of the password")
	}
	w.SignIn(b, alice, "/")
}

func TestChangePasswordReplacesEveryOtherSignIn(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	here, there := w.Browser(), w.Browser()
	w.SignIn(there, alice, "/")
	w.SignIn(here, alice, "/")
	here.Get("/.sparekey/account").Want("account").Post("/.sparekey/", recoverytest.Fields("start", "change_password")).Want("factor")
	here.Submit("password", alice.Password).Want("factor")
	w.Clock.Move(time.Minute)
	here.Submit("code", recoverytest.TOTP(w, alice.Key)).Want("new-password")
	here.Submit("new_password", "another horse battery").Want("account-sign-in")
	if !w.SignedIn(here) {
		t.Error("the browser that changed the password was signed out")
	}
	if w.SignedIn(there) {
		t.Error("another sign-in survived the change")
	}
	if n := len(w.Outbox.To(alice.Mail, "notice")); n == 0 {
		t.Error("nobody was told")
	}
}

func TestSwitchedOffWaysAreNotOffered(t *testing.T) {
	off := func(goals ...recovery.Goal) recoverytest.Option {
		return recoverytest.WithPolicy(func(p *recovery.Policy) {
			for _, g := range goals {
				p.Ways[g] = nil
			}
		})
	}
	t.Run("second factor off", func(t *testing.T) {
		w := recoverytest.New(t, off(recovery.GoalSecondFactor, recovery.GoalBoth))
		alice := recoverytest.Alice()
		w.Setup(alice)
		b := w.Browser()
		w.Ask(b, alice)
		b.Want("factor") // only the password is left, so nothing is asked
		hidden := b.Hidden("code")
		hidden.Set("choice", "second_factor")
		if b.Post("/.sparekey/", hidden); b.Page() == "enroll" || b.Status < 400 {
			t.Errorf("got page %q, status %d", b.Page(), b.Status)
		}
	})
	t.Run("everything off", func(t *testing.T) {
		w := recoverytest.New(t, off(recovery.GoalPassword, recovery.GoalSecondFactor, recovery.GoalBoth))
		w.Setup(recoverytest.Alice())
		b := w.Browser()
		if b.Get("/"); strings.Contains(b.Body, "/.sparekey/recover") {
			t.Error("the sign-in page leads to a way back that is switched off")
		}
		b.Post("/.sparekey/", recoverytest.Fields("start", "recover", "name", "alice")).Want("refused")
		if n := len(w.Outbox.All()); n != 0 {
			t.Errorf("got %d messages, want none", n)
		}
	})
	t.Run("nothing can be sent", func(t *testing.T) {
		w := recoverytest.New(t, recoverytest.WithChannels())
		alice := &recoverytest.Person{Name: "alice", Password: "correct horse staple"}
		w.Setup(alice)
		b := w.Browser()
		b.Get("/.sparekey/recover").Submit("name", "alice").Want("factor").Submit("code", alice.Codes[0])
		b.Want("factor").Submit("password", alice.Password).TakeApp()
		w.Enrol(b, alice)
		w.SignIn(b.Want("sign-in"), alice, "/")
	})
}
