package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// The rules that hold under every policy, one test each, named after the rule
// and tried over HTTP. Rows stand just inside and just outside of each limit.

// kindOfAccount is an account of the tables: alice as she signs in.
type kindOfAccount struct {
	name string
	made func(t *testing.T, options ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person)
}

func accounts() []kindOfAccount {
	return []kindOfAccount{{"with an authenticator", withFactor}, {"password only", withoutFactor}}
}

func withFactor(t *testing.T, options ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person) {
	t.Helper()
	w, alice := recoverytest.New(t, options...), recoverytest.Alice()
	w.Setup(alice)
	return w, alice
}

// withoutFactor is alice after her second factor was taken from the record: no
// page makes such an account, an import does.
func withoutFactor(t *testing.T, options ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person) {
	t.Helper()
	w, alice := withFactor(t, options...)
	change(t, w, "alice", func(a *recovery.Account) {
		a.Drop(recovery.TOTP)
		a.SecondFactor = false
	})
	alice.Key = ""
	return w, alice
}

// at moves the clock to a moment.
func at(w *recoverytest.World, moment time.Time) { w.Clock.Move(moment.Sub(w.Clock.Now())) }

func account(t *testing.T, w *recoverytest.World, name string) *recovery.Account {
	t.Helper()
	a, err := w.Engine.Find(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// another follows "try another way", where a step has that.
func another(b *recoverytest.Browser) *recoverytest.Browser {
	if !strings.Contains(b.Body, "/.sparekey/choose?") {
		return b
	}
	return b.Get("/.sparekey/choose?f=" + b.URL.Query().Get("f"))
}

// enter signs in with all that is asked, and fails the test when it cannot.
func enter(t *testing.T, w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) *recoverytest.Browser {
	t.Helper()
	return signIn(w, b, p)
}

// signIn is enter for a test that may fail without failing the one around it.
func signIn(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) *recoverytest.Browser {
	w.TB.Helper()
	b.Get("/.sparekey/login").Want("sign-in").Submit("name", p.Name, "password", p.Password)
	if b.Page() == "factor" {
		b.Submit("code", secondCode(w, p))
	}
	if !w.SignedIn(b) {
		w.TB.Fatalf("sign-in: got page %q, status %d: %s", b.Page(), b.Status, b.Text())
	}
	return b
}

// secondCode is what an account shows after its password: the authenticator's
// code, or without one the code mailed because the browser is unknown.
func secondCode(w *recoverytest.World, p *recoverytest.Person) string {
	if p.Key == "" {
		return w.Outbox.Last(w.TB, p.Mail, "mail-code").Vars["code"]
	}
	w.Clock.Move(30 * time.Second)
	return recoverytest.TOTP(w, p.Key)
}

// begin starts a change in a signed-in browser and gives the strong proof.
func begin(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person, kind recovery.Kind) *recoverytest.Browser {
	w.TB.Helper()
	b.Post("/.sparekey/", recoverytest.Fields("start", string(kind))).Want("factor")
	return strongly(w, b, p)
}

func strongly(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) *recoverytest.Browser {
	w.TB.Helper()
	if p.Key == "" {
		return b.Submit("password", p.Password)
	}
	return b.Submit("code", secondCode(w, p))
}

func TestRule_ARecoveredPasswordIsNoFactorFor72Hours(t *testing.T) {
	for _, tc := range []struct {
		name    string
		after   time.Duration
		between func(t *testing.T, w *recoverytest.World, p *recoverytest.Person)
		want    bool
	}{
		{"at once", 0, nil, false},
		{"just before", 72*time.Hour - time.Second, nil, false},
		{"after 72 hours", 72 * time.Hour, nil, true},
		{"a full sign-in used it", time.Hour, func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
			t.Helper()
			enter(t, w, w.Browser(), p)
		}, true},
		{"a sign-in without the authenticator used it", time.Hour, func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
			t.Helper()
			b := w.Browser()
			b.Get("/").Submit("name", p.Name, "password", p.Password).Want("factor").Submit("method", "recovery_code").Submit("code", p.Codes[0])
			if !w.SignedIn(b) {
				t.Fatal("the recovery code does not sign in")
			}
		}, false},
		{"it was given, and no more", time.Hour, func(_ *testing.T, w *recoverytest.World, p *recoverytest.Person) {
			w.Browser().Get("/").Submit("name", p.Name, "password", p.Password).Want("factor")
		}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, alice := withFactor(t)
			alice.Password = "another horse battery"
			atNewPassword(t, w, alice).Submit("new_password", alice.Password).Want("sign-in")
			since := w.Clock.Now()
			if tc.between != nil {
				tc.between(t, w, alice)
			}
			change(t, w, "alice", func(a *recovery.Account) { a.Drop(recovery.RecoveryCode) }) // what would be enough without a password
			at(w, since.Add(tc.after))
			b := w.Browser()
			w.Ask(b, alice)
			if got := b.Want("choice").Offers("choice", "second_factor"); got != tc.want {
				t.Fatalf("second factor offered: got %v, want %v", got, tc.want)
			}
			hidden := b.Hidden("choice")
			hidden.Set("choice", "second_factor")
			if b.Post("/.sparekey/", hidden); (b.Status == 422) == tc.want {
				t.Errorf("second factor asked for: got status %d, page %q", b.Status, b.Page())
			}
		})
	}
	t.Run("password only: there is none to replace", func(t *testing.T) {
		w, alice := withoutFactor(t)
		b := w.Browser()
		w.Ask(b, alice)
		b.Want("new-password")
		hidden := b.Hidden("new_password")
		hidden.Set("choice", "second_factor")
		if b.Post("/.sparekey/", hidden); b.Page() == "enroll" || b.Status != 422 {
			t.Errorf("got page %q, status %d, want a refusal", b.Page(), b.Status)
		}
	})
}

