package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// Every kind of token at every place that takes one: it works where it belongs
// and nowhere else.
func TestA10_TokensWorkWhereTheyBelong(t *testing.T) {
	uses := map[string]func(w *recoverytest.World, b *recoverytest.Browser, token string) bool{
		"mailed link": func(_ *recoverytest.World, b *recoverytest.Browser, token string) bool {
			b.Post("/.sparekey/", recoverytest.Fields("code", token))
			return b.Page() == "choice" || b.Page() == "new-password"
		},
		"activation": func(_ *recoverytest.World, b *recoverytest.Browser, token string) bool {
			return b.Post("/.sparekey/", recoverytest.Fields("start", "activate", "code", token)).Page() == "new-password"
		},
		"set-up": func(_ *recoverytest.World, b *recoverytest.Browser, token string) bool {
			b.Post("/.sparekey/", recoverytest.Fields("start", "setup", "code", token))
			return b.Status < 400
		},
		"stop": func(w *recoverytest.World, b *recoverytest.Browser, token string) bool {
			b.Post("/.sparekey/stop", recoverytest.Fields("code", token))
			return b.Status < 400
		},
		"vouching": func(w *recoverytest.World, _ *recoverytest.Browser, token string) bool {
			robin := w.Browser()
			w.SignIn(robin, &recoverytest.Person{Name: "robin", Password: bob().Password, Key: robinsKey}, "/")
			robin.Post("/.sparekey/", recoverytest.Fields("start", "approve_contact", "code", token))
			return robin.Page() == "factor"
		},
	}
	belongs := map[string][]string{
		"recovery": {"mailed link"}, "rescue": {"mailed link"}, "invitation": {"mailed link", "activation"}, "stop": {"stop"}, "appeal": {"vouching"},
		"in person": {"mailed link"},
	}
	for kind, places := range belongs {
		for place, use := range uses {
			t.Run(kind+" at "+place, func(t *testing.T) {
				w := recoverytest.New(t)
				b, token := tokenOf(t, w, kind)
				want := false
				for _, p := range places {
					want = want || p == place
				}
				if got := use(w, b, token); got != want {
					t.Errorf("got accepted %v, want %v: status %d, page %q", got, want, b.Status, b.Page())
				}
			})
		}
	}
}

var robinsKey string //nolint:gochecknoglobals // of the test above; its cases run one after the other

// tokenOf makes a token of a kind, and the browser it is bound to.
func tokenOf(t *testing.T, w *recoverytest.World, kind string) (*recoverytest.Browser, string) {
	t.Helper()
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	robinsKey = robin.Key
	b := w.Browser()
	switch kind {
	case "recovery":
		b.Get("/.sparekey/recover").Submit("name", "alice").Want("sent")
		return b, recoverytest.Link(t, w.Outbox.Last(t, alice.Mail, "recover-code"))
	case "rescue":
		token, err := w.Engine.RescueLink(t.Context(), "alice")
		if err != nil {
			t.Fatal(err)
		}
		return b, token
	case "invitation":
		_, token, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "newby"})
		if err != nil {
			t.Fatal(err)
		}
		return b, token
	case "in person":
		w.Policy.Ways[recovery.GoalPassword] = []recovery.Way{{Proofs: []string{recovery.AdminInPerson}}}
		w.Reload()
		boss := w.Browser()
		w.SignIn(boss, alice, "/")
		w.Clock.Move(time.Minute)
		boss.Post("/.sparekey/", recoverytest.Fields("start", "open_case", "name", "robin", "reason", "stood before me", "choice", "password"))
		boss.Want("factor").Submit("code", recoverytest.TOTP(w, alice.Key)).Want("confirm")
		token := strings.Join(boss.All("spoken"), "")
		boss.Submit("choice", "saved").Want("person")
		return b, token
	case "stop":
		w.LostPhone(w.Browser(), alice)
		_, token, _ := strings.Cut(w.Outbox.Last(t, alice.Mail, "notice").Vars["stop"], "?t=")
		return b, token
	}
	change(t, w, "alice", func(a *recovery.Account) {
		r, err := w.Engine.Find(t.Context(), "robin")
		if err != nil {
			t.Fatal(err)
		}
		a.TrustedContacts = []recovery.TrustedContact{{ID: r.ID, Name: "robin"}, {ID: r.ID, Name: "robin"}}
		a.Drop(recovery.RecoveryCode)
	})
	w.Ask(b, alice)
	b.Submit("choice", "both").Want("factor")
	return b, strings.Join(b.All("spoken"), "")
}

func TestA19_NoTokenInAnyAddress(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	b.Get("/.sparekey/recover").Submit("name", "alice").Want("sent")
	token := recoverytest.Link(t, w.Outbox.Last(t, alice.Mail, "recover-code"))
	_, secretPart, _ := strings.Cut(token, ".")
	b.Get("/.sparekey/link").Want("confirm").Submit("code", token).Want("choice")
	for _, where := range []string{b.URL.String(), b.Body, b.Answer.Get("Location"), b.Answer.Get("Set-Cookie")} {
		if strings.Contains(where, secretPart) {
			t.Errorf("the token shows in %.200q", where)
		}
	}
}

