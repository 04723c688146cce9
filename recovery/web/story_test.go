package web_test

import (
	"testing"
	"time"

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
