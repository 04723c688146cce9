package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

func TestRule_ARecoveredPasswordIsNoFactorFor72Hours(t *testing.T) {
	for _, tc := range []struct {
		name    string
		after   time.Duration
		between func(t *testing.T, w *recoverytest.World, p *recoverytest.Person)
		want    bool
	}{
		{"at once", 0, nil, false},
		{"just before", 72*time.Hour - time.Second, nil, false},
		{"after 72 hours", 72 * time.Hour, nil, true},
		{"a full sign-in used it", time.Hour, func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
			t.Helper()
			enter(t, w, w.Browser(), p)
		}, true},
		{"a sign-in without the authenticator used it", time.Hour, func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
			t.Helper()
			b := w.Browser()
			b.Get("/").Submit("name", p.Name, "password", p.Password).Want("factor").Submit("method", "recovery_code").Submit("code", p.Codes[0])
			if !w.SignedIn(b) {
				t.Fatal("the recovery code does not sign in")
			}
		}, false},
		{"it was given, and no more", time.Hour, func(_ *testing.T, w *recoverytest.World, p *recoverytest.Person) {
			w.Browser().Get("/").Submit("name", p.Name, "password", p.Password).Want("factor")
		}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, alice := withFactor(t)
			alice.Password = "another horse battery"
			atNewPassword(t, w, alice).Submit("new_password", alice.Password).Want("sign-in")
			since := w.Clock.Now()
			if tc.between != nil {
				tc.between(t, w, alice)
			}
			change(t, w, "alice", func(a *recovery.Account) { a.Drop(recovery.RecoveryCode) }) // what would be enough without a password
			at(w, since.Add(tc.after))
			b := w.Browser()
			w.Ask(b, alice)
			if got := b.Want("choice").Offers("choice", "second_factor"); got != tc.want {
				t.Fatalf("second factor offered: got %v, want %v", got, tc.want)
			}
			hidden := b.Hidden("choice")
			hidden.Set("choice", "second_factor")
			if b.Post("/.sparekey/", hidden); (b.Status == 422) == tc.want {
				t.Errorf("second factor asked for: got status %d, page %q", b.Status, b.Page())
			}
		})
	}
	t.Run("password only: there is none to replace", func(t *testing.T) {
		w, alice := withoutFactor(t)
		b := w.Browser()
		w.Ask(b, alice)
		b.Want("new-password")
		hidden := b.Hidden("new_password")
		hidden.Set("choice", "second_factor")
		if b.Post("/.sparekey/", hidden); b.Page() == "enroll" || b.Status != 422 {
			t.Errorf("got page %q, status %d, want a refusal", b.Page(), b.Status)
		}
	})
}

func TestRule_OneCaseReplacesOneThing(t *testing.T) {
	password := func(a *recovery.Account) any { return a.Credential(recovery.Password).ID }
	factor := func(a *recovery.Account) any {
		if c := a.Credential(recovery.TOTP); c != nil {
			return c.ID
		}
		return ""
	}
	for _, tc := range []struct {
		name             string
		made             func(t *testing.T, options ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person)
		walk             func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser
		password, factor bool // replaced
	}{
		{"password", withFactor, atNewPassword, true, false},
		{"password, by somebody who has no factor", withoutFactor, func(_ *testing.T, w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
			b := w.Browser()
			w.Ask(b, p)
			return b.Want("new-password")
		}, true, false},
		{"second factor", withFactor, func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
			t.Helper()
			return atSMS(t, w, p).Submit("code", w.SMSCode(p)).TakeApp()
		}, false, true},
		{"both, by a way of both", withFactor, func(_ *testing.T, w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
			b := w.Browser()
			w.Ask(b, p)
			return b.Want("choice").Submit("choice", "both").Want("factor").Submit("code", p.Codes[0]).Want("new-password")
		}, true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, alice := tc.made(t)
			before := account(t, w, "alice")
			b := tc.walk(t, w, alice)
			for b.Page() != "sign-in" {
				b = renew(w, b, alice)
			}
			after := account(t, w, "alice")
			if got := password(before) != password(after); got != tc.password {
				t.Errorf("password replaced: got %v, want %v", got, tc.password)
			}
			if got := factor(before) != factor(after); got != tc.factor {
				t.Errorf("second factor replaced: got %v, want %v", got, tc.factor)
			}
			enter(t, w, w.Browser(), alice)
		})
	}
}

