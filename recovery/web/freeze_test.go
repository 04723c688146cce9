package web_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// caseFor has the administrator open a case, and returns a browser that has
// opened its link and proved the mailbox.
func caseFor(t *testing.T, w *recoverytest.World, admin, p *recoverytest.Person) *recoverytest.Browser {
	t.Helper()
	b := w.Browser()
	w.SignIn(b, admin, "/")
	w.Clock.Move(time.Hour) // mails are counted
	b.Post("/.sparekey/", recoverytest.Fields("start", "open_case", "name", p.Name, "choice", "second_factor", "reason", "called me, I know the voice")).
		Want("factor").Submit("code", recoverytest.TOTP(w, admin.Key)).Want("person")
	b = w.Browser()
	b.Get("/.sparekey/link").Want("confirm").Submit("code", recoverytest.Link(t, w.Outbox.Last(t, p.Mail, "admin-case")))
	if b.Page() == "factor" {
		b.Submit("method", "mail_link").Want("sent").Submit("code", w.MailCode(p))
	}
	return b
}

// closes presses "this wasn't me" in the newest notice to an address.
func closes(t *testing.T, w *recoverytest.World, address string) {
	t.Helper()
	b := w.Browser()
	b.Follow(w.Outbox.Last(t, address, "notice").Vars["stop"]).Want("stop")
	b.Post("/.sparekey/stop", b.Hidden("")).Want("stop")
}

// The crawl found it: whoever reads the mailbox gets the notice of a case as
// well as its link. Closing the account with the notice and having the case
// opened again must not be quicker than the case alone.
func TestFreezingDoesNotShortenAnAdministratorsCase(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	caseFor(t, w, alice, robin).Want("choice")
	closes(t, w, robin.Mail)
	caseFor(t, w, alice, robin).Want("factor").Submit("method", "wait").Want("wait").Submit("choice", "wait").Want("wait")
	w.Clock.Move(21 * time.Hour)
	caseFor(t, w, alice, robin).Want("factor")
	w.Clock.Move(time.Hour)
	caseFor(t, w, alice, robin).Want("new-password")

	// The owner hears of it on the phone, and the same link ends the wait.
	closes(t, w, robin.Phone)
	caseFor(t, w, alice, robin).Want("factor")
}

// With nothing but the mailbox nobody would hear of a wait: an administrator's
// case opens a closed account no more than an open one, and the operator's
// rescue is left. Without a second factor it opens both at once.
func TestACaseOpensAClosedAccountAsItDoesAnOpenOne(t *testing.T) {
	for _, tc := range []struct {
		name   string
		factor bool
		want   string
	}{{"second factor", true, "refused"}, {"none", false, "new-password"}} {
		t.Run(tc.name, func(t *testing.T) {
			w := recoverytest.New(t)
			alice, robin := recoverytest.Alice(), bob()
			robin.Phone = ""
			w.Setup(alice)
			w.Invite(robin)
			change(t, w, robin.Name, func(a *recovery.Account) {
				a.State = recovery.StateFrozen
				if !tc.factor {
					a.Drop(recovery.TOTP)
					a.SecondFactor = false
				}
			})
			caseFor(t, w, alice, robin).Want(tc.want)
		})
	}
}
