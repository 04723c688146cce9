package web_test

import (
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// wayIn is how an administrator signed in, and whether that was a strong proof.
type wayIn struct {
	name   string
	in     func(w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser
	strong bool
}

func waysIn() []wayIn {
	remembered := func(w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
		b := w.Browser()
		b.Get("/.sparekey/login").Submit("name", p.Name, "password", p.Password).Want("factor").Submit("code", secondCode(w, p), "remember", "1")
		b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
		w.Clock.Move(time.Hour)
		b.Get("/.sparekey/login").Submit("name", p.Name, "password", p.Password)
		if !w.SignedIn(b) {
			w.TB.Fatal("the browser is not remembered")
		}
		return b
	}
	return []wayIn{
		{"password and authenticator", func(w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
			return signIn(w, w.Browser(), p)
		}, true},
		{"password and recovery code", func(w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
			b := w.Browser()
			b.Get("/.sparekey/login").Submit("name", p.Name, "password", p.Password).Want("factor").Submit("method", "recovery_code")
			return b.Submit("code", p.Codes[8])
		}, true},
		{"password on a remembered browser", remembered, false},
		{"password on a remembered browser, and a strong proof since", func(w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
			b := remembered(w, p)
			return b.Post("/.sparekey/", recoverytest.Fields("start", "step_up")).Want("factor").Submit("code", secondCode(w, p))
		}, true},
		{"password and authenticator, ten minutes ago", func(w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
			b := signIn(w, w.Browser(), p)
			w.Clock.Move(10 * time.Minute)
			return b
		}, false},
	}
}

// guardedForm is something only an administrator may do.
type guardedForm struct {
	name, path string
	fields     url.Values
	done       func(w *recoverytest.World) bool
}

func guardedForms(o *adminWorld) []guardedForm {
	person := "/.sparekey/people/" + o.robinID
	robin := func() *recovery.Account { return accountOf(o, "robin") }
	state := robin()
	return []guardedForm{
		{"invite", "/.sparekey/people", recoverytest.Fields("name", "eve", "mail", "eve@example.org", "choice", "invite"), func(*recoverytest.World) bool {
			return accountOf(o, "eve") != nil
		}},
		{"invite an administrator", "/.sparekey/people", recoverytest.Fields("name", "eve", "groups", "admins", "choice", "invite"), func(*recoverytest.World) bool {
			return accountOf(o, "eve") != nil
		}},
		{"give an address", person, recoverytest.Fields("choice", "correct_mail", "mail", "new@example.org", "reason", "moved house"), func(*recoverytest.World) bool {
			return len(robin().Addresses) != len(state.Addresses)
		}},
		{"disable", person, recoverytest.Fields("choice", "disable", "reason", "left the family"), func(*recoverytest.World) bool {
			return robin().State == recovery.StateDisabled
		}},
		{"unlock", person, recoverytest.Fields("choice", "unlock", "reason", "called me"), func(*recoverytest.World) bool {
			return robin().Unlocks != state.Unlocks
		}},
		{"sign out", person, recoverytest.Fields("choice", "sign_out", "reason", "lost laptop"), func(w *recoverytest.World) bool {
			return w.Events.Count(recovery.EventSessionsEnded) > 0
		}},
	}
}

// accountOf is the account of a name; nil: there is none.
func accountOf(o *adminWorld, name string) *recovery.Account {
	a, err := o.Engine.Find(o.TB.Context(), name)
	if err != nil {
		return nil
	}
	return a
}

// TestARememberedBrowserProvesNothing: what an administrator does needs a second
// factor or a recovery code, shown in that very sign-in or since, and not a
// browser that skipped it.
func TestARememberedBrowserProvesNothing(t *testing.T) {
	t.Parallel()
	recoverytest.Alone(t)
	for _, way := range waysIn() {
		for i := range guardedForms(newAdminWorld(t)) {
			if i > 0 && os.Getenv(recoverytest.CaddyVariable) != "" {
				break // each has a Caddy of its own: there it is the store that is tried, not each form
			}
			o := newAdminWorld(t)
			form := guardedForms(o)[i]
			t.Run(way.name+": "+form.name, func(t *testing.T) {
				b := way.in(o.World, o.alice)
				b.Post(form.path, form.fields)
				if got := form.done(o.World); got != way.strong {
					t.Errorf("done: got %v (page %q), want %v", got, b.Page(), way.strong)
				}
				if !way.strong {
					b.Want("factor")
				}
			})
		}
	}
}

// TestChangesAskForAProofOfTheirOwn: however somebody signed in, no change of
// one's own account goes through without a proof in that flow.
func TestChangesAskForAProofOfTheirOwn(t *testing.T) {
	t.Parallel()
	recoverytest.Alone(t)
	for _, way := range waysIn() {
		for _, r := range recovery.Recipes() {
			if !r.SignedIn {
				continue
			}
			t.Run(way.name+": "+string(r.Kind), func(t *testing.T) {
				o := newAdminWorld(t)
				b := way.in(o.World, o.alice)
				switch b.Post("/.sparekey/", recoverytest.Fields("start", string(r.Kind))); b.Page() {
				case "factor", "refused", "confirm", "device-approve": // the last asks for the number of a new device first
				case "account-contact": // the last administrator stays, which is said before a proof
					if r.Kind != recovery.KindDeleteAccount || b.Status != 422 {
						t.Errorf("got page %q, status %d, want a proof asked first", b.Page(), b.Status)
					}
				default:
					t.Errorf("got page %q, want a proof asked first", b.Page())
				}
			})
		}
	}
}

// TestAnAdministratorWithoutASecondFactorManagesNobody: the password is no strong
// proof for what the group allows, stepped up or not.
func TestAnAdministratorWithoutASecondFactorManagesNobody(t *testing.T) {
	for i := range guardedForms(newAdminWorld(t)) {
		o := newAdminWorld(t)
		form := guardedForms(o)[i]
		t.Run(form.name, func(t *testing.T) {
			change(t, o.World, "alice", func(a *recovery.Account) {
				a.Drop(recovery.TOTP)
				a.SecondFactor = false
			})
			o.alice.Key = ""
			b := o.adminBrowser.Post("/.sparekey/logout", recoverytest.Fields())
			b.Get("/.sparekey/login").Submit("name", o.alice.Name, "password", o.alice.Password)
			b.Post("/.sparekey/", recoverytest.Fields("start", "step_up"))
			if b.Page() == "factor" {
				b.Submit("password", o.alice.Password)
			}
			b.Post(form.path, form.fields)
			if form.done(o.World) || !strings.Contains(b.Text(), "need a second factor") {
				t.Errorf("done: got %v, and %q", form.done(o.World), b.Text())
			}
		})
	}
}

// TestANewAdministratorIsToldToAllOthers, with the write that makes the account.
func TestANewAdministratorIsToldToAllOthers(t *testing.T) {
	o := newAdminWorld(t)
	change(t, o.World, "robin", func(a *recovery.Account) { a.Groups, a.State = []string{recovery.GroupAdmins}, recovery.StateActive })
	if err := o.Engine.Manage(t.Context(), accountOf(o, "alice"), o.robinID, recovery.ActionUnlock, "lists robin anew"); err != nil {
		t.Fatal(err)
	}
	for groups, want := range map[string]int{"admins": 1, "family": 0} {
		signIn(o.World, o.adminBrowser, o.alice).Post("/.sparekey/people", recoverytest.Fields("name", "eve-"+groups, "mail", groups+"@example.org", "groups", groups, "choice", "invite"))
		for _, to := range []string{o.alice.Mail, o.alice.Phone, o.robin.Mail} {
			got := 0
			for _, m := range notices(o.World, to, recovery.EventAdminGranted) {
				if m.Vars["name"] == "eve-"+groups {
					got++
				}
			}
			if got != want {
				t.Errorf("%s in %s: got %d notices, want %d", to, groups, got, want)
			}
		}
		if n := len(notices(o.World, groups+"@example.org", recovery.EventAdminGranted)); n != 0 {
			t.Errorf("the new one itself got %d notices, want none", n)
		}
	}
	if n := o.Events.Count(recovery.EventAdminGranted); n != 1 {
		t.Errorf("got %d events, want 1", n)
	}
}
