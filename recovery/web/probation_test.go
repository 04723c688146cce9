package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// forbidden is a change that an account on probation may not make.
type forbidden struct {
	name string
	do   func(w *recoverytest.World, b *recoverytest.Browser)
}

func forbiddens(robin, guest string) []forbidden {
	starts := func(kind recovery.Kind) forbidden {
		return forbidden{string(kind), func(_ *recoverytest.World, b *recoverytest.Browser) {
			b.Post("/.sparekey/", recoverytest.Fields("start", string(kind)))
		}}
	}
	posts := func(name, path string, fields ...string) forbidden {
		return forbidden{name, func(_ *recoverytest.World, b *recoverytest.Browser) { b.Post(path, recoverytest.Fields(fields...)) }}
	}
	return []forbidden{
		starts(recovery.KindChangeMail), starts(recovery.KindChangePhone), // contacts
		starts(recovery.KindAddContact), posts("drop a contact person", "/.sparekey/account", "choice", "drop:robin"),
		starts(recovery.KindAddFactor), starts(recovery.KindNewCodes), // factors and codes
		starts(recovery.KindSetPIN), starts(recovery.KindSetQuestion),
		starts(recovery.KindVouch), starts(recovery.KindOpenCase), // approving, admin action
		posts("invite", "/.sparekey/people", "name", guest),
		posts("sign somebody out", "/.sparekey/people/"+robin, "choice", "sign_out", "reason", "left the house"),
		posts("disable", "/.sparekey/people/"+robin, "choice", "disable", "reason", "left the house"),
	}
}

// recoveries are the ways into probation, and the one that leads around it.
func recoveries() map[string]func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
	return map[string]func(t *testing.T, w *recoverytest.World, p *recoverytest.Person){
		"password": func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
			t.Helper()
			b := w.Browser()
			w.Ask(b, p)
			if p.Key != "" {
				b.Want("choice").Submit("choice", "password").Want("factor").Submit("code", secondCode(w, p))
			}
			p.Password = "another horse battery"
			b.Want("new-password").Submit("new_password", p.Password).Want("sign-in")
		},
		"second factor": func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
			t.Helper()
			w.LostPhone(w.Browser(), p)
			w.Clock.Move(-time.Minute) // which Enrol lets pass afterwards
		},
		"rescue": func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
			t.Helper()
			token, err := w.Engine.RescueLink(t.Context(), p.Name)
			if err != nil {
				t.Fatal(err)
			}
			b := w.Browser()
			b.Get("/.sparekey/link").Submit("code", token)
			if b.Page() == "choice" {
				b.Submit("choice", "password")
			}
			p.Password = "another horse battery"
			b.Want("new-password").Submit("new_password", p.Password).Want("sign-in")
		},
	}
}

func TestRule_Probation(t *testing.T) {
	for _, kind := range accounts() {
		for lost, recovered := range recoveries() {
			if kind.name == "password only" && lost == "second factor" {
				continue
			}
			t.Run(kind.name+", "+lost, func(t *testing.T) {
				w, alice := kind.made(t)
				w.Invite(bob())
				robin := account(t, w, "robin").ID
				change(t, w, "alice", func(a *recovery.Account) { a.TrustedContacts = []recovery.TrustedContact{{ID: robin, Name: "robin"}} })
				recovered(t, w, alice)
				since := w.Clock.Now()

				at(w, since.Add(24*time.Hour-5*time.Minute))
				b := enter(t, w, w.Browser(), alice)
				at(w, since.Add(24*time.Hour-time.Second))
				manages := kind.name != "password only" // an administrator without a second factor never does
				if refused := lost != "rescue"; refused || manages {
					probation(t, w, b, robin, refused)
				}
				b.Post("/.sparekey/", recoverytest.Fields("start", "change_password")).Want("factor") // not one of them
				if lost != "rescue" && manages {
					at(w, since.Add(24*time.Hour))
					probation(t, w, b, robin, false)
				}
			})
		}
	}
}

// probation tries every forbidden thing.
func probation(t *testing.T, w *recoverytest.World, b *recoverytest.Browser, robin string, refused bool) {
	t.Helper()
	guest := fmt.Sprint("guest", w.Clock.Now().Unix())
	for _, x := range forbiddens(robin, guest) {
		x.do(w, b)
		if got := b.Status == 422 && b.Page() == "refused"; got != refused {
			t.Errorf("%s: got page %q, status %d, want a refusal: %v", x.name, b.Page(), b.Status, refused)
		}
	}
	if _, err := w.Engine.Find(t.Context(), guest); (err == nil) == refused {
		t.Errorf("somebody was invited: got %v, want %v", err == nil, !refused)
	}
	alice, r := account(t, w, "alice"), account(t, w, "robin")
	if refused && (len(alice.TrustedContacts) != 1 || r.State != recovery.StateActive) {
		t.Errorf("got %d people who may vouch and robin %s, want 1 and active", len(alice.TrustedContacts), r.State)
	}
	if !refused && (len(alice.TrustedContacts) != 0 || r.State != recovery.StateDisabled) {
		t.Errorf("got %d people who may vouch and robin %s, want none and disabled", len(alice.TrustedContacts), r.State)
	}
}

func TestMF06_ProbationAfterARecovery(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.LostPhone(b, alice)
	w.SignIn(b, alice, "/")
	for _, start := range []string{"add_factor", "new_codes"} {
		b.Post("/.sparekey/", recoverytest.Fields("start", start)).Want("refused")
		if b.Status != 422 {
			t.Errorf("%s: got status %d, want 422", start, b.Status)
		}
	}
	w.Clock.Move(23 * time.Hour)
	again := w.Browser()
	w.SignIn(again, alice, "/")
	again.Post("/.sparekey/", recoverytest.Fields("start", "new_codes")).Want("refused")
	w.Clock.Move(time.Hour)
	again.Post("/.sparekey/", recoverytest.Fields("start", "new_codes")).Want("factor")
}