func TestRule_OneCaseReplacesOneThing(t *testing.T) {
	password := func(a *recovery.Account) any { return a.Credential(recovery.Password).ID }
	factor := func(a *recovery.Account) any {
		if c := a.Credential(recovery.TOTP); c != nil {
			return c.ID
		}
		return ""
	}
	for _, tc := range []struct {
		name             string
		made             func(t *testing.T, options ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person)
		walk             func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser
		password, factor bool // replaced
	}{
		{"password", withFactor, atNewPassword, true, false},
		{"password, by somebody who has no factor", withoutFactor, func(_ *testing.T, w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
			b := w.Browser()
			w.Ask(b, p)
			return b.Want("new-password")
		}, true, false},
		{"second factor", withFactor, func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
			t.Helper()
			return atSMS(t, w, p).Submit("code", w.SMSCode(p)).Want("enroll")
		}, false, true},
		{"both, by a way of both", withFactor, func(_ *testing.T, w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
			b := w.Browser()
			w.Ask(b, p)
			return b.Want("choice").Submit("choice", "both").Want("factor").Submit("code", p.Codes[0]).Want("new-password")
		}, true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, alice := tc.made(t)
			before := account(t, w, "alice")
			b := tc.walk(t, w, alice)
			for b.Page() != "sign-in" {
				b = renew(w, b, alice)
			}
			after := account(t, w, "alice")
			if got := password(before) != password(after); got != tc.password {
				t.Errorf("password replaced: got %v, want %v", got, tc.password)
			}
			if got := factor(before) != factor(after); got != tc.factor {
				t.Errorf("second factor replaced: got %v, want %v", got, tc.factor)
			}
			enter(t, w, w.Browser(), alice)
		})
	}
}

// renew answers a page of a recovery that makes something new, and on each
// tries to get the other thing changed with it.
func renew(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) *recoverytest.Browser {
	w.TB.Helper()
	switch b.Page() {
	case "new-password":
		p.Password = "yet another horse battery"
		return b.Submit("new_password", p.Password, "choice", "both", "code", "saved")
	case "enroll":
		hidden := b.Hidden("code")
		hidden.Set("new_password", "smuggled horse battery")
		hidden.Set("choice", "both")
		b.Post("/.sparekey/", hidden).Want("enroll")
		w.Enrol(b, p)
		return b
	}
	w.TB.Fatalf("got page %q, want one that makes something new\n%s", b.Page(), b.Text())
	return b
}

func TestRule_HalfSignedInEnrolsOnlyWithoutFactor(t *testing.T) {
	kinds := []recovery.Kind{
		recovery.KindAddFactor, recovery.KindNewCodes, recovery.KindSetPIN, recovery.KindSetQuestion, recovery.KindChangeMail,
		recovery.KindAddContact, recovery.KindActivate, recovery.KindSetup,
	}
	for _, kind := range accounts() {
		t.Run(kind.name, func(t *testing.T) {
			w, alice := kind.made(t)
			b := w.Browser()
			b.Get("/").Submit("name", alice.Name, "password", alice.Password).Want("factor")
			flow := b.Hidden("code").Get("flow")
			before := account(t, w, "alice")
			for _, k := range kinds {
				b.Post("/.sparekey/", recoverytest.Fields("start", string(k), "name", "alice", "password", alice.Password))
				if b.Status < 400 && b.Page() != "sign-in" {
					t.Errorf("%s: got page %q, status %d, want to be sent away", k, b.Page(), b.Status)
				}
				b.Post("/.sparekey/", recoverytest.Fields("flow", flow, "start", string(k), "choice", "saved", "method", "totp", "new_password", "some other sentence"))
				if b.Page() == "enroll" || b.Page() == "codes" || b.Page() == "new-password" {
					t.Errorf("%s in the half-finished login: got page %q", k, b.Page())
				}
			}
			if after := account(t, w, "alice"); len(after.Credentials) != len(before.Credentials) || after.Generation != before.Generation {
				t.Errorf("the account changed: %d credentials, were %d", len(after.Credentials), len(before.Credentials))
			}
			// Signed in fully, both may.
			begin(w, enter(t, w, w.Browser(), alice), alice, recovery.KindAddFactor).Want("enroll")
		})
	}
}

