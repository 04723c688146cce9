package web_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// The cells of ATTACKERS.md that say "nothing", or little.

// wantUntold fails when a page says something of somebody, in full or masked.
func wantUntold(t *testing.T, b *recoverytest.Browser, p *recoverytest.Person) {
	t.Helper()
	told := strings.ToLower(b.Text())
	for _, secret := range []string{p.Name, p.Mail, recovery.Mask(p.Mail), p.Phone, recovery.Mask(p.Phone)} {
		if strings.Contains(told, strings.ToLower(secret)) {
			t.Errorf("page %q says %q:\n%s", b.Page(), secret, b.Text())
		}
	}
}

// wantSignsIn has the owner sign in in a browser that nobody knows.
func wantSignsIn(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
	t.Helper()
	if !w.SignedIn(newBrowser(w, p)) {
		t.Error("the owner does not get in on a new browser")
	}
}

func TestWhoHasThePasswordLearnsThatItIsRight(t *testing.T) {
	t.Parallel()
	w, alice, _ := aliceAtHome(t)
	b := w.Browser()
	b.Get("/").Submit("name", "alice", "password", "wrong horse staple").Want("sign-in")
	b.Submit("name", "alice", "password", alice.Password).Want("factor")
	wantUntold(t, b, alice)
}

// A code of the authenticator is asked for after another proof only, so it can
// neither be tried nor used up without one.
func TestWhoHasTheAuthenticatorAloneGetsNowhere(t *testing.T) {
	t.Parallel()
	w, alice, _ := aliceAtHome(t)
	for _, r := range recovery.Recipes() {
		fields := func(code string) *recoverytest.Browser {
			return w.Browser().Post("/.sparekey/", recoverytest.Fields("start", string(r.Kind), "name", "alice", "method", "totp", "code", code))
		}
		right, wrong := fields(recoverytest.TOTP(w, alice.Key)), fields(wrongCodes(1, recoverytest.TOTP(w, alice.Key))[0])
		if got, want := normal(right, "alice"), normal(wrong, "alice"); right.Page() != wrong.Page() || got != want {
			t.Errorf("%s: a right code gets\n%s\nand a wrong one\n%s", r.Kind, got, want)
		}
		if w.SignedIn(right) {
			t.Errorf("%s: signed in", r.Kind)
		}
		w.Clock.Move(20 * time.Minute) // wrong links of one network wait, whatever they are for
	}
	wantSignsIn(t, w, alice)
}

func TestWhoHasThePaperLearnsNothing(t *testing.T) {
	t.Parallel()
	w, alice, _ := aliceAtHome(t)
	b := w.Browser()
	w.Ask(b, alice)
	b = w.Browser()
	b.Get("/.sparekey/recover").Submit("name", "alice").Want("sent").Submit("method", "recovery_code").Want("factor").Submit("code", alice.Codes[0])
	page := strings.ReplaceAll(b.Want("choice").Text(), alice.Name, "") // which was typed
	for _, secret := range []string{alice.Mail, recovery.Mask(alice.Mail), alice.Phone, recovery.Mask(alice.Phone)} {
		if strings.Contains(page, secret) {
			t.Errorf("page %q says %q", b.Page(), secret)
		}
	}
}

// Whom somebody else ends the sessions of signs in again.
func TestWhoSitsBeforeASignedInBrowserSeesMaskedAddressesAndEndsItsOwnSession(t *testing.T) {
	t.Parallel()
	w, alice, known := aliceAtHome(t)
	b := w.Browser()
	w.Clock.Move(time.Minute)
	w.SignIn(b, alice, "/")
	w.Clock.Move(time.Minute)
	w.SignIn(known, alice, "/")
	b.Get("/.sparekey/account").Want("account")
	for _, secret := range []string{alice.Mail, alice.Phone} {
		if strings.Contains(b.Text(), secret) {
			t.Errorf("the account page says %q", secret)
		}
	}
	w.Clock.Move(11 * time.Minute) // since the sign-in
	b.Post("/.sparekey/logout", recoverytest.Fields("choice", "everywhere")).Want("factor")
	b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	if !w.SignedIn(known) {
		t.Error("the other browser is not signed in any more")
	}
	wantSignsIn(t, w, alice)
}

func TestWhoCopiedARememberedBrowserLearnsNothing(t *testing.T) {
	t.Parallel()
	w, alice, _ := aliceAtHome(t)
	w.Clock.Move(time.Minute)
	b := w.Browser()
	b.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor").Submit("code", recoverytest.TOTP(w, alice.Key), "remember", "1")
	b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	for _, path := range []string{"/", "/.sparekey/login", "/.sparekey/recover", "/.sparekey/account", "/.sparekey/people"} {
		wantUntold(t, b.Get(path), alice)
	}
}

func TestAMemberKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	o := newAdminWorld(t)
	o.Clock.Move(time.Minute)
	b := o.Browser()
	o.SignIn(b, o.robin, "/")
	alice := accountOf(o, "alice")
	for _, choice := range []string{"disable", "sign_out", "unlock", "enable", "remove", "correct_mail"} {
		b.Post("/.sparekey/people/"+alice.ID, recoverytest.Fields("choice", choice, "reason", "because", "mail", "mallory@example.org"))
		if got := accountOf(o, "alice"); got.State != alice.State || got.Generation != alice.Generation || len(got.Addresses) != len(alice.Addresses) {
			t.Errorf("%s by a member: the account was changed (page %q)", choice, b.Page())
		}
	}
	if !o.SignedIn(o.adminBrowser) {
		t.Error("the administrator was signed out by a member")
	}
}

// What stands in the store is sealed, and keys are named by a MAC.
func TestWhoReadsTheStoreSeesSizesAndTimes(t *testing.T) {
	t.Parallel()
	w, alice, _ := aliceAtHome(t)
	w.Ask(w.Browser(), alice)
	keys, err := w.Driver.Keys(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	secrets := append([]string{alice.Name, alice.Mail, alice.Phone, alice.Password, alice.Key, "127.0.0.1", "totp", "recovery_code"}, alice.Codes...)
	for _, key := range keys {
		value, err := w.Driver.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if i := slices.IndexFunc(secrets, func(s string) bool {
			return strings.Contains(key, s) || bytes.Contains(value, []byte(s))
		}); i >= 0 {
			t.Errorf("record %s holds %q in the clear", key, secrets[i])
		}
	}
	if len(keys) < 5 {
		t.Errorf("got %d records, want those of an account, its name, sessions and flows", len(keys))
	}
}
