package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// adminWorld is an installation with alice, an administrator who is signed in, and
// robin.
type adminWorld struct {
	*recoverytest.World
	alice, robin *recoverytest.Person
	adminBrowser *recoverytest.Browser
	robinID      string // robin's
}

func newAdminWorld(t *testing.T, options ...recoverytest.Option) *adminWorld {
	t.Helper()
	o := &adminWorld{World: recoverytest.New(t, options...), alice: recoverytest.Alice(), robin: bob()}
	o.Setup(o.alice)
	o.Invite(o.robin)
	o.adminBrowser = o.Browser()
	o.SignIn(o.adminBrowser, o.alice, "/")
	r, err := o.Engine.Find(t.Context(), o.robin.Name)
	if err != nil {
		t.Fatal(err)
	}
	o.robinID = r.ID
	return o
}

// ask fills in the form of robin's page and ends before the strong proof.
func (o *adminWorld) ask(lost string) *recoverytest.Browser {
	o.TB.Helper()
	o.Clock.Move(time.Minute)
	o.adminBrowser.Get("/.sparekey/people/" + o.robinID + "?do=case").Want("person")
	return o.adminBrowser.Submit("reason", "stood before me with a passport", "choice", lost).Want("factor")
}

// What the page of a person asks for is asked once.
func TestCaseIsOpenedByOneFormAndAStrongProof(t *testing.T) {
	o := newAdminWorld(t)
	o.ask("second_factor").Submit("code", recoverytest.TOTP(o.World, o.alice.Key)).Want("person")
	if o.adminBrowser.Status != 200 || !strings.Contains(o.adminBrowser.URL.RawQuery, "case_sent") {
		t.Fatalf("got status %d at %s, want the case to be sent", o.adminBrowser.Status, o.adminBrowser.URL)
	}
	m := o.Outbox.Last(t, o.robin.Mail, "admin-case")
	if m.Vars["reason"] != "stood before me with a passport" {
		t.Errorf("got reason %q, want the one of the form", m.Vars["reason"])
	}
}

// A recovery code that was the strong proof is used up, whatever for.
func TestTK03_ARecoveryCodeOpensOneCaseOnly(t *testing.T) {
	o := newAdminWorld(t)
	code := o.alice.Codes[0]
	o.ask("second_factor").Submit("method", "recovery_code").Want("factor").Submit("code", code).Want("person")
	o.ask("second_factor").Submit("method", "recovery_code").Want("factor").Submit("code", code).Want("factor")
	if n := o.Events.Count(recovery.EventCaseOpened); n != 1 {
		t.Errorf("got %d cases opened by one code, want 1", n)
	}
}

func TestTK03_ARecoveryCodeVouchesOnce(t *testing.T) {
	o := newAdminWorld(t)
	change(t, o.World, "robin", func(a *recovery.Account) {
		a.TrustedContacts = []recovery.TrustedContact{{ID: idOf(o, "alice"), Name: "alice"}}
	})
	vouch := func() *recoverytest.Browser {
		robin := o.Browser()
		o.Ask(robin, o.robin)
		robin.Want("choice").Submit("choice", "both").Want("factor").Submit("method", "contact").Want("factor")
		spoken := strings.Join(robin.All("spoken"), "")
		return o.adminBrowser.Get("/.sparekey/account/approve").Submit("code", spoken).Want("factor").
			Submit("method", "recovery_code").Want("factor").Submit("code", o.alice.Codes[1])
	}
	change(t, o.World, "robin", func(a *recovery.Account) { // two are needed for the way to be offered
		a.TrustedContacts = append(a.TrustedContacts, recovery.TrustedContact{ID: "somebody else", Name: "carol"})
	})
	vouch().Want("confirm").Submit("choice", "approve").Want("account")
	vouch().Want("factor")
	if n := o.Events.Count(recovery.EventVouched); n != 1 {
		t.Errorf("got %d approvals by one code, want 1", n)
	}
}

func idOf(o *adminWorld, name string) string {
	a, err := o.Engine.Find(o.TB.Context(), name)
	if err != nil {
		o.TB.Fatal(err)
	}
	return a.ID
}