// renew answers a page of a recovery that makes something new, and on each
// tries to get the other thing changed with it.
func renew(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) *recoverytest.Browser {
	w.TB.Helper()
	switch b.Page() {
	case "new-password":
		p.Password = "yet another horse battery"
		return b.Submit("new_password", p.Password, "choice", "both", "code", "saved")
	case "enroll":
		hidden := b.Hidden("code")
		hidden.Set("new_password", "smuggled horse battery")
		hidden.Set("choice", "both")
		b.Post("/.sparekey/", hidden).TakeApp()
		w.Enrol(b, p)
		return b
	}
	w.TB.Fatalf("got page %q, want one that makes something new\n%s", b.Page(), b.Text())
	return b
}

func TestA37_ANewPasswordDoesNotReplaceTheSecondFactor(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := atNewPassword(t, w, alice)
	b.Submit("new_password", "another horse battery").Want("sign-in")
	if w.SignedIn(b) {
		t.Fatal("recovering the password signed in")
	}
	b.Get("/").Submit("name", "alice", "password", "another horse battery").Want("factor")
	w.Clock.Move(time.Minute)
	b.Submit("code", recoverytest.TOTP(w, alice.Key))
	if b.Status != 200 || !strings.Contains(b.Body, `"Remote-User":["alice"]`) {
		t.Errorf("old authenticator with new password: got status %d", b.Status)
	}
}

func TestA38_ARecoveredPasswordProvesNothingForTheSecondFactor(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	atNewPassword(t, w, alice).Submit("new_password", "another horse battery").Want("sign-in")
	alice.Password = "another horse battery"
	w.Clock.Move(time.Hour)
	b := w.Browser()
	w.Ask(b, alice)
	b.Want("choice").Submit("choice", "second_factor").Want("factor")
	if b.Has("password") || !strings.Contains(b.Text(), "recovery code") {
		t.Errorf("with codes left: got %q, want to be asked for a recovery code", b.Text())
	}
	w.Clock.Move(time.Hour) // mails are counted
	change(t, w, "alice", func(a *recovery.Account) { a.Drop(recovery.RecoveryCode) })
	w.Ask(b, alice)
	b.Want("choice")
	if b.Offers("choice", "second_factor") {
		t.Error("the page offers what cannot be walked")
	}
	told := len(w.Outbox.To(alice.Mail, "notice"))
	hidden := b.Hidden("choice")
	hidden.Set("choice", "second_factor")
	b.Post("/.sparekey/", hidden)
	if b.Status != 422 {
		t.Errorf("got status %d, want 422", b.Status)
	}
	if got := len(w.Outbox.To(alice.Mail, "notice")); got != told+1 {
		t.Errorf("got %d notices, want one more than %d", got, told)
	}
	for _, tc := range []struct {
		name string
		wait time.Duration
		want bool
	}{{"just before 72 h", 69 * time.Hour, false}, {"after 72 h", 3 * time.Hour, true}} {
		w.Clock.Move(tc.wait)
		b := w.Browser()
		w.Ask(b, alice)
		if got := b.Offers("choice", "second_factor"); got != tc.want {
			t.Errorf("%s: offered %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestMF03_AFullSignInEndsTheBan(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	atNewPassword(t, w, alice).Submit("new_password", "another horse battery").Want("sign-in")
	alice.Password = "another horse battery"
	w.SignIn(w.Browser(), alice, "/")
	w.Clock.Move(time.Hour)
	w.LostPhone(w.Browser(), alice)
}

func TestA42_EverythingOldIsGoneAfterwards(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	session := w.Browser()
	trusting(w, session, alice)
	old := *alice
	b := w.Browser()
	w.LostPhone(b, alice)
	if w.SignedIn(session) {
		t.Error("an old session still works")
	}
	session.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor") // the browser was remembered
	w.Clock.Move(time.Minute)
	session.Submit("code", recoverytest.TOTP(w, old.Key)).Want("factor")
	session.Submit("method", "recovery_code").Want("factor").Submit("code", old.Codes[3]).Want("factor")
	if old.Codes[0] == alice.Codes[0] {
		t.Error("the recovery codes are the old ones")
	}
	session.Submit("code", alice.Codes[0])
	if session.Status != 200 || session.Page() != "" {
		t.Errorf("a new recovery code: got status %d, page %q", session.Status, session.Page())
	}
	if n := len(w.Outbox.To(alice.Mail, "notice")); n == 0 {
		t.Error("nobody was told")
	}
}
