package web_test

import (
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestAnAccountWithoutAPassword: a passkey that asks its owner lets the password go,
// once a code was tried; a synced second one is no way apart. It signs in, cannot be
// the last to go, and a password can be chosen again.
func TestAnAccountWithoutAPassword(t *testing.T) {
	t.Parallel()
	k, b := withPasskey(t)
	if page := b.Get("/.sparekey/account/sign-in").Text(); !strings.Contains(page, "Remove the password") {
		t.Fatalf("it is not offered: %s", page)
	}
	b.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindDropPassword))).Want("factor")
	b.Passkey(k.phone.Get(b.Ceremony())).Want("confirm").Submit("code", k.alice.Codes[3]).Want("account-sign-in")
	if !strings.Contains(b.Text(), "Choose a password") {
		t.Errorf("the page says %s", b.Text())
	}
	if at := k.Browser().Get("/.sparekey/login").Submit("name", k.alice.Name, "password", k.alice.Password); at.Page() != "sign-in" {
		t.Errorf("the password is good still: %q", at.Page())
	}
	at := k.Browser()
	asked := at.Post("/.sparekey/passkey", recoverytest.Fields()).Body
	if at.Post("/.sparekey/", recoverytest.Fields("start", "login", "code", k.phone.Get(asked))); !k.SignedIn(at) {
		t.Fatalf("not signed in by the passkey alone: %s", at.Text())
	}
	at.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindAddFactor))).Want("factor")
	at.Passkey(k.phone.Get(at.Ceremony())).Want("choice").Submit("method", recovery.TOTP)
	k.Enrol(at, k.alice)
	if k.drops(at, "my phone"); at.Page() != "refused" {
		t.Errorf("the last thing that signs in is taken off: %q", at.Page())
	}
	at.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindChangePassword))).Want("factor")
	at.Passkey(k.phone.Get(at.Ceremony())).Want("new-password").Submit("new_password", "another long sentence of alice")
	k.alice.Password = "another long sentence of alice"
	if again := k.password(k.Browser()); again.Ceremony() == "" {
		t.Errorf("the new password leads to %q", again.Page())
	}
}

// TestAPasskeyThatAsksNobodyLeavesThePassword.
func TestAPasskeyThatAsksNobodyLeavesThePassword(t *testing.T) {
	t.Parallel()
	k, b := withPasskey(t)
	key := k.authenticator()
	key.Unverified = true
	k.adds(b, key, "key")
	k.drops(b, "my phone").Want("factor").Passkey(key.Get(b.Ceremony())).Want("account-sign-in")
	if strings.Contains(b.Text(), "Remove the password") {
		t.Error("it is offered")
	}
	if b.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindDropPassword))); b.Page() != "refused" {
		t.Errorf("got %q", b.Page())
	}
}
