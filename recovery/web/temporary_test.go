package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

func temporaryOn(p *recovery.Policy) { p.TemporaryPassword = true }

// mailTemporary has a temporary password mailed to robin, and returns it.
func (o *adminWorld) mailTemporary() string {
	o.TB.Helper()
	o.ask("temporary").Submit("code", recoverytest.TOTP(o.World, o.alice.Key)).Want("person")
	if !strings.Contains(o.adminBrowser.URL.RawQuery, "temporary_sent") {
		o.TB.Fatalf("got %s, want to be told that it was sent\n%s", o.adminBrowser.URL, o.adminBrowser.Text())
	}
	o.Clock.Move(30 * time.Second)
	return o.Outbox.Last(o.TB, o.robin.Mail, "temporary-password").Vars["code"]
}

// signsIn types a password in a browser.
func (o *adminWorld) signsIn(b *recoverytest.Browser, password string) *recoverytest.Browser {
	o.TB.Helper()
	return b.Get("/").Want("sign-in").Submit("name", o.robin.Name, "password", password)
}

const robinsNext = "elmyfish9 and another one"

// TestTemporaryPassword: its sign-in asks the factor where no factor is asked else,
// then a new password, and is signed in. It works once; the old password until then.
func TestTemporaryPassword(t *testing.T) {
	t.Parallel()
	o := newAdminWorld(t, recoverytest.WithPolicy(temporaryOn))
	b := trusting(o.World, o.Browser(), o.robin)
	typed := o.mailTemporary()
	if o.SignedIn(b) || !toldOf(o.World, o.robin.Mail, recovery.EventTemporarySent) {
		t.Error("want the sign-ins of robin to end, and robin told")
	}
	o.signsIn(b, typed).Want("factor").Submit("code", recoverytest.TOTP(o.World, o.robin.Key)).Want("new-password")
	// Left here: the old password still works, as far as the factor, and so does this one.
	o.signsIn(o.Browser(), o.robin.Password).Want("factor")
	o.Clock.Move(20 * time.Minute)
	again := o.Browser()
	o.signsIn(again, strings.ToLower(strings.ReplaceAll(typed, "-", " "))).Want("factor").Submit("code", recoverytest.TOTP(o.World, o.robin.Key)).Want("new-password")
	if got := again.Submit("new_password", typed).Want("new-password").Text(); !strings.Contains(got, "what you were sent") {
		t.Errorf("got %q, want to be told that it is to go", got)
	}
	again.Submit("new_password", robinsNext)
	if !o.SignedIn(again) {
		t.Fatalf("got status %d at %s, want to be signed in\n%s", again.Status, again.URL, again.Text())
	}
	a := account(t, o.World, o.robin.Name)
	if c := a.Credential(recovery.Password); !c.NoProofUntil.Equal(o.Clock.Now().Add(72 * time.Hour)) {
		t.Errorf("the new password is barred until %v, want 72 hours from now", c.NoProofUntil)
	}
	if got := recovery.MethodLine(a.Sessions[0].Proofs); len(a.Sessions) != 1 || got != "admin totp" {
		t.Errorf("got %d sessions, shown %q, want one by admin and totp", len(a.Sessions), got)
	}
	for name, password := range map[string]string{"the temporary one": typed, "the old one": o.robin.Password} {
		o.signsIn(o.Browser(), password).Want("sign-in")
		if t.Failed() {
			t.Fatalf("%s still works", name)
		}
	}
	o.signsIn(o.Browser(), robinsNext).Want("factor")
}

