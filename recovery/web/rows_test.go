package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// guess has strangers type n wrong passwords for alice, from many addresses.
func guess(t *testing.T, w *recoverytest.World, n int) {
	t.Helper()
	for i := range n {
		_, err := w.Engine.Submit(t.Context(), recovery.Client{Network: fmt.Sprintf("198.51.%d.%d", i/5/250, i/5%250)}, recovery.Input{
			Start: recovery.KindLogin, Name: "alice", Password: "wrong horse staple",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// guessCodes has somebody with alice's password try n codes in browsers that
// nobody knows, as fast as the hourly limit lets them.
func guessCodes(t *testing.T, w *recoverytest.World, p *recoverytest.Person, n int) {
	t.Helper()
	for i := range n {
		if i%10 == 0 {
			w.Clock.Move(time.Hour)
		}
		b := w.Browser()
		b.Get("/").Submit("name", p.Name, "password", p.Password).Want("factor")
		b.Submit("code", wrongCodes(1, recoverytest.TOTP(w, p.Key))[0]).Want("factor")
	}
	w.Clock.Move(time.Hour)
}

// newBrowser signs in in a browser that nobody knows, and returns the page
// where that ends.
func newBrowser(w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
	w.TB.Helper()
	b := w.Browser()
	b.Get("/").Submit("name", p.Name, "password", p.Password)
	if b.Page() == "factor" {
		w.Clock.Move(time.Minute)
		b.Submit("code", recoverytest.TOTP(w, p.Key))
	}
	return b
}

// aliceAtHome is alice with a browser of hers, signed out.
func aliceAtHome(t *testing.T, options ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person, *recoverytest.Browser) {
	t.Helper()
	w := recoverytest.New(t, options...)
	alice, known := recoverytest.Alice(), w.Browser()
	w.Setup(alice)
	w.SignIn(known, alice, "/")
	known.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	return w, alice, known
}

// TH-01: guesses spread over days in which alice signs in are no row.
func TestTH01_ASignInEndsTheRowOfThePassword(t *testing.T) {
	w, alice, known := aliceAtHome(t)
	guess(t, w, 100)
	locked(t, w, alice, true)
	w.SignIn(known, alice, "/")
	locked(t, w, alice, false)
	guess(t, w, 99)
	locked(t, w, alice, false)
}

// AD-03: what lifts the pause ends the row of the password too, and says that it
// does not end the one of codes.
func TestUnlockEndsTheRowOfThePasswordAndNoOther(t *testing.T) {
	t.Parallel()
	recoverytest.Alone(t)
	byMail := func(w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
		b := w.Browser()
		b.Get("/.sparekey/recover?choice=unlock").Submit("name", p.Name).Want("sent")
		return b.Submit("code", w.MailCode(p)).Want("sign-in")
	}
	byAdministrator := func(w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
		boss, b := bob(), w.Browser()
		w.Invite(boss)
		change(t, w, boss.Name, func(a *recovery.Account) { a.Groups = []string{recovery.GroupAdmins} })
		w.SignIn(b, boss, "/")
		path := "/.sparekey/people/" + account(t, w, p.Name).ID
		return b.Get(path).Want("person").Post(path, recoverytest.Fields("choice", "unlock", "reason", "asked me in person")).Want("person")
	}
	for name, unlock := range map[string]func(*recoverytest.World, *recoverytest.Person) *recoverytest.Browser{
		"by mail": byMail, "by an administrator": byAdministrator,
	} {
		t.Run(name, func(t *testing.T) {
			w, alice, _ := aliceAtHome(t)
			guess(t, w, 100)
			locked(t, w, alice, true)
			if text := unlock(w, alice).Text(); strings.Contains(text, "new password") {
				t.Errorf("got %q, want nothing said of codes", text)
			}
			locked(t, w, alice, false)

			w, alice, _ = aliceAtHome(t)
			guessCodes(t, w, alice, 100)
			newBrowser(w, alice).Want("slow-down")
			if text := unlock(w, alice).Text(); !strings.Contains(text, "new password") {
				t.Errorf("got %q, want to be told that codes stay paused", text)
			}
			newBrowser(w, alice).Want("slow-down")
		})
	}
}

// The row of codes, which only somebody with the password can fill, is not ended
// by a sign-in; her next page leads to what ends it.
func TestTheRowOfCodesEndsWithANewPassword(t *testing.T) {
	t.Parallel()
	w, alice, known := aliceAtHome(t)
	guessCodes(t, w, alice, 100)
	newBrowser(w, alice).Want("slow-down")
	known.Get("/").Submit("name", alice.Name, "password", alice.Password).Want("factor")
	known.Submit("code", recoverytest.TOTP(w, alice.Key)).Want("account")
	if !strings.Contains(known.Text(), "has tried 100 codes") {
		t.Errorf("got %q, want to be told of 100 codes", known.Text())
	}
	newBrowser(w, alice).Want("slow-down")

	w.Clock.Move(time.Minute)
	known.Post("/.sparekey/", recoverytest.Fields("start", "change_password")).Want("factor").Submit("password", alice.Password).Want("factor")
	alice.Password = "another horse battery"
	known.Submit("code", recoverytest.TOTP(w, alice.Key)).Want("new-password").Submit("new_password", alice.Password).Want("account-sign-in")
	if strings.Contains(known.Text(), "has tried") {
		t.Errorf("got %q, want no more of it", known.Text())
	}
	if b := newBrowser(w, alice); !w.SignedIn(b) {
		t.Errorf("got page %q in a new browser, want to be signed in", b.Page())
	}
}

// Her own typing errors in new browsers do not add up: a sign-in takes back the
// tries of its flow, and leaves those of others.
func TestOwnTypingErrorsAreNoRow(t *testing.T) {
	w, alice, _ := aliceAtHome(t, recoverytest.WithPolicy(func(p *recovery.Policy) { p.Limits.Consecutive = 8 }))
	guessCodes(t, w, alice, 3)
	for range 6 {
		w.Clock.Move(time.Hour)
		b := w.Browser()
		b.Get("/").Submit("name", alice.Name, "password", alice.Password).Want("factor")
		for range 4 {
			b.Submit("code", wrongCodes(1, recoverytest.TOTP(w, alice.Key))[0]).Want("factor")
		}
		w.Clock.Move(time.Minute)
		if b.Submit("code", recoverytest.TOTP(w, alice.Key)); !w.SignedIn(b) {
			t.Fatalf("got page %q, want to be signed in", b.Page())
		}
	}
	guessCodes(t, w, alice, 5)
	newBrowser(w, alice).Want("slow-down")
}

// A remembered browser in which the tries are used up asks for the second factor
// again. It stays known: strangers are still counted apart.
func TestARememberedBrowserWhoseTriesAreUsedUpLosesItsTrust(t *testing.T) {
	w := recoverytest.New(t)
	alice, known := recoverytest.Alice(), w.Browser()
	w.Setup(alice)
	known.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor")
	known.Submit("code", recoverytest.TOTP(w, alice.Key), "remember", "1")
	leave := func() { known.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out") }
	enter := func() string {
		known.Get("/").Submit("name", "alice", "password", alice.Password)
		return known.Page()
	}
	leave()
	guess(t, w, 100) // strangers without its cookie take nothing from it
	if page := enter(); page != "" || !w.SignedIn(known) {
		t.Fatalf("got page %q, want to be signed in without a second factor", page)
	}
	leave()
	for range 5 {
		known.Get("/").Submit("name", "alice", "password", "wrong horse staple").Want("sign-in")
	}
	known.Get("/").Submit("name", "alice", "password", "wrong horse staple").Want("slow-down")
	w.Clock.Move(time.Hour)
	if page := enter(); page != "factor" {
		t.Fatalf("got page %q, want the second factor", page)
	}
	w.Clock.Move(time.Minute)
	known.Submit("code", recoverytest.TOTP(w, alice.Key))
	leave()
	guess(t, w, 100)
	if page := enter(); page != "factor" {
		t.Errorf("got page %q, want a known browser to be looked at", page)
	}
}