// Nobody opens a case for themselves, however they spell it, and nobody else
// learns by trying who there is (AD-02, AD-05).
func TestAD05_NobodyOpensTheirOwnCase(t *testing.T) {
	o := newAdminWorld(t)
	for _, name := range []string{"alice", "ALICE", "alice@example.org", "+41 79 123 45 67", idOf(o, "alice")} {
		t.Run(name, func(t *testing.T) {
			o.adminBrowser.Post("/.sparekey/", recoverytest.Fields("start", "open_case", "name", name, "reason", "lost my phone"))
			if o.adminBrowser.Status != 422 {
				t.Errorf("got status %d, page %q, want 422", o.adminBrowser.Status, o.adminBrowser.Page())
			}
			if !strings.Contains(o.adminBrowser.Text(), "your own account") {
				t.Errorf("got %q, want to be told why", o.adminBrowser.Text())
			}
		})
	}
	plain := o.Browser()
	o.SignIn(plain, o.robin, "/")
	answers := map[string]bool{}
	for _, name := range []string{"alice", "robin", "nobody-at-all"} {
		plain.Post("/.sparekey/", recoverytest.Fields("start", "open_case", "name", name, "reason", "lost my phone")).Want("refused")
		answers[plain.Find("problem")] = true
	}
	if len(answers) != 1 {
		t.Errorf("got the answers %v, want one for everybody", answers)
	}
	if n := o.Events.Count(recovery.EventCaseOpened); n != 0 {
		t.Errorf("got %d cases, want none", n)
	}
}

// Without the form of a person's page the flow asks for what is in it.
func TestCaseWithoutItsFormAsksForIt(t *testing.T) {
	o := newAdminWorld(t)
	o.adminBrowser.Post("/.sparekey/", recoverytest.Fields("start", "open_case")).Want("factor")
	o.Clock.Move(time.Minute)
	o.adminBrowser.Submit("code", recoverytest.TOTP(o.World, o.alice.Key)).Want("confirm")
	o.adminBrowser.Submit("name", "robin", "choice", "password", "reason", "no").Want("confirm")
	o.adminBrowser.Submit("name", "alice", "choice", "password", "reason", "lost my phone").Want("confirm")
	o.adminBrowser.Submit("name", "robin", "choice", "password", "reason", "lost the phone").Want("person")
	o.Outbox.Last(t, o.robin.Mail, "admin-case")
}

// The form of a case says whom and why at once: the proof is all that is asked
// for then.
func TestACaseIsOpenedFromThePage(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	r, err := w.Engine.Find(t.Context(), robin.Name)
	if err != nil {
		t.Fatal(err)
	}
	admin := w.Browser()
	w.SignIn(admin, alice, "/")
	admin.Get("/.sparekey/people/"+r.ID).Want("person").Post("/.sparekey/", recoverytest.Fields(
		"start", "open_case", "name", r.ID, "choice", "password", "reason", "called me, I know the voice")).Want("factor")
	if n := len(w.Outbox.To(robin.Mail, "admin-case")); n != 0 {
		t.Fatalf("got %d mails before the proof", n)
	}
	w.Clock.Move(time.Minute)
	admin.Submit("code", recoverytest.TOTP(w, alice.Key)).Want("person")
	if got := w.Outbox.Last(t, robin.Mail, "admin-case").Vars["reason"]; got != "called me, I know the voice" {
		t.Errorf("got reason %q", got)
	}
	if n := w.Events.Count(recovery.EventCaseOpened); n != 1 {
		t.Errorf("got %d cases, want 1", n)
	}

	// Asked one after the other, as a form without the fields does, every step has its page.
	w.Clock.Move(time.Minute)
	admin.Post("/.sparekey/", recoverytest.Fields("start", "open_case")).Want("factor").Submit("code", recoverytest.TOTP(w, alice.Key)).Want("confirm")
	admin.Submit("name", robin.Name, "reason", "x", "choice", "password").Want("confirm")
	if values, marked := inputs(t, admin); admin.Status != 422 || !slices.Equal(marked, []string{"reason"}) || !slices.Equal(values["reason"], []string{"x"}) {
		t.Errorf("got status %d, marked %q, kept %q", admin.Status, marked, values["reason"])
	}
	admin.Submit("name", robin.Name, "reason", "was here in person", "choice", "password").Want("person")
	if n := w.Events.Count(recovery.EventCaseOpened); n != 2 {
		t.Errorf("got %d cases, want 2", n)
	}
}

// Who may not open a case learns nothing about the person named.
func TestACaseTellsOthersNothing(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	a, err := w.Engine.Find(t.Context(), alice.Name)
	if err != nil {
		t.Fatal(err)
	}
	b := w.Browser()
	w.SignIn(b, robin, "/")
	for _, id := range []string{a.ID, strings.Repeat("A", 22)} {
		b.Post("/.sparekey/", recoverytest.Fields("start", "open_case", "name", id, "reason", "x")).Want("refused")
		if got := b.Find("problem"); got != "That isn’t possible here. Use another way, or ask for help." {
			t.Errorf("%s: got %q", id, got)
		}
	}
}
