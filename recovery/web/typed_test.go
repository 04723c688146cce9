package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// arabic writes digits as an Arabic keyboard does.
func arabic(code string) string {
	return strings.Map(func(r rune) rune { return r - '0' + '٠' }, code)
}

func TestCodesInDigitsOfAnyScript(t *testing.T) {
	t.Parallel()
	w, alice := recoverytest.New(t), recoverytest.Alice()
	w.Setup(alice)
	for name, code := range map[string]func() string{
		"authenticator": func() string { return arabic(recoverytest.TOTP(w, alice.Key)) },
		"recovery code": func() string {
			return strings.Map(func(r rune) rune { return r - '!' + '！' }, strings.ReplaceAll(alice.Codes[0], "-", ""))
		},
	} {
		w.Clock.Move(time.Minute)
		b := w.Browser()
		b.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor")
		if name != "authenticator" {
			b.Submit("method", "recovery_code").Want("factor")
		}
		if b.Submit("code", code()); !w.SignedIn(b) {
			t.Errorf("%s in another script: got page %q", name, b.Page())
		}
	}
}

func TestPasswordsOfJoinedPictures(t *testing.T) {
	t.Parallel()
	const family, heart, plainHeart = "👩\u200d👩\u200d👧 zebra ", "❤\ufe0f", "❤"
	w, alice := recoverytest.New(t), recoverytest.Alice()
	alice.Password = family + heart + " lamp"
	w.Setup(alice)
	b := w.Browser()
	b.Get("/").Submit("name", "alice", "password", strings.ReplaceAll(alice.Password, "\u200d", "")).Want("sign-in")
	b.Submit("name", "alice", "password", family+plainHeart+" lamp").Want("factor")
}

func TestPasswordsThatCannotBeTakenSayWhy(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	code, err := w.Engine.OpenSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := w.Browser()
	b.Get("/.sparekey/setup").Submit("code", code)
	for _, tt := range []struct{ typed, want string }{
		{"correct\thorse staple", "such as a tab"},
		{"correct horse staple\x00", "such as a tab"},
		{strings.Repeat("correct ", 129), "too long"},
		{"corr", "too short"},
	} {
		b.Submit("name", "alice", "mail", "alice@example.org", "new_password", tt.typed).Want("setup")
		if got := b.Text(); !strings.Contains(got, tt.want) {
			t.Errorf("%.20q: got %q, want %q in it", tt.typed, got, tt.want)
		}
	}
}

func TestApostrophesOfPhones(t *testing.T) {
	t.Parallel()
	typed, err := recovery.CanonicalName("d’arcy")
	if want, _ := recovery.CanonicalName("d'arcy"); err != nil || typed != want {
		t.Errorf("got %q and %v, want %q", typed, err, want)
	}
}
