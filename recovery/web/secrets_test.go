package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// wrongSecrets has somebody in the browser's network post wrong tickets until
// even the answer to the next one waits.
func wrongSecrets(w *recoverytest.World) {
	w.TB.Helper()
	b := w.Browser()
	for range 40 {
		b.Post("/.sparekey/", recoverytest.Fields("code", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))
	}
	if b.Status != http.StatusTooManyRequests {
		w.TB.Fatalf("got status %d for the 40th wrong ticket, want 429", b.Status)
	}
}

// A ticket has more bits than can be guessed, and is looked at whatever others
// did in its network.
func TestTicketsAreAlwaysLookedAt(t *testing.T) {
	few := recoverytest.WithPolicy(func(p *recovery.Policy) { p.Limits.Flows = recovery.Rate{Count: 30, Per: time.Hour} })
	link := func(w *recoverytest.World, token string) *recoverytest.Browser {
		b := w.Browser()
		return b.Get("/.sparekey/link").Want("confirm").Submit("code", token)
	}
	for name, walk := range map[string]func(t *testing.T, w *recoverytest.World){
		"set-up": func(t *testing.T, w *recoverytest.World) {
			t.Helper()
			code, err := w.Engine.OpenSetup(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(code) != 19 {
				t.Errorf("got a set-up code of %d characters, want 16 in fours: 64 bits and more", len(code))
			}
			wrongSecrets(w)
			w.Browser().Get("/.sparekey/setup").Submit("code", code).Want("setup").Has("new_password")
		},
		"invitation": func(t *testing.T, w *recoverytest.World) {
			t.Helper()
			w.Setup(recoverytest.Alice())
			_, token, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "robin", Mail: "robin@example.org"})
			if err != nil {
				t.Fatal(err)
			}
			wrongSecrets(w)
			link(w, token).Want("new-password")
		},
		"rescue": func(t *testing.T, w *recoverytest.World) {
			t.Helper()
			w.Setup(recoverytest.Alice())
			token, err := w.Engine.RescueLink(t.Context(), "alice")
			if err != nil {
				t.Fatal(err)
			}
			wrongSecrets(w)
			link(w, token).Want("choice")
		},
		"case": func(t *testing.T, w *recoverytest.World) {
			t.Helper()
			w.Setup(recoverytest.Alice())
			token := caseLink(t, w, "alice")
			wrongSecrets(w)
			link(w, token).Want("choice")
		},
	} {
		t.Run(name, func(t *testing.T) { walk(t, recoverytest.New(t, few)) })
	}
}

// caseLink has an administrator open a case, and returns what is mailed.
func caseLink(t *testing.T, w *recoverytest.World, name string) string {
	t.Helper()
	boss, b := bob(), w.Browser()
	w.Invite(boss)
	change(t, w, boss.Name, func(a *recovery.Account) { a.Groups = []string{recovery.GroupAdmins} })
	w.SignIn(b, boss, "/")
	w.Clock.Move(time.Minute)
	b.Post("/.sparekey/", recoverytest.Fields("start", "open_case", "name", name, "choice", "both", "reason", "called me")).Want("factor")
	b.Submit("code", recoverytest.TOTP(w, boss.Key)).Want("person")
	return recoverytest.Link(t, w.Outbox.Last(t, "", "admin-case"))
}

// A recovery code likewise, in every kind of flow that takes one. A wrong one
// is answered later and later.
func TestRecoveryCodesAreAlwaysLookedAt(t *testing.T) {
	t.Parallel()
	for name, reach := range map[string]func(w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser{
		"recovery": func(w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
			b := w.Browser()
			return b.Get("/.sparekey/recover").Submit("name", p.Name).Want("sent").Submit("method", recovery.RecoveryCode).Want("factor")
		},
		"unlock": func(w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
			b := w.Browser()
			return b.Get("/.sparekey/recover?choice=unlock").Submit("name", p.Name).Want("sent").Submit("method", recovery.RecoveryCode).Want("factor")
		},
		"sign-in": func(w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
			b := w.Browser()
			return b.Get("/").Submit("name", p.Name, "password", p.Password).Want("factor").Submit("method", recovery.RecoveryCode).Want("factor")
		},
		"trial": func(w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
			b := w.Browser()
			w.SignIn(b, p, "/")
			return b.Post("/.sparekey/", recoverytest.Fields("start", "drill")).Want("confirm")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := recoverytest.New(t)
			alice := recoverytest.Alice()
			w.Setup(alice)
			b := reach(w, alice)
			form := b.Hidden("code")
			post := func(code string) *recoverytest.Browser {
				fields := recoverytest.Fields("code", code)
				for k, v := range form {
					fields[k] = v
				}
				return b.Post("/.sparekey/", fields)
			}
			for range 120 {
				post("AAAA-AAAA-AAAA-AAAA")
			}
			if b.Status != http.StatusTooManyRequests || b.Answer.Get("Retry-After") == "" {
				t.Errorf("got status %d for the 120th wrong code, want 429 and when to come back", b.Status)
			}
			if post(alice.Codes[3]); b.Status != http.StatusOK {
				t.Errorf("got page %q, status %d for the right code, want it looked at", b.Page(), b.Status)
			}
		})
	}
}
