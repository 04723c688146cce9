package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// passkeyed is a world at localhost and somebody whose second factor is a passkey.
type passkeyed struct {
	*recoverytest.World
	alice *recoverytest.Person
	phone *recoverytest.Authenticator
}

// withPasskey sets the first account up with a passkey.
func withPasskey(t *testing.T, options ...recoverytest.Option) (*passkeyed, *recoverytest.Browser) {
	t.Helper()
	w := recoverytest.New(t, append([]recoverytest.Option{recoverytest.AtLocalhost()}, options...)...)
	k := &passkeyed{World: w, alice: recoverytest.Alice()}
	k.phone = k.authenticator()
	b := w.Browser()
	code, err := w.Engine.OpenSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.Get("/.sparekey/setup").Submit("code", code).Want("setup")
	b.Submit("name", k.alice.Name, "mail", k.alice.Mail, "phone", k.alice.Phone, "new_password", k.alice.Password)
	w.Confirm(b, k.alice)
	return k, k.makes(b, k.phone, "my phone")
}

func (k *passkeyed) authenticator() *recoverytest.Authenticator {
	return &recoverytest.Authenticator{TB: k.TB, Origin: k.Browser().Base}
}

// makes chooses a passkey, makes it, and keeps the codes where there are new ones.
func (k *passkeyed) makes(b *recoverytest.Browser, with *recoverytest.Authenticator, label string) *recoverytest.Browser {
	k.TB.Helper()
	b.Want("choice").Submit("method", recovery.Passkey).Want("enroll")
	if b.Passkey(with.Create(b.Ceremony()), "label", label); b.Page() == "account-sign-in" {
		return b
	}
	b.Want("codes")
	k.alice.Codes = strings.Fields(strings.Join(b.All("codes"), " "))
	return b.Submit("choice", "saved")
}

// password signs in as far as the second factor.
func (k *passkeyed) password(b *recoverytest.Browser) *recoverytest.Browser {
	k.TB.Helper()
	return b.Get("/.sparekey/login").Submit("name", k.alice.Name, "password", k.alice.Password).Want("factor")
}

func (k *passkeyed) rows() []method.OwnedPasskey {
	k.TB.Helper()
	a, err := k.Engine.Find(k.TB.Context(), k.alice.Name)
	if err != nil {
		k.TB.Fatal(err)
	}
	return method.Passkeys(a)
}

// TestPasskeyFromSetUpToRecovery is a life with passkeys: made at set-up, the second
// factor of a sign-in, shown for a change, beside an app, a proof of a recovery, and
// gone with the others when a recovery replaces them.
func TestPasskeyFromSetUpToRecovery(t *testing.T) {
	t.Parallel()
	k, b := withPasskey(t)
	if !k.SignedIn(b) {
		t.Fatalf("set-up ended at %q: %s", b.Page(), b.Text())
	}
	other := k.password(k.Browser())
	if !k.SignedIn(other.Passkey(k.phone.Get(other.Ceremony()))) {
		t.Fatalf("sign-in ended at %q: %s", other.Page(), other.Text())
	}
	if page := other.Get("/.sparekey/account/sign-in").Text(); !strings.Contains(page, "my phone") || !strings.Contains(page, "Last used on") {
		t.Errorf("the account page says %s", page)
	}
	other.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindAddFactor))).Want("factor")
	other.Passkey(k.phone.Get(other.Ceremony())).Want("choice").Submit("method", recovery.TOTP).Want("enroll")
	k.Enrol(other, k.alice)
	third := k.password(k.Browser())
	if third.Ceremony() == "" {
		t.Error("of both the passkey is asked first")
	}
	third.Get("/.sparekey/choose?f="+flowOf(third)).Want("choose").Submit("method", recovery.TOTP)
	if !k.SignedIn(third.Submit("code", recoverytest.TOTP(k.World, k.alice.Key))) {
		t.Errorf("the app signs in no more: %s", third.Text())
	}
	k.Clock.Move(time.Minute)

	lost := k.Browser()
	k.Ask(lost, k.alice)
	lost.Want("choice").Submit("choice", "password").Want("factor")
	lost.Passkey(k.phone.Get(lost.Ceremony())).Want("new-password")
	k.alice.Password = "battery staple horse"
	lost.Submit("new_password", k.alice.Password)

	k.Clock.Move(4 * 24 * time.Hour)
	laptop := k.authenticator()
	both := k.Browser()
	k.Ask(both, k.alice)
	both.Want("choice").Submit("choice", "both").Want("factor").Submit("code", k.alice.Codes[0]).Want("new-password")
	k.alice.Password = "horse staple battery"
	k.makes(both.Submit("new_password", k.alice.Password), laptop, "laptop")
	if rows := k.rows(); len(rows) != 1 || rows[0].Label != "laptop" {
		t.Errorf("got %d passkeys after the recovery, want the new one alone", len(rows))
	}
	last := k.password(k.Browser())
	if k.phone.Get(last.Ceremony()) != "" {
		t.Error("the old passkey is still asked for")
	}
	if !k.SignedIn(last.Passkey(laptop.Get(last.Ceremony()))) {
		t.Errorf("the new passkey does not sign in: %s", last.Text())
	}
}

