package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// codeAt is what an authenticator shows whose clock is off.
func codeAt(t *testing.T, w *recoverytest.World, key string, off time.Duration) string {
	t.Helper()
	code, err := totp.GenerateCode(key, w.Clock.Now().Add(off))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// A guess that fits another step must not be worth more than one that fits
// none: who guesses would learn which code to try in some minutes.
func TestAWrongAuthenticatorCodeSaysNothingOfOtherTimes(t *testing.T) {
	var alice *recoverytest.Person
	doors := []struct {
		name string
		walk func(w *recoverytest.World, b *recoverytest.Browser)
	}{
		{"signing in", func(_ *recoverytest.World, b *recoverytest.Browser) {
			b.Get("/").Submit("name", alice.Name, "password", alice.Password).Want("factor")
		}},
		{"recovering", func(w *recoverytest.World, b *recoverytest.Browser) {
			w.Ask(b, alice)
			b.Want("choice").Submit("choice", "password").Want("factor")
		}},
		{"changing something", func(w *recoverytest.World, b *recoverytest.Browser) {
			w.SignIn(b, alice, "/")
			w.Clock.Move(time.Hour)
			b.Post("/.sparekey/", recoverytest.Fields("start", "change_password")).Want("factor").Submit("password", alice.Password).Want("factor")
		}},
	}
	for _, door := range doors {
		t.Run(door.name, func(t *testing.T) {
			alice = recoverytest.Alice()
			w := recoverytest.New(t, recoverytest.WithPolicy(func(p *recovery.Policy) { p.Limits.CodeTries = 100; p.Limits.CodesHourly.Count = 100 }))
			w.Setup(alice)
			b := w.Browser()
			door.walk(w, b)
			b.Submit("code", "12345x").Want("factor")
			want := b.Find("problem")
			if !strings.Contains(want, "let your phone set its time by itself") {
				t.Errorf("got %q of a wrong code, want what to do about the phone's time", want)
			}
			for _, off := range []time.Duration{-time.Hour, -7 * time.Minute, -time.Minute, time.Minute, 3 * time.Minute, 40 * time.Minute, time.Hour} {
				b.Submit("code", codeAt(t, w, alice.Key, off)).Want("factor")
				if got := b.Find("problem"); got != want {
					t.Errorf("the code of %s from now: got %q, want what every wrong code gets, %q", off, got, want)
				}
			}
		})
	}
}

// The secret is on the page here, so how far the phone is off helps its owner
// alone.
func TestEnrolmentSaysHowFarTheClockIsOff(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	code, err := w.Engine.OpenSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := w.Browser()
	b.Get("/.sparekey/setup").Submit("code", code).Want("setup")
	b.Submit("name", alice.Name, "mail", alice.Mail, "phone", alice.Phone, "new_password", alice.Password)
	w.Confirm(b, alice)
	key := strings.ReplaceAll(strings.Join(b.All("secret"), ""), "-", "")
	b.Submit("code", codeAt(t, w, key, 7*time.Minute)).TakeApp()
	if got := b.Find("problem"); !strings.Contains(got, "off by about 7 minutes") {
		t.Errorf("got %q, want how far the clock is off", got)
	}
	b.Submit("code", "12345x").TakeApp()
	if got := b.Find("problem"); !strings.Contains(got, "let your phone set its time by itself") {
		t.Errorf("got %q of a code that fits no time near, want what to do about the phone's time", got)
	}
}
