package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestWB06_SigningOutLeadsToAPage that can be loaded again, and has the browser
// forget what it keeps. The page says nothing of somebody who is signed in.
func TestWB06_SigningOutLeadsToAPage(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	b.Get("/.sparekey/logout").Want("account")
	b.NoFollow().Post("/.sparekey/logout", recoverytest.Fields("lang", "fr"))
	if got := b.Answer.Get("Location"); b.Status != 303 || got != "/.sparekey/logout?lang=fr" || b.Answer.Get("Clear-Site-Data") != `"cache"` {
		t.Errorf("got status %d to %q, Clear-Site-Data %q", b.Status, got, b.Answer.Get("Clear-Site-Data"))
	}
	if b.Get("/.sparekey/logout").Want("signed-out"); b.Status != 200 {
		t.Errorf("the page: got status %d, want 200", b.Status)
	}
	if w.SignedIn(b) {
		t.Error("still signed in")
	}
}

// Who is signed in and comes to the sign-in on the way to a page goes on to it.
func TestSignInOfSomebodySignedIn(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	b := w.Browser()
	b.Get("/.sparekey/login?return=%2Falbum%3Fid%3D7").Want("sign-in")
	w.SignIn(b, alice, "/")
	for target, want := range map[string]string{"/album?id=7": "/album?id=7", "//evil.example": "/", "/.sparekey/people": "/.sparekey/people"} {
		if b.Get("/.sparekey/login?return=" + url.QueryEscape(target)); b.URL.RequestURI() != want {
			t.Errorf("return %q: got %s, want %s", target, b.URL.RequestURI(), want)
		}
	}
	b.Get("/.sparekey/login").Want("sign-in") // as somebody else
}

// Back to a page of a flow that has finished, and its form sent twice, say that it
// is finished, and lead on.
func TestBackAfterAFinishedFlow(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	b := w.Browser()
	b.Get("/album").Submit("name", alice.Name, "password", alice.Password).Want("factor")
	signIn, form := b.URL.RequestURI(), b.Hidden("code")
	form.Set("code", secondCode(w, alice))
	b.Submit("code", form.Get("code"))
	second := w.Browser() // as a second press is sent: with the cookies of before
	finished := func(name string, b *recoverytest.Browser, leads string) {
		t.Helper()
		if b.Want("refused"); b.Status != 200 || b.Find("problem") != "" || !strings.Contains(b.Text(), "This is finished") || !strings.Contains(b.Body, `href="`+leads+`"`) {
			t.Errorf("%s: got status %d and %s, want to read that it is finished and %s", name, b.Status, b.Text(), leads)
		}
	}
	finished("back", b.Get(signIn), "/album")
	finished("sent twice", second.Post("/.sparekey/", form), "/.sparekey/login?return=%2Falbum")
	b.Post("/.sparekey/", recoverytest.Fields("start", "change_password")).Want("factor").Submit("password", alice.Password)
	b.Want("factor").Submit("code", secondCode(w, alice)).Want("new-password")
	step := b.URL.RequestURI()
	finished("another way", b.Get(strings.Replace(signIn, "/?", "/choose?", 1)), "/album")
	b.Get(step).Submit("new_password", "staple battery horse").Want("account-sign-in")
	finished("a change", b.Get(step), "/")
}
