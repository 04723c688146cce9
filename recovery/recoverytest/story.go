package recoverytest

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// Person is somebody with an account, and what they hold.
type Person struct {
	Name     string
	Mail     string
	Phone    string
	Password string
	Key      string   // of the authenticator
	Codes    []string // recovery codes
	Token    string   // of a link that the person has
}

// Alice is the person most tests are about.
func Alice() *Person {
	return &Person{Name: "alice", Mail: "alice@example.org", Phone: "+41791234567", Password: "correct horse staple"}
}

// TOTP is the code an authenticator with this key shows now.
func TOTP(w *World, key string) string {
	w.TB.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(key, "-", ""), w.Clock.Now())
	if err != nil {
		w.TB.Fatal(err)
	}
	return code
}

// Setup is SetupIn, and then that browser is thrown away: tests begin with an
// account that no browser knows. It moves the clock on so that the next
// authenticator code is a new one.
func (w *World) Setup(p *Person) {
	w.TB.Helper()
	w.once("set-up", p, func() {
		w.SetupIn(w.Browser(), p)
		w.leave(p)
	})
}

// SetupIn walks the set-up of the first account, which ends signed in.
func (w *World) SetupIn(b *Browser, p *Person) {
	w.TB.Helper()
	code, err := w.Engine.OpenSetup(w.TB.Context())
	if err != nil {
		w.TB.Fatal(err)
	}
	b.Get("/.sparekey/setup").Want("setup").Submit("code", code).Want("setup")
	b.Submit("name", p.Name, "mail", p.Mail, "phone", p.Phone, "new_password", p.Password)
	w.Confirm(b, p)
	w.Enrol(b, p)
}

// leave wants one browser to be signed in, and makes the account forget it.
func (w *World) leave(p *Person) {
	w.TB.Helper()
	a, err := w.Engine.Find(w.TB.Context(), p.Name)
	if err != nil {
		w.TB.Fatal(err)
	}
	if len(a.Sessions) != 1 || len(a.Devices) != 1 {
		w.TB.Fatalf("%s: got %d sessions and %d known browsers, want to be signed in on one", p.Name, len(a.Sessions), len(a.Devices))
	}
	_, err = kv.Update(w.TB.Context(), w.Engine.Store, recovery.AccountKey(a.ID), time.Time{}, func(a *recovery.Account, _ bool) error {
		a.Sessions, a.Devices, a.LastCode = nil, nil, recovery.CodeUse{}
		return nil
	})
	if err != nil {
		w.TB.Fatal(err)
	}
}

// Confirm types the codes that were sent to the addresses of a new account. Their
// messages are thrown away, so that tests count what they have sent themselves.
func (w *World) Confirm(b *Browser, p *Person) {
	w.TB.Helper()
	mail, err := recovery.CanonicalMail(p.Mail)
	if err != nil {
		mail = p.Mail
	}
	for _, to := range []struct{ channel, address string }{{recovery.ChannelMail, mail}, {recovery.ChannelSMS, p.Phone}} {
		if to.address != "" && w.Outbox.Has(to.channel) {
			b.Want("confirm").Submit("code", w.Outbox.Take(w.TB, to.address, "contact-code").Vars["code"])
		}
	}
}

// Take is Last, and throws away every message of the template to the address.
func (o *Outbox) Take(tb testing.TB, address, template string) recovery.Message {
	tb.Helper()
	m := o.Last(tb, address, template)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = slices.DeleteFunc(o.sent, func(m recovery.Message) bool { return m.To == address && m.Template == template })
	return m
}

// Enrolling tells whether a second factor is asked for: which one, or the page on
// which it is made.
func (b *Browser) Enrolling() bool {
	return b.Page() == "enroll" || b.Page() == "choice" && b.Offers("method", recovery.TOTP)
}

// TakeApp takes the authenticator app where people are asked for a second factor of
// their choice, as they are at a name that has passkeys, and wants its page.
func (b *Browser) TakeApp() *Browser {
	b.TB.Helper()
	if b.Enrolling() && b.Page() != "enroll" {
		b.Submit("method", recovery.TOTP)
	}
	return b.Want("enroll")
}

