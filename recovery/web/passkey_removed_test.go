package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// adds makes one passkey more in a session, showing one that is there.
func (k *passkeyed) adds(b *recoverytest.Browser, with *recoverytest.Authenticator, label string) {
	k.TB.Helper()
	b.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindAddFactor))).Want("factor")
	k.makes(b.Passkey(k.phone.Get(b.Ceremony())), with, label)
}

// drops begins to take a passkey off.
func (k *passkeyed) drops(b *recoverytest.Browser, label string, more ...string) *recoverytest.Browser {
	k.TB.Helper()
	id := ""
	for _, p := range k.rows() {
		if p.Label == label {
			id = p.ID
		}
	}
	return b.Post("/.sparekey/", recoverytest.Fields(append([]string{"start", string(recovery.KindDropOne), "choice", id}, more...)...))
}

// TestALostPasskeyIsRemoved with another one, which ends the trust in browsers and
// all other sign-ins: who has found it may be signed in with it. It does not come
// back; one that was not lost does, by the link of the notice, and ends none.
func TestALostPasskeyIsRemoved(t *testing.T) {
	t.Parallel()
	k, b := withPasskey(t)
	laptop, key := k.authenticator(), k.authenticator()
	k.adds(b, laptop, "laptop")
	k.adds(b, key, "key")
	trusting := k.password(k.Browser())
	trusting.Passkey(k.phone.Get(trusting.Ceremony()), "remember", "1")
	found := k.password(k.Browser())
	found.Passkey(laptop.Get(found.Ceremony()))
	if !k.SignedIn(trusting) || !k.SignedIn(found) {
		t.Fatal(trusting.Text(), found.Text())
	}
	if got := k.drops(b, "laptop", "reason", recovery.ReasonLost).Want("factor"); got.Ceremony() == "" {
		t.Fatal("another passkey is not asked for")
	}
	b.Passkey(key.Get(b.Ceremony())).Want("account-sign-in")
	if k.SignedIn(found) {
		t.Error("who has found the laptop is signed in still")
	}
	other := k.password(k.Browser())
	other.Passkey(k.phone.Get(other.Ceremony()))
	k.drops(b, "key").Want("factor").Passkey(k.phone.Get(b.Ceremony())).Want("account-sign-in")
	if !k.SignedIn(other) {
		t.Error("a passkey that was not lost ended a sign-in")
	}
	if rows := k.rows(); len(rows) != 1 || rows[0].Label != "my phone" {
		t.Fatalf("got %d passkeys, want the phone's", len(rows))
	}
	trusting.Get("/.sparekey/login")
	if trusting.Submit("name", k.alice.Name, "password", k.alice.Password); trusting.Page() != "factor" {
		t.Errorf("a trusted browser is trusted still: %q", trusting.Page())
	}
	told := notices(k.World, k.alice.Mail, recovery.EventOneRemoved)
	if len(told) != 2 || !strings.Contains(told[0].Vars["key"], "laptop") {
		t.Fatalf("got %d notices, the first %v", len(told), told)
	}
	k.Browser().Follow(told[1].Vars["stop"]).Submit("choice", "only")
	if rows := k.rows(); len(rows) != 2 || rows[1].Label != "key" {
		t.Errorf("got %d passkeys, want that of the key to be back, and the lost one not", len(rows))
	}
}

// TestTheLastSecondFactorStays: it is not taken off like one of several.
func TestTheLastSecondFactorStays(t *testing.T) {
	t.Parallel()
	k, b := withPasskey(t)
	if page := b.Get("/.sparekey/account/sign-in"); page.Has("reason") {
		t.Error("the page offers it")
	}
	if k.drops(b, "my phone"); b.Page() != "refused" || !strings.Contains(b.Text(), "nothing would be left") {
		t.Errorf("got %q: %s", b.Page(), b.Text())
	}
	b.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindDropOne), "choice", "somebody else's"))
	if b.Page() != "refused" || len(k.rows()) != 1 {
		t.Errorf("got %q, %d passkeys", b.Page(), len(k.rows()))
	}
}

// TestMF11_ADoubtedPasskeyIsTakenAgain when its owner says so with another proof. It
// is no proof for that itself.
func TestMF11_ADoubtedPasskeyIsTakenAgain(t *testing.T) {
	t.Parallel()
	k, b := withPasskey(t)
	laptop := k.authenticator()
	k.adds(b, laptop, "laptop")
	for _, n := range []uint32{7, 6} {
		k.phone.Keys[0].Next(n)
		at := k.password(k.Browser())
		at.Passkey(k.phone.Get(at.Ceremony()))
	}
	id := k.rows()[0].ID
	b.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindTakeOne), "choice", id)).Want("factor")
	k.phone.Keys[0].Next(8)
	if b.Passkey(k.phone.Get(b.Ceremony())); b.Page() != "factor" {
		t.Fatalf("a doubted passkey vouches for itself: %q", b.Page())
	}
	b.Passkey(laptop.Get(b.Ceremony())).Want("account-sign-in")
	k.phone.Keys[0].Next(3) // from here it counts on
	k.Clock.Move(time.Minute)
	at := k.password(k.Browser())
	if !k.SignedIn(at.Passkey(k.phone.Get(at.Ceremony()))) {
		t.Errorf("not taken again: %s", at.Text())
	}
	if n := len(notices(k.World, k.alice.Mail, recovery.EventOneTrusted)); n != 1 {
		t.Errorf("got %d notices", n)
	}
}

// TestPasskeysOfAnotherAddress are asked for after what can be shown here, and their
// page says where they were made.
func TestPasskeysOfAnotherAddress(t *testing.T) {
	t.Parallel()
	k, b := withPasskey(t)
	b.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindAddFactor))).Want("factor")
	b.Passkey(k.phone.Get(b.Ceremony())).Want("choice").Submit("method", recovery.TOTP)
	k.Enrol(b, k.alice)
	k.movedAway()
	at := k.password(k.Browser())
	if !strings.Contains(at.Text(), "Enter your code") {
		t.Errorf("the app is not asked first: %s", at.Text())
	}
	at.Get("/.sparekey/choose?f="+flowOf(at)).Submit("method", recovery.Passkey).Want("factor")
	if !strings.Contains(at.Text(), "photos.example.com") || at.Ceremony() != "" {
		t.Errorf("the page says %s", at.Text())
	}
	if page := b.Get("/.sparekey/account/sign-in").Text(); !strings.Contains(page, "Made for another address: photos.example.com") {
		t.Errorf("the account page says %s", page)
	}
}
