package web_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

func TestRule_NewBrowserCheck(t *testing.T) {
	for _, tc := range []struct {
		name     string
		made     func(t *testing.T, options ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person)
		channels []string
		known    bool
		asked    bool
	}{
		{"authenticator, unknown browser", withFactor, []string{"mail", "sms"}, false, true},
		{"authenticator, known browser", withFactor, []string{"mail", "sms"}, true, true}, // the factor itself, not a check
		{"password only, unknown browser", withoutFactor, []string{"mail", "sms"}, false, true},
		{"password only, known browser", withoutFactor, []string{"mail", "sms"}, true, false},
		{"password only, unknown browser, nothing is mailed", withoutFactor, []string{"sms"}, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, alice := tc.made(t, recoverytest.WithChannels(tc.channels...))
			b := w.Browser()
			if enter(t, w, w.Browser(), alice); tc.known {
				enter(t, w, b, alice)
				b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
			}
			told := len(notices(w, "", recovery.EventNewDevice))
			b.Get("/").Submit("name", alice.Name, "password", alice.Password)
			if got := b.Page() == "factor"; got != tc.asked {
				t.Fatalf("asked for more: got %v (page %q), want %v", got, b.Page(), tc.asked)
			}
			if tc.asked {
				b.Submit("code", secondCode(w, alice))
			}
			if !w.SignedIn(b) {
				t.Fatal("not signed in")
			}
			if got := len(notices(w, "", recovery.EventNewDevice)) > told; got == tc.known {
				t.Errorf("told of a new browser: got %v, want %v", got, !tc.known)
			}
		})
	}
}

func TestMF15_ATrustedBrowserSkipsTheSecondFactorOnly(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	b := w.Browser()
	b.Get("/").Submit("name", alice.Name, "password", alice.Password).Want("factor")
	w.Clock.Move(30 * time.Second)
	b.Submit("code", recoverytest.TOTP(w, alice.Key), "remember", "1")
	b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")

	b.Get("/").Submit("name", alice.Name, "password", "wrong horse staple").Want("sign-in")
	b.Get("/").Submit("name", alice.Name, "password", alice.Password)
	if b.Status != 200 || b.Page() != "" {
		t.Fatalf("trusted browser: got status %d, page %q, want the app", b.Status, b.Page())
	}
	b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	b.Get("/").Submit("name", robin.Name, "password", robin.Password).Want("factor")
	w.Browser().Get("/").Submit("name", alice.Name, "password", alice.Password).Want("factor")

	w.Clock.Move(31 * 24 * time.Hour)
	b.Get("/").Submit("name", alice.Name, "password", alice.Password).Want("factor")
}