// A policy whose only proof is short, with what the lint says of it at load
// and what the engine would do with it all the same.
func TestRule_SixDigitsNeverStandAlone(t *testing.T) {
	for _, proof := range []string{recovery.MailCode, recovery.SMSCode, recovery.PIN, recovery.SecurityQuestion} {
		for _, kind := range accounts() {
			t.Run(proof+", "+kind.name, func(t *testing.T) {
				way := lint.Way{Proofs: []string{proof}, WithoutFactor: kind.name == "password only", Line: "Caddyfile:1"}
				table := lint.Base()
				table.Ways[lint.GoalPassword] = []lint.Way{way, {Proofs: []string{recovery.MailLink, recovery.Factor}}}
				refused := slices.ContainsFunc(lint.Check(table), func(f lint.Finding) bool {
					return f.Severity == lint.Error && slices.Contains(f.Ways, way.String())
				})
				if !refused {
					t.Errorf("the lint lets the way %q be loaded", way)
				}
				w, alice := kind.made(t, recoverytest.WithPolicy(func(p *recovery.Policy) {
					p.Ways = map[recovery.Goal][]recovery.Way{recovery.GoalPassword: {{Proofs: way.Proofs, WithoutFactor: way.WithoutFactor}}}
				}))
				b := w.Browser()
				b.Post("/.sparekey/", recoverytest.Fields("start", "recover", "name", alice.Name))
				if b.Page() != "refused" || len(w.Outbox.All()) != 0 {
					t.Errorf("got page %q and %d messages, want nothing to begin with", b.Page(), len(w.Outbox.All()))
				}
			})
		}
	}
	t.Run("in place of the mailed link", func(t *testing.T) {
		w, alice := withFactor(t)
		b := w.Browser()
		b.Get("/.sparekey/recover").Submit("name", alice.Name).Want("sent")
		for _, m := range []string{"mail_code", "sms_code", "totp", "pin", "question", "password"} {
			if b.Offers("method", m) {
				t.Errorf("the first page offers %s", m)
			}
			hidden := b.Hidden("code")
			hidden.Set("method", m)
			hidden.Set("code", recoverytest.TOTP(w, alice.Key))
			if b.Post("/.sparekey/", hidden); b.Status != 422 {
				t.Errorf("%s: got status %d, page %q, want 422", m, b.Status, b.Page())
			}
			b.Get("/.sparekey/?f=" + hidden.Get("flow")).Want("sent")
		}
	})
}

func TestRule_SMSIsNeverTheOnlyMethod(t *testing.T) {
	table := lint.Base()
	table.Ways[lint.GoalSecondFactor] = []lint.Way{{Proofs: []string{recovery.SMSCode}, Line: "Caddyfile:1"}}
	if !slices.ContainsFunc(lint.Check(table), func(f lint.Finding) bool { return f.Key == lint.KeySMSOnly && f.Severity == lint.Error }) {
		t.Error("the lint lets SMS be the only way")
	}
	for _, tc := range []struct {
		name string
		edit func(*recovery.Account)
		want string // offered beside it
	}{
		{"with codes", func(*recovery.Account) {}, "recovery_code"},
		{"without codes", func(a *recovery.Account) { a.Drop(recovery.RecoveryCode) }, "wait"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, alice := withFactor(t)
			change(t, w, "alice", tc.edit)
			if b := another(atSMS(t, w, alice)); !b.Offers("method", tc.want) {
				t.Errorf("the page asks for an SMS and does not offer %s\n%s", tc.want, b.Text())
			}
		})
	}
}

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

// notices lists the notices of an event to an address; empty: all.
func notices(w *recoverytest.World, to string, event recovery.EventName) []recovery.Message {
	return slices.DeleteFunc(w.Outbox.To(to, "notice"), func(m recovery.Message) bool { return m.Vars["event"] != string(event) })
}
