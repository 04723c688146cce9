package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// The old password is refused wherever a new one is chosen, and only there: the
// way to the page is the proof that would replace it anyway.
func TestTheOldPasswordIsNoNewOne(t *testing.T) {
	ways := map[string]func(*testing.T, *recoverytest.World, *recoverytest.Person) *recoverytest.Browser{
		"lost password": atNewPassword,
		"both lost": func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
			b := w.Browser()
			w.Ask(b, p)
			return b.Want("choice").Submit("choice", "both").Want("factor").Submit("code", p.Codes[0]).Want("new-password")
		},
		"change": func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
			b := w.Browser()
			w.SignIn(b, p, "/")
			b.Get("/.sparekey/account").Post("/.sparekey/", recoverytest.Fields("start", "change_password")).Want("factor")
			w.Clock.Move(time.Minute)
			return b.Submit("password", p.Password).Want("factor").Submit("code", recoverytest.TOTP(w, p.Key)).Want("new-password")
		},
	}
	for name, walk := range ways {
		t.Run(name, func(t *testing.T) {
			w := recoverytest.New(t)
			alice := recoverytest.Alice()
			w.Setup(alice)
			b := walk(t, w, alice)
			for _, typed := range []string{alice.Password, alice.Password, strings.ReplaceAll(alice.Password, " ", "\u00a0")} {
				b.Submit("new_password", typed).Want("new-password")
				if got := b.Find("problem"); b.Status != 422 || got != "That is your old password. Choose another one." {
					t.Fatalf("%q: got status %d, %q", typed, b.Status, got)
				}
			}
			if b.Submit("new_password", "a whole new sentence"); b.Page() == "new-password" {
				t.Fatalf("another password: got %q", b.Find("problem"))
			}
		})
	}
}

// Whoever wants to know the old password from the answer has one guess in a
// flow: a wrong one is the new password, and the flow is a step further.
func TestTheOldPasswordCannotBeGuessedTwice(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.Ask(b, alice)
	b.Want("choice").Submit("choice", "both").Want("factor").Submit("code", alice.Codes[0]).Want("new-password")
	flow := b.Hidden("new_password").Get("flow")
	b.Submit("new_password", "not it, but long enough").TakeApp()
	b.Post("/.sparekey/", recoverytest.Fields("flow", flow, "new_password", alice.Password)).TakeApp()
	if got := b.Find("problem"); got == "That is your old password. Choose another one." {
		t.Errorf("got %q a step later", got)
	}
	if n := w.Events.Count(recovery.EventBothReset); n != 0 {
		t.Errorf("got %d recoveries finished, want none", n)
	}
}

func TestA66_EveryByteOfAPasswordCounts(t *testing.T) {
	long := strings.Repeat("correct horse ", 6)
	for _, tc := range []struct{ name, set, try string }{
		{"differs after byte 72", long + "a", long + "b"},
		{"without the trailing space", "correct horse staple ", "correct horse staple"},
		{"1024 bytes, last one differs", strings.Repeat("ab c", 255) + "abcd", strings.Repeat("ab c", 255) + "abce"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := recoverytest.New(t)
			alice := recoverytest.Alice()
			alice.Password = tc.set
			w.Setup(alice)
			b := w.Browser()
			b.Get("/").Submit("name", "alice", "password", tc.try).Want("sign-in")
			b.Get("/").Submit("name", "alice", "password", tc.set).Want("factor")
		})
	}
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	b := w.Browser()
	b.Get("/").Submit("name", "alice", "password", "correct horse staple\x00").Want("sign-in")
	begin := time.Now()
	b.Get("/").Submit("name", "alice", "password", strings.Repeat("x", 1<<20))
	if b.Status < 400 || b.Status > 413 || time.Since(begin) > time.Second {
		t.Errorf("1 MiB password: got status %d after %s, want a quick 4xx", b.Status, time.Since(begin))
	}
}
