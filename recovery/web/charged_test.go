package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// A button that is pressed again and again sends nothing again: whoever has a
// password that was recovered lately cannot flood its owner with refusals.
func TestARefusalIsToldOnceAnHour(t *testing.T) {
	w, alice := withFactor(t)
	b := atNewPassword(t, w, alice)
	alice.Password = "another horse battery"
	b.Submit("new_password", alice.Password).Want("sign-in")
	change(t, w, "alice", func(a *recovery.Account) { a.Drop(recovery.RecoveryCode) })
	b = w.Browser()
	w.Ask(b, alice)
	form := b.Want("choice").Hidden("choice")
	form.Set("choice", "second_factor")
	for range 50 {
		if b.Post("/.sparekey/", form); b.Status != http.StatusUnprocessableEntity {
			t.Fatalf("got status %d, page %q, want to be refused: %s", b.Status, b.Page(), b.Text())
		}
	}
	for _, to := range []string{alice.Mail, alice.Phone} {
		if n := len(notices(w, to, recovery.EventRefused)); n != 1 {
			t.Errorf("got %d notices to %s, want 1", n, to)
		}
	}
	w.Clock.Move(time.Hour)
	pay(t, w)
	w.Clock.Move(-time.Minute)
	if n := len(notices(w, alice.Mail, recovery.EventRefused)); n != 1 {
		t.Errorf("got %d notices after an hour without another refusal, want 1", n)
	}
}

// Notices of one event are joined from the fourth of an hour on, texts from the
// second of a minute on, and none is lost: the last one is told when that is over.
func TestRepeatedNoticesAreJoined(t *testing.T) {
	o := newAdminWorld(t)
	path := "/.sparekey/people/" + o.robinID
	for range 50 {
		o.adminBrowser.Post(path, recoverytest.Fields("choice", "sign_out", "reason", "lost the laptop")).Want("person")
	}
	told := func(to string, want int) {
		t.Helper()
		if n := len(notices(o.World, to, recovery.EventSessionsEnded)); n != want {
			t.Errorf("got %d notices to %s, want %d", n, to, want)
		}
	}
	told(o.robin.Mail, 3)
	told(o.robin.Phone, 1)
	for range 5 { // whoever looks meanwhile tells nothing, and writes no line in the log
		o.Clock.Move(10 * time.Minute)
		pay(t, o.World)
	}
	told(o.robin.Mail, 3)
	if n := o.Events.Count(recovery.EventSessionsEnded); n != 50 {
		t.Errorf("got %d events, want 50", n)
	}
	for range 3 {
		o.Clock.Move(10 * time.Minute)
		pay(t, o.World)
	}
	told(o.robin.Mail, 4)
	told(o.robin.Phone, 2)
	if last := notices(o.World, o.robin.Mail, recovery.EventSessionsEnded)[3]; last.Vars["again"] == "" {
		t.Errorf("got %v, want to be told that it happened several times", last.Vars)
	}
}

// A number gets ten notices an hour, of whatever they speak, and the others
// later. Mails, which cost nothing, are not held back for it.
func TestTH08_NoticesToANumberAreBounded(t *testing.T) {
	o := newAdminWorld(t)
	before, path := len(o.Outbox.To(o.robin.Phone, "notice")), "/.sparekey/people/"+o.robinID
	mails := len(o.Outbox.To(o.robin.Mail, "notice"))
	for range 3 {
		for _, choice := range []string{"unlock", "disable", "enable", "sign_out"} {
			o.adminBrowser.Post(path, recoverytest.Fields("choice", choice, "reason", "lost the laptop")).Want("person")
		}
		o.Clock.Move(time.Minute) // or those of one event are one text
	}
	if n := len(o.Outbox.To(o.robin.Phone, "notice")) - before; n != 10 {
		t.Errorf("got %d texts in an hour, want 10", n)
	}
	if n := len(o.Outbox.To(o.robin.Mail, "notice")) - mails; n != 12 {
		t.Errorf("got %d mails, want all 12", n)
	}
	for range 8 {
		o.Clock.Move(10 * time.Minute)
		pay(t, o.World)
	}
	if n := len(o.Outbox.To(o.robin.Phone, "notice")) - before; n != 12 {
		t.Errorf("got %d texts in the end, want all 12", n)
	}
}

// What administrators have mailed is counted too. A link that is not mailed is
// shown, and a case that cannot be mailed is not opened.
func TestAdministratorsMailsAreCounted(t *testing.T) {
	o := newAdminWorld(t)
	_, _, err := o.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "carol", Mail: "carol@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	path := "/.sparekey/people/" + account(t, o.World, "carol").ID
	for range 20 {
		o.adminBrowser.Post(path, recoverytest.Fields("choice", "invite_again")).Want("invite")
	}
	if n := len(o.Outbox.To("carol@example.org", "invite")); n != 3 {
		t.Errorf("got %d invitations mailed, want 3", n)
	}
	if !strings.Contains(o.adminBrowser.Text(), "activate?by=") {
		t.Errorf("got %q, want the link to be shown", o.adminBrowser.Text())
	}
	for range 3 {
		o.ask("both").Submit("code", recoverytest.TOTP(o.World, o.alice.Key)).Want("person")
	}
	o.adminBrowser.Get("/.sparekey/people/"+o.robinID+"?do=case").Submit("reason", "stood before me", "choice", "both").Want("slow-down")
	if n := len(o.Outbox.To(o.robin.Mail, "admin-case")); n != 3 {
		t.Errorf("got %d cases mailed, want 3", n)
	}
}
