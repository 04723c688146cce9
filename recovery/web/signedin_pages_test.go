package web_test

import (
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// A page that there is not leads people who are signed in back to the app and
// to their account, everybody else to the sign-in.
func TestNotFoundKnowsWhoIsSignedIn(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	in, ended, out := w.Browser(), w.Browser(), w.Browser()
	w.SignIn(in, robin, "/")
	w.SignIn(ended, robin, "/")
	cookie := ended.Cookie("sparekey")
	ended.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	ended.Header.Set("Cookie", cookie.Name+"="+cookie.Value)
	for _, path := range []string{"/.sparekey/nothing", "/.sparekey/people", "/.sparekey/?f=gone"} {
		in.Get(path).Want("refused")
		if got := in.Text(); !strings.Contains(got, "Back to Photos") || !strings.Contains(got, "Go to my account") || strings.Contains(got, "Return to sign-in") {
			t.Errorf("%s, signed in: got %q", path, got)
		}
		if path == "/.sparekey/people" {
			continue // leads to the sign-in
		}
		for name, b := range map[string]*recoverytest.Browser{"signed out": ended, "never here": out} {
			b.Get(path).Want("refused")
			if got := b.Text(); strings.Contains(got, "Back to Photos") || !strings.Contains(got, "Return to sign-in") {
				t.Errorf("%s, %s: got %q", path, name, got)
			}
		}
	}
	in.Post("/.sparekey/", recoverytest.Fields("flow", "gone", "code", "1")).Want("refused")
	if got := in.Text(); !strings.Contains(got, "Go to my account") {
		t.Errorf("a form too late: got %q", got)
	}
}

// Browsers are named in the language of the page.
func TestSessionsAreNamedInTheReadersLanguage(t *testing.T) {
	w := recoverytest.New(t)
	alice, b := recoverytest.Alice(), w.Browser()
	w.Setup(alice)
	w.SignIn(b, alice, "/")
	for lang, want := range map[string]string{"en": "Firefox on Linux", "fr": "Firefox sur Linux"} {
		if got := b.Get("/.sparekey/account/devices?lang=" + lang).Want("account-devices").Text(); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", lang, got, want)
		}
	}
}
