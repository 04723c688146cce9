package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

const robinsNew = "robin@new.example"

// correct fills in the form of robin's page.
func (o *adminWorld) correct(mail, reason string) *recoverytest.Browser {
	o.TB.Helper()
	return o.adminBrowser.Get("/.sparekey/people/"+o.robinID).Want("person").Post("/.sparekey/people/"+o.robinID, recoverytest.Fields("choice", "correct_mail", "mail", mail, "reason", reason))
}

// asks begins a recovery for robin and returns who gets the mail.
func (o *adminWorld) asks() []string {
	o.TB.Helper()
	before := len(o.Outbox.To("", "recover-code"))
	o.Browser().Get("/.sparekey/recover").Submit("name", "robin").Want("sent")
	var to []string
	for _, m := range o.Outbox.To("", "recover-code")[before:] {
		to = append(to, m.To)
	}
	return to
}

// An address an administrator gives counts like any new one: after 72 hours,
// in which the old one is used, told, and may take it back (MF-19).
func TestMF19_AnAddressGivenByAnAdministratorCountsAfter72Hours(t *testing.T) {
	for _, tc := range []struct {
		name string
		wait time.Duration
		want string
	}{
		{"at once", 0, "robin@example.org"},
		{"a second before", 72*time.Hour - time.Second, "robin@example.org"},
		{"after 72 hours", 72 * time.Hour, robinsNew},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newAdminWorld(t)
			if o.correct(robinsNew, "left the company with the old mailbox").Want("person"); o.adminBrowser.Status != 200 {
				t.Fatalf("got status %d: %s", o.adminBrowser.Status, o.adminBrowser.Text())
			}
			if n := len(o.Outbox.To(robinsNew, "")); n != 0 {
				t.Errorf("got %d messages to an address nobody has proved", n)
			}
			if got := o.Outbox.Last(t, o.robin.Mail, "notice").Vars["event"]; got != string(recovery.EventContactChanged) {
				t.Errorf("the old address was told %q", got)
			}
			o.Clock.Move(tc.wait)
			if got := o.asks(); len(got) != 1 || got[0] != tc.want {
				t.Errorf("got mail to %q, want to %s", got, tc.want)
			}
		})
	}
}

// The old address takes it back, which closes the account.
func TestMF19_TheOldAddressTakesACorrectionBack(t *testing.T) {
	o := newAdminWorld(t)
	o.correct(robinsNew, "said so on the phone").Want("person")
	b := o.Browser().Follow(o.Outbox.Last(t, o.robin.Mail, "notice").Vars["stop"]).Want("undo")
	b.Post("/.sparekey/stop", b.Hidden("")).Want("stop")
	a := account(t, o.World, "robin")
	if a.State != recovery.StateFrozen || a.Address(recovery.ChannelMail, o.Clock.Now().Add(100*time.Hour)) != o.robin.Mail {
		t.Errorf("got state %s, address in four days %q, want a closed account with the old one", a.State, a.Address(recovery.ChannelMail, o.Clock.Now().Add(100*time.Hour)))
	}
}

// Who has been invited to a wrong address gets the right one at once, and the
// wrong one holds nothing any more.
func TestAnInvitedPersonsAddressCountsAtOnce(t *testing.T) {
	o := newAdminWorld(t)
	who, token, err := o.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "newby", Mail: "typo@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	o.robinID = who.ID
	o.correct("newby@example.org", "the first one had a typing error").Want("person")
	if got := account(t, o.World, "newby").Address(recovery.ChannelMail, o.Clock.Now()); got != "newby@example.org" {
		t.Errorf("got address %q", got)
	}
	if o.Browser().Get("/.sparekey/link").Submit("code", token).Page() == "new-password" {
		t.Error("the invitation sent to the wrong address still opens the account")
	}
	o.adminBrowser.Post("/.sparekey/people/"+o.robinID, recoverytest.Fields("choice", "invite_again"))
	o.Outbox.Last(t, "newby@example.org", "invite")
}

func TestACorrectionIsRefusedAtItsForm(t *testing.T) {
	o := newAdminWorld(t)
	for _, tc := range []struct {
		name, mail, reason, says string
		status                   int
	}{
		{"no address", "robin", "said so on the phone", "mail address", 422},
		{"somebody else's", o.alice.Mail, "said so on the phone", "", 422},
		{"the one there is", o.robin.Mail, "said so on the phone", "have already", 422},
		{"no reason", robinsNew, "x", "reason", 422},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if o.correct(tc.mail, tc.reason); o.adminBrowser.Status != tc.status || o.adminBrowser.Page() != "person" || !strings.Contains(o.adminBrowser.Text(), tc.says) {
				t.Errorf("got status %d, page %q: %s", o.adminBrowser.Status, o.adminBrowser.Page(), o.adminBrowser.Text())
			}
			values, marked := inputs(t, o.adminBrowser)
			if len(marked) != 1 || len(values["mail"]) == 0 || values["mail"][0] != tc.mail {
				t.Errorf("got marked %q, kept %q", marked, values["mail"])
			}
		})
	}
	for name, edit := range map[string]func(*recovery.Account){
		"closed":   func(a *recovery.Account) { a.State = recovery.StateFrozen },
		"disabled": func(a *recovery.Account) { a.State, a.StateBefore = recovery.StateDisabled, recovery.StateActive },
	} {
		t.Run(name, func(t *testing.T) {
			o := newAdminWorld(t)
			change(t, o.World, "robin", edit)
			if o.correct(robinsNew, "said so on the phone"); o.adminBrowser.Status != 403 || len(account(t, o.World, "robin").Addresses) != 2 {
				t.Errorf("got status %d, contacts %v", o.adminBrowser.Status, account(t, o.World, "robin").Addresses)
			}
		})
	}
	t.Run("one's own", func(t *testing.T) {
		o := newAdminWorld(t)
		o.robinID = idOf(o, "alice")
		if o.adminBrowser.Post("/.sparekey/people/"+o.robinID, recoverytest.Fields("choice", "correct_mail", "mail", robinsNew, "reason", "it is mine")); o.adminBrowser.Status != 403 {
			t.Errorf("AD-05: got status %d, want 403", o.adminBrowser.Status)
		}
	})
}
