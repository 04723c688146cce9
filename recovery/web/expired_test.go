package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// TestTK04_ExpiredIsFinal meets each thing that expires with a form, late, and
// again after the clock has gone back to when it was good. A page that only
// shows it changes nothing.
func TestTK04_ExpiredIsFinal(t *testing.T) {
	for _, tc := range []struct {
		name string
		life func(recovery.Lifetimes) time.Duration
		make func(*testing.T, *recoverytest.World, *recoverytest.Person) (use func() bool)
	}{
		{"invitation", func(l recovery.Lifetimes) time.Duration { return l.Invite }, expiringInvitation},
		{"rescue", func(l recovery.Lifetimes) time.Duration { return l.Rescue }, expiringRescue},
		{"code by mail", func(l recovery.Lifetimes) time.Duration { return l.MailLink }, expiringCode},
		{"link by mail", func(l recovery.Lifetimes) time.Duration { return l.MailLink }, expiringLink},
		{"flow", func(l recovery.Lifetimes) time.Duration { return l.Flow }, expiringFlow},
		{"closing link", func(l recovery.Lifetimes) time.Duration { return l.Notice }, expiringStop},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := recoverytest.New(t)
			alice := recoverytest.Alice()
			w.Setup(alice)
			use, life := tc.make(t, w, alice), tc.life(w.Policy.Lifetimes)
			w.Clock.Move(life)
			if use() {
				t.Error("it was taken after its end")
			}
			w.Clock.Move(-4 * time.Minute)
			if use() {
				t.Error("it was refused as expired, and taken after the clock went back")
			}
			// One that no form met after its end is good again: nothing decides by
			// the latest time that was seen.
			use = tc.make(t, w, alice)
			w.Clock.Move(life)
			w.Clock.Move(-life + time.Second)
			if !use() {
				t.Error("it was not taken although nothing had met it")
			}
		})
	}
}

// leadsOn tells, each time anew, whether a link leads on in a browser that has
// nothing else.
func leadsOn(w *recoverytest.World, token string) func() bool {
	return func() bool {
		b := w.Browser()
		b.Get("/.sparekey/link").Want("confirm").Submit("code", token)
		return strings.HasPrefix(b.Answer.Get("Location"), "/.sparekey/") || b.Page() == "new-password" || b.Page() == "choice"
	}
}

func expiringInvitation(t *testing.T, w *recoverytest.World, _ *recoverytest.Person) func() bool {
	t.Helper()
	_, token, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "person" + strings.ToLower(secret.Code(5))})
	if err != nil {
		t.Fatal(err)
	}
	return leadsOn(w, token)
}

func expiringRescue(t *testing.T, w *recoverytest.World, alice *recoverytest.Person) func() bool {
	t.Helper()
	token, err := w.Engine.RescueLink(t.Context(), alice.Name)
	if err != nil {
		t.Fatal(err)
	}
	return leadsOn(w, token)
}

// formLeads sends a field with the form that a browser shows now, whatever it shows
// by then, and tells whether that leads to a page.
func formLeads(b *recoverytest.Browser, name, value, page string) func() bool {
	form := withField(b.Hidden(name), name, value)
	return func() bool {
		b.Post("/.sparekey/", form)
		return b.Page() == page
	}
}

func withField(form url.Values, name, value string) url.Values {
	form.Set(name, value)
	return form
}

func expiringCode(_ *testing.T, w *recoverytest.World, alice *recoverytest.Person) func() bool {
	b := w.Browser()
	b.Get("/.sparekey/recover").Submit("name", alice.Name).Want("sent")
	return formLeads(b, "code", w.MailCode(alice), "choice")
}

func expiringLink(t *testing.T, w *recoverytest.World, alice *recoverytest.Person) func() bool {
	t.Helper()
	b := w.Browser()
	b.Get("/.sparekey/recover").Submit("name", alice.Name).Want("sent")
	token := recoverytest.Link(t, w.Outbox.Last(t, alice.Mail, "recover-code"))
	return formLeads(b.Get("/.sparekey/link").Want("confirm"), "code", token, "choice")
}

func expiringFlow(_ *testing.T, w *recoverytest.World, alice *recoverytest.Person) func() bool {
	b := w.Browser()
	w.Ask(b, alice)
	return formLeads(b.Want("choice"), "choice", "second_factor", "factor")
}

func expiringStop(t *testing.T, w *recoverytest.World, alice *recoverytest.Person) func() bool {
	t.Helper()
	w.LostPhone(w.Browser(), alice)
	_, token, _ := strings.Cut(w.Outbox.Last(t, alice.Mail, "notice").Vars["stop"], "#")
	return func() bool {
		w.Browser().Post("/.sparekey/stop", recoverytest.Fields("code", token))
		return account(t, w, alice.Name).State == recovery.StateFrozen
	}
}
