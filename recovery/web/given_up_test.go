package web_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// typed has somebody give a name and a password on a browser.
func typed(b *recoverytest.Browser, p *recoverytest.Person, password string) *recoverytest.Browser {
	return b.Get("/.sparekey/login").Submit("name", p.Name, "password", password)
}

// givenUp is how far somebody goes, and what the owner hears of it.
type givenUp struct {
	name string
	do   func(t *testing.T, w *recoverytest.World, alice *recoverytest.Person)
	want int // notices to the mailbox
}

func signInsGivenUp() []givenUp {
	return []givenUp{
		{"given up", func(_ *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			typed(w.Browser(), alice, alice.Password).Want("factor")
		}, 1},
		{"twenty times", func(_ *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			for range 20 {
				typed(w.Browser(), alice, alice.Password).Want("factor")
			}
		}, 1},
		{"the owner signs in elsewhere", func(t *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			t.Helper()
			typed(w.Browser(), alice, alice.Password).Want("factor")
			enter(t, w, w.Browser(), alice)
		}, 1},
		{"finished at the last moment", func(_ *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			b := typed(w.Browser(), alice, alice.Password).Want("factor")
			w.Clock.Move(w.Policy.Lifetimes.Flow - 31*time.Second)
			b.Submit("code", secondCode(w, alice))
			if !w.SignedIn(b) {
				w.TB.Error("the slow one is not signed in")
			}
		}, 0},
		{"finished at the third try", func(t *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			t.Helper()
			b := w.Browser()
			typed(b, alice, alice.Password).Want("factor")
			typed(b, alice, alice.Password).Want("factor")
			enter(t, w, b, alice)
		}, 0},
		{"finished as a recovery", func(_ *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			b := typed(w.Browser(), alice, alice.Password).Want("factor")
			w.LostPhone(b, alice)
		}, 0},
		{"a known browser", func(t *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			t.Helper()
			b := enter(t, w, w.Browser(), alice)
			b.Post("/.sparekey/logout", recoverytest.Fields())
			typed(b, alice, alice.Password).Want("factor")
		}, 0},
		{"a wrong password", func(_ *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			typed(w.Browser(), alice, "a wrong guess").Want("sign-in")
		}, 0},
		{"nobody", func(_ *testing.T, w *recoverytest.World, _ *recoverytest.Person) {
			typed(w.Browser(), bob(), "a wrong guess").Want("sign-in")
		}, 0},
	}
}

// A sign-in that got no further than the right password, on a browser that the
// account does not know, is told when its time is over, by whichever node looks.
// Who finishes on the same browser is no alarm, however slow, and nobody else
// takes it back.
func TestASignInGivenUpIsTold(t *testing.T) {
	for _, tc := range signInsGivenUp() {
		t.Run(tc.name, func(t *testing.T) {
			w, alice := withFactor(t)
			began := w.Clock.Now()
			tc.do(t, w, alice)
			if slow := w.Clock.Now().Sub(began); slow < w.Policy.Lifetimes.Flow {
				w.Clock.Move(w.Policy.Lifetimes.Flow - slow - time.Second)
			}
			pay(t, w)
			if n := len(notices(w, alice.Mail, recovery.EventGivenUp)); n != 0 {
				t.Errorf("got %d notices before its time is over, want none", n)
			}
			w.Clock.Move(time.Hour)
			pay(t, w)
			w.Clock.Move(time.Hour)
			pay(t, w)
			got := notices(w, alice.Mail, recovery.EventGivenUp)
			if len(got) != tc.want || len(notices(w, alice.Phone, recovery.EventGivenUp)) != tc.want {
				t.Errorf("got %d notices to the mailbox, %d to the number, want %d", len(got), len(notices(w, alice.Phone, recovery.EventGivenUp)), tc.want)
			}
			if tc.want > 0 && (got[0].Vars["stop"] != "" || got[0].Vars["host"] == "" || got[0].Vars["browser"] == "") {
				t.Errorf("got %v, want where it was and no closing link", got[0].Vars)
			}
			if a := account(t, w, "alice"); len(a.Begun) > 0 || len(a.Owed) > 0 {
				t.Errorf("got %v and %v left in the account, want nothing", a.Begun, a.Owed)
			}
		})
	}
}

