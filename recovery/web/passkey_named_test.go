package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestAPasskeyIsNamed by its owner, at any time, after a fresh proof; else it is called
// as the browser that made it, in the language of who reads that.
func TestAPasskeyIsNamed(t *testing.T) {
	t.Parallel()
	k, b := withPasskey(t)
	laptop := k.authenticator()
	k.adds(b, laptop, "")
	reads := func(lang string) string {
		b.Header.Set("Accept-Language", lang)
		return b.Get("/.sparekey/account/sign-in").Text()
	}
	if en, fr := reads("en"), reads("fr"); !strings.Contains(en, "Passkey (Firefox on Linux)") || !strings.Contains(fr, "Clé d’accès (Firefox sur Linux)") || strings.Contains(fr, "Firefox on Linux") {
		t.Errorf("got %s\nand %s", en, fr)
	}
	reads("en")
	id := k.rows()[1].ID
	name := func(label string) {
		b.Post("/.sparekey/account/sign-in", recoverytest.Fields("choice", "name:"+id, "label", label))
	}
	name("  My\nlaptop\u202e ")
	if got := k.rows()[1].Label; got != "My laptop" || !strings.Contains(b.Want("account-sign-in").Text(), "The new name is there.") {
		t.Errorf("got %q: %s", got, b.Text())
	}
	for _, other := range []string{"password", "nobody's"} {
		b.Post("/.sparekey/account/sign-in", recoverytest.Fields("choice", "name:"+other, "label", "mine"))
	}
	if n := k.Events.Count(recovery.EventOneRenamed); n != 1 {
		t.Errorf("got %d events, want one", n)
	}
	k.Clock.Move(11 * time.Minute)
	if name("somebody else’s"); b.Page() != "factor" || k.rows()[1].Label != "My laptop" {
		t.Errorf("an old proof: got page %q, %q", b.Page(), k.rows()[1].Label)
	}
}

// TestNoticesOfPasskeysSpeakToTheirReader: one without a name is called in the language
// of who gets the mail.
func TestNoticesOfPasskeysSpeakToTheirReader(t *testing.T) {
	t.Parallel()
	k, b := withPasskey(t)
	laptop := k.authenticator()
	k.adds(b, laptop, "")
	k.drops(b, "").Want("factor").Passkey(k.phone.Get(b.Ceremony())).Want("account-sign-in")
	m := notices(k.World, k.alice.Mail, recovery.EventOneRemoved)[0]
	_, text, _, err := k.Web.Pages.Mail("notice", "fr", m.Vars)
	if err != nil || !strings.Contains(text, "Clé d’accès (Firefox sur Linux)") || strings.Contains(text, "Firefox on Linux") {
		t.Errorf("got %v, %s", err, text)
	}
}