// TestTemporaryPasswordIsRefused wherever it is not the sign-in of its person, today.
func TestTemporaryPasswordIsRefused(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		before func(t *testing.T, o *adminWorld)
	}{
		"after a day":                   {before: func(_ *testing.T, o *adminWorld) { o.Clock.Move(24 * time.Hour) }},
		"a newer one replaced it":       {before: func(_ *testing.T, o *adminWorld) { o.mailTemporary() }},
		"its owner has signed in since": {before: func(_ *testing.T, o *adminWorld) { signIn(o.World, o.Browser(), o.robin) }},
		"its owner closed the account": {before: func(t *testing.T, o *adminWorld) {
			closes(t, o.World, o.robin.Mail)
		}},
		"the operator wants none now": {before: func(_ *testing.T, o *adminWorld) { o.Policy.TemporaryPassword = false }},
		"disabled":                    {before: func(t *testing.T, o *adminWorld) { disable(t, o.World, o.robin.Name, recovery.StateDisabled) }},
		"another name":                {before: func(_ *testing.T, o *adminWorld) { o.robin.Name = o.alice.Name }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newAdminWorld(t, recoverytest.WithPolicy(temporaryOn))
			typed := o.mailTemporary()
			x.before(t, o)
			b := o.signsIn(o.Browser(), typed).Want("sign-in")
			if b.Status != 422 {
				t.Errorf("got status %d, want 422", b.Status)
			}
		})
	}
}

// TestAD01_ATemporaryPasswordGivenUpIsTold to its owner: whoever typed it on an unknown
// browser had the mailbox, and not the second factor. Turned off, it ends in its flow.
func TestAD01_ATemporaryPasswordGivenUpIsTold(t *testing.T) {
	t.Parallel()
	o := newAdminWorld(t, recoverytest.WithPolicy(temporaryOn))
	b := o.Browser()
	o.signsIn(b, o.mailTemporary()).Want("factor")
	o.Policy.TemporaryPassword = false
	if b.Submit("code", recoverytest.TOTP(o.World, o.robin.Key)); b.Page() == "new-password" {
		t.Error("goes on although the operator wants none now")
	}
	o.Clock.Move(time.Hour)
	pay(t, o.World)
	if !toldOf(o.World, o.robin.Mail, recovery.EventGivenUp) {
		t.Error("robin did not hear of it")
	}
}

// TestATemporaryPasswordIsNoPassword where one is proved, and no link.
func TestATemporaryPasswordIsNoPassword(t *testing.T) {
	t.Parallel()
	o := newAdminWorld(t, recoverytest.WithPolicy(temporaryOn))
	typed := o.mailTemporary()
	b := o.Browser()
	b.Post("/.sparekey/", recoverytest.Fields("code", typed))
	if b.Status == 200 {
		t.Errorf("as the code of a link: got status 200\n%s", b.Text())
	}
	lost := o.Browser()
	o.Ask(lost, o.robin)
	lost.Want("choice").Submit("choice", "second_factor").Want("factor").Submit("password", typed).Want("factor")
	// Without a second factor a sign-in is no act of the owner, and ends no ticket.
	o.Policy.FactorFor = []string{recovery.GroupAdmins}
	change(t, o.World, o.robin.Name, func(a *recovery.Account) {
		a.Drop(recovery.TOTP)
		a.SecondFactor = false
	})
	typed = o.mailTemporary()
	signed := o.Browser()
	o.signsIn(signed, o.robin.Password).Want("factor").Submit("code", o.Outbox.Last(t, o.robin.Mail, "mail-code").Vars["code"])
	signed.Get("/.sparekey/account/sign-in").Want("account-sign-in")
	signed.Post("/.sparekey/", recoverytest.Fields("start", "change_password")).Want("factor").Submit("password", typed).Want("factor")
	o.signsIn(o.Browser(), typed).Want("new-password") // it was good all the time
	if n := o.Events.Count(recovery.EventPasswordReset) + o.Events.Count(recovery.EventPasswordChanged); n != 0 {
		t.Errorf("got %d new passwords, want none", n)
	}
}