func TestA23_ANewPasswordEndsTheOthersOnEveryNode(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	node := w.Node()
	here, there := w.Browser(), w.Browser()
	w.SignIn(there, alice, "/")
	w.SignIn(here, alice, "/")
	old := there.Cookie("sparekey").Value
	for _, n := range []*recoverytest.World{w, node} {
		if !n.Guard.Check(t.Context(), guard.Question{Cookie: old}).OK() {
			t.Fatal("not signed in before")
		}
	}
	here.Post("/.sparekey/", recoverytest.Fields("start", "change_password")).Want("factor").Submit("password", alice.Password).Want("factor")
	w.Clock.Move(time.Minute)
	here.Submit("code", recoverytest.TOTP(w, alice.Key)).Want("new-password").Submit("new_password", "another horse battery").Want("account")
	for i, n := range []*recoverytest.World{w, node} {
		if n.Guard.Check(t.Context(), guard.Question{Cookie: old}).OK() {
			t.Errorf("node %d: the other browser is still signed in", i)
		}
	}
}

func TestA36_SMSAreCountedAndOnlyForTheStoredNumber(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := atSMS(t, w, alice)
	for range 6 {
		b.Submit("method", "sms_code").Want("factor")
	}
	if n := len(w.Outbox.To(alice.Phone, "sms-code")); n != 3 {
		t.Errorf("got %d SMS in the hour, want 3", n)
	}
	b.Submit("code", "000000", "phone", "+41790000000").Want("factor")
	for _, m := range w.Outbox.To("", "sms-code") {
		if m.To != alice.Phone {
			t.Errorf("an SMS went to %s", m.To)
		}
	}
}

func TestAD05_AdministratorsCannotDoItToThemselves(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	a, err := w.Engine.Find(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	r, err := w.Engine.Find(t.Context(), "robin")
	if err != nil {
		t.Fatal(err)
	}
	boss, plain := w.Browser(), w.Browser()
	w.SignIn(boss, alice, "/")
	w.SignIn(plain, robin, "/")
	for _, tc := range []struct {
		name   string
		b      *recoverytest.Browser
		id     string
		fields []string
		status int
	}{
		{"oneself", boss, a.ID, []string{"choice", "disable", "reason", "because of this"}, 403},
		{"without a reason", boss, r.ID, []string{"choice", "unlock"}, 422},
		{"an action there is not", boss, r.ID, []string{"choice", "sudo", "reason", "because of this"}, 403},
		{"nobody", boss, strings.Repeat("A", 22), []string{"choice", "unlock", "reason", "because of this"}, 404},
		{"not an administrator", plain, a.ID, []string{"choice", "disable", "reason", "because of this"}, 404},
		{"not an administrator, nobody", plain, strings.Repeat("A", 22), []string{"choice", "disable", "reason", "because of this"}, 404},
		{"a password", boss, r.ID, []string{"choice", "unlock", "reason", "because of this", "new_password", "another horse battery"}, 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.b.Post("/.sparekey/people/"+tc.id, recoverytest.Fields(tc.fields...))
			if tc.b.Status != tc.status {
				t.Errorf("got status %d, page %q, want %d", tc.b.Status, tc.b.Page(), tc.status)
			}
		})
	}
	w.SignIn(w.Browser(), robin, "/") // the password posted by the administrator changed nothing

	w.Clock.Move(11 * time.Minute)
	boss.Post("/.sparekey/people/"+r.ID, recoverytest.Fields("choice", "disable", "reason", "has left the house")).Want("factor")
	w.Clock.Move(time.Minute)
	boss.Submit("code", recoverytest.TOTP(w, alice.Key)).Want("person")
	boss.Post("/.sparekey/people/"+r.ID, recoverytest.Fields("choice", "disable", "reason", "has left the house")).Want("person")
	if w.SignedIn(plain) {
		t.Error("a disabled person is still signed in")
	}
}

// Disabling and enabling must not be a way around a freeze.
func TestEnablingGivesBackWhatWas(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	disable(t, w, "robin", recovery.StateFrozen)
	boss := w.Browser()
	w.SignIn(boss, alice, "/")
	r, err := w.Engine.Find(t.Context(), "robin")
	if err != nil {
		t.Fatal(err)
	}
	for _, do := range []string{"disable", "enable"} {
		boss.Post("/.sparekey/people/"+r.ID, recoverytest.Fields("choice", do, "reason", "has left the house")).Want("person")
	}
	if r, err = w.Engine.Find(t.Context(), "robin"); err != nil || r.State != recovery.StateFrozen {
		t.Errorf("got state %q, %v, want frozen", r.State, err)
	}
}

func TestMF19_SomebodyElsesAddressCannotBeTaken(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	w.Clock.Move(time.Minute)
	b.Post("/.sparekey/", recoverytest.Fields("start", "change_mail")).Want("factor").Submit("code", recoverytest.TOTP(w, alice.Key)).Want("confirm")
	b.Submit("mail", robin.Mail).Want("confirm")
	b.Submit("code", w.Outbox.Last(t, robin.Mail, "contact-code").Vars["code"])
	if b.Status != 422 {
		t.Errorf("got status %d, page %q, want 422", b.Status, b.Page())
	}
	a, err := w.Engine.Find(t.Context(), "alice")
	if err != nil || len(a.Addresses) != 2 || a.Addresses[0].Value != alice.Mail || !a.Addresses[0].ValidUntil.IsZero() {
		t.Errorf("the account changed: %+v, %v", a.Addresses, err)
	}
}
