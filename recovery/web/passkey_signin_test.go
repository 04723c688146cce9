package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// keyring is a device with a passkey of somebody, and a browser that has it.
type keyring struct {
	*recoverytest.Authenticator
	w *recoverytest.World
	b *recoverytest.Browser
}

// keyringOf is a world at localhost, and alice with a passkey beside her app.
func keyringOf(t *testing.T, options ...recoverytest.Option) (*recoverytest.Person, *keyring) {
	t.Helper()
	w := recoverytest.New(t, append(options, recoverytest.AtLocalhost())...)
	alice := recoverytest.Alice()
	w.Setup(alice)
	k := &keyring{w: w, b: w.Browser(), Authenticator: &recoverytest.Authenticator{TB: t, Origin: w.Server.URL}}
	k.give(alice)
	return alice, k
}

// give has somebody make a passkey with the device, showing the app.
func (k *keyring) give(p *recoverytest.Person) {
	k.TB.Helper()
	b := k.w.Browser().Get("/.sparekey/login").Submit("name", p.Name, "password", p.Password).Want("factor")
	strongly(k.w, takesApp(b), p)
	b.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindAddFactor))).Want("factor")
	strongly(k.w, takesApp(b), p).Want("choice").Submit("method", recovery.Passkey).Want("enroll")
	b.Passkey(k.Create(b.Ceremony()), "label", "Laptop").Want("account-sign-in")
	b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
}

// takesApp asks for the code of the app, where a passkey is asked for first.
func takesApp(b *recoverytest.Browser) *recoverytest.Browser {
	if b.Ceremony() != "" {
		another(b).Submit("method", recovery.TOTP)
	}
	return b.Want("factor")
}

// asked is what the sign-in page asks the browser.
func (k *keyring) asked() string {
	k.TB.Helper()
	k.b.Post("/.sparekey/passkey", recoverytest.Fields())
	if k.b.Status != http.StatusOK || !strings.HasPrefix(k.b.Answer.Get("Content-Type"), "application/json") {
		k.TB.Fatalf("got status %d, %s", k.b.Status, k.b.Body)
	}
	return k.b.Body
}

// answers sends what the device says, as the script does.
func (k *keyring) answers(answer string, more ...string) *recoverytest.Browser {
	k.TB.Helper()
	return k.b.Post("/.sparekey/", recoverytest.Fields(append([]string{"start", "login", "return", "/album", "code", answer}, more...)...))
}

// refused wants the sign-in page again, and returns what it says.
func (k *keyring) refused(why string) string {
	k.TB.Helper()
	k.b.Want("sign-in")
	status, text := k.b.Status, k.b.Text()
	if status != http.StatusUnprocessableEntity || k.w.SignedIn(k.b) {
		k.TB.Errorf("%s: got status %d, want it refused: %s", why, status, text)
	}
	return text
}