// TestATemporaryPasswordIsMailedWhereCodesAreHandedOver beside other cases, and goes to
// nobody whom it would lead nowhere.
func TestATemporaryPasswordIsMailedWhereCodesAreHandedOver(t *testing.T) {
	t.Parallel()
	o := newAdminWorld(t, recoverytest.WithPolicy(temporaryOn), recoverytest.WithPolicy(func(p *recovery.Policy) {
		p.Ways[recovery.GoalBoth] = nil
		p.Ways[recovery.GoalPassword] = []recovery.Way{{Proofs: []string{recovery.Admin, recovery.Factor}}, {Proofs: []string{recovery.AdminInPerson, recovery.Factor}}}
	}))
	o.signsIn(o.Browser(), o.mailTemporary()).Want("factor")
	change(t, o.World, o.robin.Name, func(a *recovery.Account) {
		a.Drop(recovery.TOTP)
		a.SecondFactor = false
	})
	sent := len(o.Outbox.To(o.robin.Mail, "temporary-password"))
	o.adminBrowser.Get("/.sparekey/people/"+o.robinID+"?do=case").Want("person").Submit("reason", "called me", "choice", "temporary")
	if o.adminBrowser.Status != 422 || len(o.Outbox.To(o.robin.Mail, "temporary-password")) != sent {
		t.Errorf("without a second factor no way leads on: got status %d, want 422 and no mail", o.adminBrowser.Status)
	}
}

// TestEN02_ATemporaryPasswordDoesNotShow in the answer to a wrong one.
func TestEN02_ATemporaryPasswordDoesNotShow(t *testing.T) {
	t.Parallel()
	o := newAdminWorld(t, recoverytest.WithPolicy(temporaryOn))
	typed := o.mailTemporary()
	answer := func(name, password string) string {
		b := o.Browser().Get("/").Want("sign-in").Submit("name", name, "password", password).Want("sign-in")
		return strings.ReplaceAll(b.Text(), name, "NAME")
	}
	for _, password := range []string{typed + "X", "wrong horse staple", strings.Repeat("A", 16)} {
		if with, without := answer(o.robin.Name, password), answer("nobody", password); with != without {
			t.Errorf("got %q and %q, want one answer", with, without)
		}
	}
}

// TestATemporaryPasswordIsOff unless the operator wants it.
func TestATemporaryPasswordIsOff(t *testing.T) {
	t.Parallel()
	o := newAdminWorld(t)
	o.adminBrowser.Get("/.sparekey/people/"+o.robinID+"?do=case").Want("person").Submit("reason", "called me", "choice", "temporary")
	if o.adminBrowser.Status != 422 || len(o.Outbox.To(o.robin.Mail, "temporary-password")) != 0 {
		t.Errorf("got status %d, want 422 and no mail", o.adminBrowser.Status)
	}
}

// TestTH03_ATemporaryPasswordIsTriedLikeAPassword: it is charged before it is looked
// at, and waits like one.
func TestTH03_ATemporaryPasswordIsTriedLikeAPassword(t *testing.T) {
	t.Parallel()
	o := newAdminWorld(t, recoverytest.WithPolicy(temporaryOn))
	typed := o.mailTemporary()
	b := o.Browser()
	for range 8 {
		o.signsIn(b, "wrong horse staple")
	}
	if o.signsIn(b, typed).Want("slow-down"); b.Status != 429 {
		t.Errorf("got status %d, want 429: nothing is looked at while it waits", b.Status)
	}
	o.Clock.Move(time.Hour)
	o.signsIn(b, typed).Want("factor")
}

// TestAD05_ATemporaryPasswordWaitsForASecondAdministrator who agrees: then it is mailed.
func TestAD05_ATemporaryPasswordWaitsForASecondAdministrator(t *testing.T) {
	t.Parallel()
	w, alice, robin, admin := twoAdmins(t, recoverytest.WithPolicy(secondAdmin), recoverytest.WithPolicy(temporaryOn))
	carol := newcomer("carol")
	w.Invite(carol)
	path := "/.sparekey/people/" + account(t, w, "carol").ID
	w.Clock.Move(time.Minute)
	admin.Get(path+"?do=case").Want("person").Submit("reason", "forgot it", "choice", "temporary").Want("factor").Submit("code", recoverytest.TOTP(w, alice.Key)).Want("person")
	if len(w.Outbox.To(carol.Mail, "temporary-password")) != 0 {
		t.Fatal("mailed before another administrator has agreed")
	}
	b := signIn(w, w.Browser(), robin)
	b.Get(path).Want("person")
	b.Post(path, recoverytest.Fields("choice", answer(b, "agree:"))).Want("person")
	typed := w.Outbox.Last(t, carol.Mail, "temporary-password").Vars["code"]
	w.Browser().Get("/").Submit("name", "carol", "password", typed).Want("factor")
}
