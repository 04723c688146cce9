package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// Once an account had its share of mails nothing is sent, silently. A page that
// says otherwise then tells strangers that somebody asked before, and that two
// names are one account.
func TestThePageSaysTheSameLifeWhoeverWasSentSomething(t *testing.T) {
	w := recoverytest.New(t, recoverytest.WithPolicy(func(p *recovery.Policy) { p.Lifetimes.MailLink = 11 * time.Minute }))
	alice := recoverytest.Alice()
	w.Setup(alice)
	ask := func(name string) string {
		b := w.Browser()
		b.Get("/.sparekey/recover").Submit("name", name).Want("sent")
		return normal(b, name)
	}
	want := ask("nobody-at-all")
	if !strings.Contains(want, "11 minutes") {
		t.Errorf("got %s, want the life that the policy says", want)
	}
	for i := range 5 {
		for _, name := range []string{alice.Name, alice.Mail, "nobody-at-all"} {
			if got := ask(name); got != want {
				t.Errorf("%s asks for the %d. time: got\n%s\nwant what everybody reads\n%s", name, i+1, got, want)
			}
		}
	}
	if got := len(w.Outbox.To(alice.Mail, "recover-code")); got != w.Policy.Limits.SendsHourly.Count {
		t.Errorf("got %d mails, want %d: no page was seen for which nothing was sent", got, w.Policy.Limits.SendsHourly.Count)
	}
}

// The other codes that are sent live by the policy too, on their pages.
func TestPagesOfCodesShowTheLifeInThePolicy(t *testing.T) {
	w := recoverytest.New(t, recoverytest.WithPolicy(func(p *recovery.Policy) { p.Lifetimes.MailCode, p.Lifetimes.SMSCode = 7*time.Minute, 8*time.Minute }))
	alice := recoverytest.Alice()
	w.Setup(alice)
	for i := range 5 {
		b := w.Browser()
		w.SignIn(b, alice, "/")
		w.Clock.Move(time.Minute)
		b.Post("/.sparekey/", recoverytest.Fields("start", "change_mail")).Want("factor").Submit("code", recoverytest.TOTP(w, alice.Key)).Want("confirm")
		b.Submit("mail", "new@example.org").Want("confirm")
		if got := b.Text(); !strings.Contains(got, "works for 7 minutes") {
			t.Errorf("a new address, the %d. time: got %q", i+1, got)
		}
	}
	b := w.Browser()
	w.Ask(b, alice)
	b.Want("choice").Submit("choice", "second_factor").Want("factor").Submit("password", alice.Password).Want("factor")
	if got := b.Text(); !strings.Contains(got, "works for 8 minutes") {
		t.Errorf("her number: got %q", got)
	}
}