// TestMF10_APasskeySignsInAlone: nothing is typed; what asks its owner is both
// factors, and the session says so.
func TestMF10_APasskeySignsInAlone(t *testing.T) {
	t.Parallel()
	_, k := keyringOf(t)
	k.b.Get("/album").Want("sign-in")
	if !strings.Contains(k.b.Body, `data-ask="/.sparekey/passkey"`) || !strings.Contains(k.b.Answer.Get("Content-Security-Policy"), "connect-src 'self'") {
		t.Error("the sign-in page does not ask for passkeys")
	}
	if k.answers(k.Get(k.asked()), "remember", "1"); k.b.Page() != "" || !k.w.SignedIn(k.b) {
		t.Fatalf("got page %q, status %d: %s", k.b.Page(), k.b.Status, k.b.Text())
	}
	a, err := k.w.Engine.Find(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	s := a.Sessions[len(a.Sessions)-1]
	if len(s.Proofs) != 1 || s.Proofs[0].Method != recovery.Passkey || !s.Proofs[0].Alone {
		t.Errorf("got proofs %+v, want the passkey alone", s.Proofs)
	}
	if d := a.Devices[len(a.Devices)-1]; !d.Remembered.IsZero() {
		t.Error("keep me signed in was taken for trust in the browser")
	}
	k.b.Get("/.sparekey/account").Want("account")
}

// TestMF10_AChallengeOfTheSignInPage is good for five minutes, once, in the browser
// and at the origin it was made for, and never by a passkey that cannot stand alone.
func TestMF10_AChallengeOfTheSignInPage(t *testing.T) {
	t.Parallel()
	alice, k := keyringOf(t)
	first := k.b

	answer := k.Get(k.asked())
	k.answers(answer)
	if !k.w.SignedIn(k.b) {
		t.Fatal("not signed in")
	}
	k.b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	k.answers(answer)
	k.refused("the same answer once more")

	question := k.asked()
	k.w.Clock.Move(5 * time.Minute)
	k.answers(k.Get(question))
	k.refused("after five minutes")

	answer = k.Get(k.asked())
	k.b = k.w.Browser()
	k.answers(answer)
	k.refused("in another browser without the cookie")
	k.asked()
	k.answers(answer)
	k.refused("in another browser with a cookie of its own")
	k.b = first

	k.Origin = "http://photos.localhost"
	k.answers(k.Get(k.asked()))
	k.refused("shown on another page")
	k.Origin = k.w.Server.URL

	k.Framed = "https://evil.example.com"
	k.answers(k.Get(k.asked()))
	k.refused("shown in a frame")
	k.Framed = ""

	k.answers(strings.Replace(k.Get(k.asked()), `"userHandle":"`, `"userHandle":"AA`, 1))
	k.refused("of somebody else")

	k.Unverified = true
	k.answers(k.Get(k.asked()))
	k.refused("without a finger")
	k.Unverified = false

	k.Hidden = true
	k.give(alice)
	k.Hidden = false
	k.answers(k.Get(k.asked()))
	if said := k.refused("one that is a second factor only"); !strings.Contains(said, "beside your password") {
		t.Errorf("got %q, want it said that it is a second factor", said)
	}

	k.b.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor")
}

// TestA04_PasskeyOptions are the same for everybody, whoever they are and whatever
// was typed before, but for the challenge; nothing is written for them.
func TestA04_PasskeyOptions(t *testing.T) {
	t.Parallel()
	_, k := keyringOf(t)
	keys := func() int {
		list, err := k.w.Driver.Keys(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	shape := func() (string, string) {
		var o map[string]any
		if err := json.Unmarshal([]byte(k.asked()), &o); err != nil {
			t.Fatal(err)
		}
		challenge, _ := o["challenge"].(string)
		o["challenge"] = len(challenge)
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(string(text), " ", normal(k.b, "alice")[:3], len(k.b.Body)), challenge
	}
	want, _ := shape()
	if strings.Contains(want, "allow") {
		t.Errorf("got a list of credentials: %s", want)
	}
	before, seen := keys(), map[string]bool{}
	for i := range 50 {
		k.b = k.w.Browser()
		if name := []string{"alice", fmt.Sprint("nobody", i)}[i%2]; i%5 == 0 {
			k.b.Post("/.sparekey/passkey", recoverytest.Fields("name", name))
		}
		got, challenge := shape()
		if got != want || seen[challenge] {
			t.Fatalf("got %s, want what everybody gets: %s; a new challenge: %v", got, want, !seen[challenge])
		}
		seen[challenge] = true
	}
	if after := keys(); after != before {
		t.Errorf("got %d records, before %d: a question was written", after, before)
	}
}

// TestPasskeysAreAskedForWhereTheyAre: not by plain http, at an address, or at a host
// that nobody named.
func TestPasskeysAreAskedForWhereTheyAre(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	b := w.Browser()
	if b.Get("/").Want("sign-in"); strings.Contains(b.Body, "data-ask") || strings.Contains(b.Answer.Get("Content-Security-Policy"), "connect-src") {
		t.Error("passkeys are asked for at 127.0.0.1")
	}
	if b.Post("/.sparekey/passkey", recoverytest.Fields()); b.Status != http.StatusNotFound || len(b.Answer["Set-Cookie"]) > 0 {
		t.Errorf("got status %d, want 404 and no cookie", b.Status)
	}
}

// TestBrowsersAreToldWhichPasskeysThereAre: on the pages of one's own account all that
// count, and on the sign-in page the one that was shown in vain, and no other.
func TestBrowsersAreToldWhichPasskeysThereAre(t *testing.T) {
	t.Parallel()
	_, k := keyringOf(t)
	k.answers(k.Get(k.asked()))
	id := k.Keys[0].ID
	if held := k.b.Get("/.sparekey/account/sign-in").Want("account-sign-in").Body; !strings.Contains(held, "data-held=") || !strings.Contains(held, id) {
		t.Error("the account page does not say which passkeys there are")
	}
	k.b = k.w.Browser()
	answer := k.Get(k.asked())
	k.w.Clock.Move(5 * time.Minute)
	if k.answers(answer); strings.Contains(k.b.Body, "data-unknown") {
		t.Error("a passkey that was late is said to be unknown")
	}
	answer = k.Get(k.asked())
	change(t, k.w, "alice", func(a *recovery.Account) { a.Drop(recovery.Passkey) })
	if k.answers(answer); !strings.Contains(k.b.Body, "data-unknown=") || !strings.Contains(k.b.Body, id) {
		t.Error("a passkey that has ended is not said to be unknown")
	}
	disable(t, k.w, "alice", recovery.StateDisabled)
	if k.answers(k.Get(k.asked())); strings.Contains(k.b.Body, "data-unknown") {
		t.Error("an account that is disabled may be back")
	}
}