// TestA47_PasskeysOfOthers: an answer for another flow, another person, or once
// more opens nothing, and the owner is not locked out by it.
func TestA47_PasskeysOfOthers(t *testing.T) {
	t.Parallel()
	k, first := withPasskey(t)
	refused := func(b *recoverytest.Browser, what string) {
		t.Helper()
		if b.Page() != "factor" || b.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: got page %q, status %d: %s", what, b.Page(), b.Status, b.Text())
		}
	}
	one, two := k.password(k.Browser()), k.password(k.Browser())
	answer := k.phone.Get(one.Ceremony())
	refused(two.Passkey(answer), "begun in one flow, finished in another")
	if !k.SignedIn(one.Passkey(answer)) {
		t.Fatalf("the answer was right: %s", one.Text())
	}
	replay := k.password(k.Browser())
	refused(replay.Passkey(answer), "once more")
	elsewhere := k.authenticator()
	elsewhere.Keys, elsewhere.Origin = k.phone.Keys, "http://localhost:1"
	wrong := k.password(k.Browser())
	refused(wrong.Passkey(elsewhere.Get(wrong.Ceremony())), "another origin")
	if !k.SignedIn(wrong.Passkey(k.phone.Get(wrong.Ceremony()))) {
		t.Errorf("not let in after a wrong answer: %s", wrong.Text())
	}

	robin := &recoverytest.Person{Name: "robin", Mail: "robin@example.org", Password: "staple battery horse"}
	k.Invite(robin)
	mine := k.authenticator()
	b := k.Browser()
	signIn(k.World, b, robin)
	k.Clock.Move(time.Minute)
	begin(k.World, b, robin, recovery.KindAddFactor)
	k.makes(b, mine, "robin's")
	for _, stolen := range mine.Keys {
		stolen.User = k.phone.Keys[0].User
	}
	theirs := k.password(k.Browser())
	own := k.authenticator()
	own.Keys = mine.Keys
	own.Keys[0].ID = k.phone.Keys[0].ID
	refused(theirs.Passkey(own.Get(theirs.Ceremony())), "robin's key for alice")
	if len(k.rows()) != 1 || !k.SignedIn(first) {
		t.Error("alice has lost something")
	}
}

// TestMF10_AChallengeThatIsOverIsMadeAnew, when the page asks for it as its script
// does.
func TestMF10_AChallengeThatIsOverIsMadeAnew(t *testing.T) {
	t.Parallel()
	k, b := withPasskey(t)
	at := k.password(k.Browser())
	late := k.phone.Get(at.Ceremony())
	k.Clock.Move(2 * time.Minute)
	if at.Passkey(late).Page() != "factor" || !strings.Contains(at.Text(), "two minutes") {
		t.Errorf("got %q: %s", at.Page(), at.Text())
	}
	if !k.SignedIn(at.Passkey(k.phone.Get(at.Again()))) {
		t.Errorf("not signed in with a new one: %s", at.Text())
	}

	b.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindAddFactor))).Want("factor")
	b.Passkey(k.phone.Get(b.Ceremony())).Want("choice").Submit("method", recovery.Passkey).Want("enroll")
	laptop := k.authenticator()
	made := laptop.Create(b.Ceremony())
	k.Clock.Move(2 * time.Minute)
	flow := flowOf(b)
	b.Passkey(made, "label", "laptop").Want("enroll")
	b.Passkey(laptop.Create(b.Again()), "label", "laptop").Want("account-sign-in")
	b.Post("/.sparekey/passkey", recoverytest.Fields("flow", flow))
	if b.Status != http.StatusConflict {
		t.Errorf("got status %d where no passkey is asked for", b.Status)
	}
}

// TestMF11_TheOwnerHearsOfACopy, which signs in no more.
func TestMF11_TheOwnerHearsOfACopy(t *testing.T) {
	t.Parallel()
	k, _ := withPasskey(t)
	k.phone.Keys[0].Next(7)
	first := k.password(k.Browser())
	if !k.SignedIn(first.Passkey(k.phone.Get(first.Ceremony()))) {
		t.Fatal(first.Text())
	}
	k.phone.Keys[0].Next(6)
	copied := k.password(k.Browser())
	copied.Passkey(k.phone.Get(copied.Ceremony()))
	if copied.Page() != "factor" || !strings.Contains(copied.Text(), "its counter went back") {
		t.Errorf("got %q: %s", copied.Page(), copied.Text())
	}
	if n := len(notices(k.World, k.alice.Mail, recovery.EventPasskeyCopied)); n != 1 {
		t.Errorf("got %d notices", n)
	}
	k.phone.Keys[0].Next(9)
	again := k.password(k.Browser())
	if again.Ceremony() != "" {
		t.Error("a passkey in doubt is asked for")
	}
	if !k.SignedIn(again.Submit("code", k.alice.Codes[0])) {
		t.Errorf("no way in beside the passkey: %s", again.Text())
	}
	if page := again.Get("/.sparekey/account/sign-in").Text(); !strings.Contains(page, "accepted any more") {
		t.Errorf("the account page says %s", page)
	}
}

// TestPasskeysNeedAnAddress: by plain http off localhost, and at an address without a
// name, people are asked for the app at once.
func TestPasskeysNeedAnAddress(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t) // at 127.0.0.1
	code, err := w.Engine.OpenSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	alice := recoverytest.Alice()
	b := w.Browser().Get("/.sparekey/setup").Submit("code", code).Submit("name", alice.Name, "new_password", alice.Password)
	if b.Page() != "enroll" || b.Ceremony() != "" {
		t.Errorf("got page %q", b.Page())
	}
}