// Enrol walks the page enroll, and codes where there are new ones.
func (w *World) Enrol(b *Browser, p *Person) {
	w.TB.Helper()
	b.TakeApp()
	p.Key = strings.ReplaceAll(strings.Join(b.All("secret"), ""), "-", "")
	if b.Submit("code", TOTP(w, p.Key)); b.Page() == "account-sign-in" { // beside another one: the codes stay
		w.Clock.Move(time.Minute)
		return
	}
	b.Want("codes")
	p.Codes = strings.Fields(strings.Join(b.All("codes"), " "))
	if len(p.Codes) != 10 {
		w.TB.Fatalf("got %d recovery codes, want 10: %q", len(p.Codes), p.Codes)
	}
	b.Submit("choice", "saved")
	w.Clock.Move(time.Minute)
}

// Invite is InviteIn, and then that browser is thrown away, as with Setup.
func (w *World) Invite(p *Person) {
	w.TB.Helper()
	w.once("invitation", p, func() {
		w.InviteIn(w.Browser(), p)
		w.leave(p)
	})
}

// InviteIn makes a second account the way an operator does, and activates it,
// which ends signed in.
func (w *World) InviteIn(b *Browser, p *Person) {
	w.TB.Helper()
	_, token, err := w.Engine.AddUser(w.TB.Context(), recovery.NewAccount{Name: p.Name, Mail: p.Mail, Phone: p.Phone})
	if err != nil {
		w.TB.Fatal(err)
	}
	b.Get("/.sparekey/link").Want("confirm").Submit("code", token)
	if b.Page() == "choice" { // where people may go without
		b.Submit("method", recovery.TOTP)
	}
	b.Want("new-password").Submit("new_password", p.Password)
	w.Confirm(b, p)
	w.Enrol(b, p)
}

// SignIn signs in with password and authenticator and ends at path.
func (w *World) SignIn(b *Browser, p *Person, path string) {
	w.TB.Helper()
	b.Get(path).Want("sign-in").Submit("name", p.Name, "password", p.Password).Want("factor")
	w.Clock.Move(30 * time.Second)
	b.Submit("code", TOTP(w, p.Key))
	if b.Status != 200 || b.URL.RequestURI() != path {
		w.TB.Fatalf("got status %d at %s, want to be signed in at %s\n%s", b.Status, b.URL, path, b.Text())
	}
}

// SignedIn tells whether a request of the browser reaches the app, or the page
// that stands in front of it while a wait runs.
func (w *World) SignedIn(b *Browser) bool {
	before := w.Hits()
	b.Get("/probe")
	return w.Hits() > before || b.Page() == "waits"
}

// MailCode is the code of the newest recovery mail.
func (w *World) MailCode(p *Person) string {
	w.TB.Helper()
	return w.Outbox.Last(w.TB, p.Mail, "recover-code").Vars["code"]
}

// SMSCode is the code of the newest SMS.
func (w *World) SMSCode(p *Person) string {
	w.TB.Helper()
	return w.Outbox.Last(w.TB, p.Phone, "sms-code").Vars["code"]
}

// Ask begins a recovery and proves the mailbox.
func (w *World) Ask(b *Browser, p *Person) {
	w.TB.Helper()
	b.Get("/.sparekey/recover").Want("recover").Submit("name", p.Name).Want("sent")
	b.Submit("code", w.MailCode(p))
}

// LostPhone walks the way back of a lost second factor to its end.
func (w *World) LostPhone(b *Browser, p *Person) {
	w.TB.Helper()
	w.Ask(b, p)
	b.Want("choice").Submit("choice", "second_factor").Want("factor").Submit("password", p.Password).Want("factor")
	b.Submit("code", w.SMSCode(p))
	w.Enrol(b, p)
	b.Want("sign-in")
}

// Fields makes form values from pairs.
func Fields(pairs ...string) url.Values {
	f := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Add(pairs[i], pairs[i+1])
	}
	return f
}
