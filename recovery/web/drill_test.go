package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// vouchers makes alice, who has named robin, both with a browser signed in.
func vouchers(t *testing.T) (w *recoverytest.World, alice, robin *recoverytest.Person, a, r *recoverytest.Browser) {
	t.Helper()
	w = recoverytest.New(t)
	alice, robin, a, r = recoverytest.Alice(), bob(), w.Browser(), w.Browser()
	w.Setup(alice)
	w.Invite(robin)
	who, err := w.Engine.Find(t.Context(), robin.Name)
	if err != nil {
		t.Fatal(err)
	}
	change(t, w, "alice", func(x *recovery.Account) { x.TrustedContacts = []recovery.TrustedContact{{ID: who.ID, Name: "robin"}} })
	w.SignIn(a, alice, "/")
	w.SignIn(r, robin, "/")
	return w, alice, robin, a, r
}

// Trying out a contact is the same call as for real, changes nothing but the
// date of the trial, and both sides read that it is one.
func TestDrillOfAContact(t *testing.T) {
	w, _, robin, a, r := vouchers(t)
	before := account(t, w, "alice")
	a.Get("/.sparekey/account").Want("account").Post("/.sparekey/", recoverytest.Fields("start", "drill_contact")).Want("factor")
	if got := a.Text(); !strings.Contains(got, "Try out whether it would work one day") || !strings.Contains(got, "robin") {
		t.Errorf("got %q", got)
	}
	w.Outbox.Last(t, robin.Mail, "contact-drill")
	code, flow := strings.Join(a.All("spoken"), ""), a.URL.Query().Get("f")
	check := recoverytest.Fields("flow", flow, "code", "check")
	if a.Post("/.sparekey/", check).Want("factor"); a.Status != 422 {
		t.Errorf("nobody has vouched: got status %d, want 422", a.Status)
	}

	r.Get("/.sparekey/account/approve").Want("confirm").Submit("code", code).Want("factor")
	w.Clock.Move(time.Minute)
	r.Submit("code", recoverytest.TOTP(w, robin.Key)).Want("confirm")
	if got := r.Text(); !strings.Contains(got, "only tries out whether you could help") {
		t.Errorf("got %q", got)
	}
	r.Submit("choice", "approve").Want("account")

	a.Post("/.sparekey/", check).Want("account-recovery")
	if got := a.Text(); !strings.Contains(got, "It works: somebody can vouch for you. Nothing was changed.") {
		t.Errorf("got %q", got)
	}
	after := account(t, w, "alice")
	if !after.Drilled.Equal(w.Clock.Now()) {
		t.Errorf("got drilled %v, want now", after.Drilled)
	}
	if after.Generation != before.Generation || after.State != before.State || len(after.Credentials) != len(before.Credentials) || len(after.Sessions) != len(before.Sessions) {
		t.Errorf("got %+v, want nothing changed from %+v", after, before)
	}
}

// What was tried out counts for nothing: a contact who vouched in a drill has
// not vouched in a recovery, and the code of a drill opens none.
func TestDrillOfAContactIsNoProof(t *testing.T) {
	w, alice, robin, a, r := vouchers(t)
	change(t, w, "alice", func(x *recovery.Account) {
		x.TrustedContacts = append(x.TrustedContacts, recovery.TrustedContact{ID: "-", Name: "eve"})
	})
	a.Post("/.sparekey/", recoverytest.Fields("start", "drill_contact")).Want("factor")
	code := strings.Join(a.All("spoken"), "")
	r.Get("/.sparekey/account/approve").Submit("code", code).Want("factor")
	w.Clock.Move(time.Minute)
	r.Submit("code", recoverytest.TOTP(w, robin.Key)).Want("confirm").Submit("choice", "approve").Want("account")

	thief := w.Browser()
	w.Ask(thief, alice)
	thief.Want("choice").Submit("choice", "both").Want("factor").Submit("method", "contact").Want("factor")
	flow := thief.URL.Query().Get("f")
	for _, typed := range []string{"check", code} {
		thief.Post("/.sparekey/", recoverytest.Fields("flow", flow, "code", typed)).Want("factor")
	}
	if got := thief.Text(); !strings.Contains(got, "2 people still have to vouch") {
		t.Errorf("got %q", got)
	}
}

// Somebody who could not vouch for real cannot in a drill: that is what it is for.
func TestDrillFindsContactsWhoCannotVouch(t *testing.T) {
	for name, spoil := range map[string]func(*recovery.Account){
		"recovered today": func(x *recovery.Account) { x.Probation = time.Now().Add(24 * time.Hour) },
		"disabled":        func(x *recovery.Account) { x.State = recovery.StateDisabled },
		"frozen":          func(x *recovery.Account) { x.State = recovery.StateFrozen },
	} {
		t.Run(name, func(t *testing.T) {
			w, _, _, a, r := vouchers(t)
			change(t, w, "robin", spoil)
			a.Post("/.sparekey/", recoverytest.Fields("start", "drill_contact")).Want("factor")
			code, flow := strings.Join(a.All("spoken"), ""), a.URL.Query().Get("f")
			r.Post("/.sparekey/", recoverytest.Fields("start", "approve_contact", "code", code))
			if r.Page() == "factor" || r.Page() == "confirm" && r.Status == 200 {
				t.Errorf("got page %q, status %d", r.Page(), r.Status)
			}
			a.Post("/.sparekey/", recoverytest.Fields("flow", flow, "code", "check")).Want("factor")
		})
	}
}

// The mail comes with a sign-in after half a year without a trial, once.
func TestDrillReminderComesOnce(t *testing.T) {
	const day = 24 * time.Hour
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	var got []int
	for _, pass := range []time.Duration{day, 180 * day, 3 * day, day, 30 * day, 183 * day} {
		w.Clock.Move(pass)
		w.SignIn(w.Browser(), alice, "/")
		got = append(got, len(w.Outbox.To(alice.Mail, "drill-due")))
	}
	if want := []int{0, 0, 1, 1, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("got %v mails after each sign-in, want %v", got, want)
	}
	if m := w.Outbox.Last(t, alice.Mail, "drill-due"); m.Vars["link"] != "" || m.Vars["stop"] != "" || m.Vars["name"] != "alice" {
		t.Errorf("got %v, want a name and no link", m.Vars)
	}

	b := w.Browser()
	w.SignIn(b, alice, "/")
	if got := b.Get("/.sparekey/account").Text(); !strings.Contains(got, "haven’t tried a way back in for six months") {
		t.Errorf("the account page does not remind: %q", got)
	}
	b.Post("/.sparekey/", recoverytest.Fields("start", "drill")).Want("confirm").Submit("code", alice.Codes[0]).Want("account-recovery")
	w.Clock.Move(181 * day)
	w.SignIn(w.Browser(), alice, "/")
	if n := len(w.Outbox.To(alice.Mail, "drill-due")); n != 2 {
		t.Errorf("got %d mails after a trial, want no more than before", n)
	}
}

func TestDrillReminderNeedsSomethingToTry(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	change(t, w, "alice", func(a *recovery.Account) { a.Drop(recovery.RecoveryCode) })
	w.Clock.Move(200 * 24 * time.Hour)
	w.SignIn(w.Browser(), alice, "/")
	if n := len(w.Outbox.To(alice.Mail, "drill-due")); n != 0 {
		t.Errorf("got %d mails, want none: there is nothing to try", n)
	}
}