// It is told by another node too, once, with an event that says from where; and
// it waits while nothing can be read.
func TestASignInGivenUpIsToldByAnotherNode(t *testing.T) {
	w, alice := withFactor(t)
	other := w.Node()
	typed(w.Browser(), alice, alice.Password).Want("factor")
	w.Clock.Move(w.Policy.Lifetimes.Flow)
	for range 3 {
		pay(t, other)
		pay(t, w)
	}
	if n := len(notices(w, alice.Mail, recovery.EventGivenUp)); n != 1 {
		t.Errorf("got %d notices, want one", n)
	}
	if e := w.Events.Last(recovery.EventGivenUp); e.Network == "" || e.Person != "alice" || e.Actor != recovery.Visitor || w.Events.Count(recovery.EventGivenUp) != 1 {
		t.Errorf("got %+v (%d), want one, by a visitor and from where", e, w.Events.Count(recovery.EventGivenUp))
	}
}

// An account without a second factor is asked for a mailed code on such a
// browser: that counts alike.
func TestASignInGivenUpWithoutASecondFactor(t *testing.T) {
	w, alice := withoutFactor(t)
	enter(t, w, w.Browser(), alice)
	typed(w.Browser(), alice, alice.Password).Want("factor")
	// It is noted once the page was sent, so that time does not tell who exists.
	for end := time.Now().Add(10 * time.Second); len(account(t, w, alice.Name).Begun) == 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	w.Clock.Move(time.Hour)
	pay(t, w)
	if n := len(notices(w, alice.Mail, recovery.EventGivenUp)); n != 1 {
		t.Errorf("got %d notices, want one", n)
	}
}

// Notices of what an administrator does say so, with the host and a link: the
// closing link where there is one, else that of one's own page.
func TestNoticesOfAdministratorsSaySo(t *testing.T) {
	for i := range guardedForms(newAdminWorld(t)) {
		o := newAdminWorld(t)
		form := guardedForms(o)[i]
		t.Run(form.name, func(t *testing.T) {
			change(t, o.World, "robin", func(a *recovery.Account) { a.State = recovery.StateActive })
			before := len(o.Outbox.To("", "notice"))
			o.Clock.Move(time.Hour)
			signIn(o.World, o.adminBrowser, o.alice).Post(form.path, form.fields)
			told := 0
			for _, m := range o.Outbox.To("", "notice")[before:] {
				if m.Vars["event"] == string(recovery.EventNewDevice) || m.Vars["event"] == string(recovery.EventLogin) {
					continue
				}
				told++
				if m.Vars["by_admin"] == "" || m.Vars["host"] == "" || (m.Vars["stop"] == "") == (m.Vars["link"] == "") || m.Vars["browser"] != "" {
					t.Errorf("got %v, want that an administrator did it, the host, one link, and not whose browser it was", m.Vars)
				}
			}
			if told == 0 && form.name != "invite" && form.name != "invite an administrator" {
				t.Error("nobody was told")
			}
		})
	}
	t.Run("one's own act", func(t *testing.T) {
		w, alice := withFactor(t)
		b := enter(t, w, w.Browser(), alice)
		begin(w, b, alice, recovery.KindNewCodes).Want("codes").Submit("choice", "saved").Want("account-recovery")
		if m := notices(w, alice.Mail, recovery.EventCodesRenewed)[0]; m.Vars["by_admin"] != "" || m.Vars["link"] != "" || m.Vars["stop"] == "" {
			t.Errorf("got %v, want nothing of an administrator", m.Vars)
		}
	})
}
