package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// Authenticator is an authenticator app on a real clock. Sparekey takes the
// previous, the current and the next step, and each step once; it uses them up
// from the oldest, so that most stories never wait.
type Authenticator struct {
	Key string

	last int64 // highest step shown
}

const (
	step = 30 // seconds
	// late is how near to the end of a step its predecessor is not shown any
	// more: it would be refused once the step is over.
	late = 8
)

// Code shows the next code nobody has seen, and waits for it if it must.
func (a *Authenticator) Code(tb testing.TB) string {
	tb.Helper()
	now := time.Now().Unix()
	next := now/step - 1
	if now%step > step-late {
		next++
	}
	a.last = max(a.last+1, next)
	if first := time.Unix((a.last-1)*step, 0); time.Until(first) > 0 {
		time.Sleep(time.Until(first))
	}
	code, err := totp.GenerateCode(a.Key, time.Unix(a.last*step, 0))
	if err != nil {
		tb.Fatal(err)
	}
	return code
}

// Person is somebody with an account, and what they hold.
type Person struct {
	Name, Mail, Phone, Password string
	Authenticator               *Authenticator
	Codes                       []string // recovery codes
}

// Alice is the person the stories are about.
func Alice() *Person {
	return &Person{Name: "alice", Mail: "alice@example.org", Phone: "+41791234567", Password: "correct horse staple"}
}

// What the stories look for in messages.
var (
	mailCode = regexp.MustCompile(`(?m)^\s+([0-9A-Z]{4}-[0-9A-Z]{4})$`)
	newCode  = regexp.MustCompile(`(?m)^\s+(\d{6})$`)
	smsCode  = regexp.MustCompile(`(?m)^@\S+ #(\d{6})$`)
)

// SetUp follows the set-up link in the log and creates the first account, which
// ends signed in.
func (w *World) SetUp(c *Caddy, p *Person) {
	w.TB.Helper()
	w.SetUpIn(c.Browser(), c, p)
}

// SetUpIn does so in a browser that may come by another way.
func (w *World) SetUpIn(b *recoverytest.Browser, c *Caddy, p *Person) {
	w.TB.Helper()
	path, code := c.SetupLink()
	b.Get(path).Want("setup").Submit("code", code).Want("setup")
	b.Submit("name", p.Name, "mail", p.Mail, "phone", p.Phone, "new_password", p.Password)
	w.confirm(b, p)
	p.Enrol(b)
	at := b.Page()
	if at == "forbidden" && c.Config.Text != "" {
		return // the app is for others
	}
	if b.Status != 200 || at != "" && (at != "account" || c.Config.Portal == "" && c.Config.Text == "") {
		w.TB.Fatalf("got status %d on page %q, want to be signed in\n%s", b.Status, at, b.Text())
	}
}

// confirm types the codes that were sent to the addresses of the new account,
// where anything can be sent.
func (w *World) confirm(b *recoverytest.Browser, p *Person) {
	w.TB.Helper()
	for b.Page() == "confirm" {
		if strings.Contains(b.Text(), "mail address") {
			b.Submit("code", w.Mail.Take(w.TB, p.Mail, newCode)[1])
			continue
		}
		b.Submit("code", w.SMS.Take(w.TB, p.Phone, smsCode)[1])
	}
}

// Enrol walks the pages enroll and codes.
func (p *Person) Enrol(b *recoverytest.Browser) {
	b.TB.Helper()
	b.TakeApp()
	key := strings.Join(b.All("secret"), "")
	p.Authenticator = &Authenticator{Key: strings.NewReplacer("-", "", " ", "").Replace(key)}
	b.Submit("code", p.Authenticator.Code(b.TB)).Want("codes")
	p.Codes = strings.Fields(strings.Join(b.All("codes"), " "))
	if len(p.Codes) != 10 {
		b.TB.Fatalf("got %d recovery codes, want 10: %q", len(p.Codes), p.Codes)
	}
	b.Submit("choice", "saved")
}

// SignIn signs in with password and authenticator at an address of the app,
// and must end exactly there.
func (p *Person) SignIn(b *recoverytest.Browser, uri string) {
	b.TB.Helper()
	b.Get(uri).Want("sign-in").Submit("name", p.Name, "password", p.Password).Want("factor")
	b.Submit("code", p.Authenticator.Code(b.TB))
	if b.Status != 200 || b.URL.RequestURI() != uri || b.Page() != "" {
		b.TB.Fatalf("got status %d at %s, want to be signed in at %s\n%s", b.Status, b.URL, uri, b.Text())
	}
}

// SignInWithCode signs in with password and the nth recovery code.
func (p *Person) SignInWithCode(b *recoverytest.Browser, n int) {
	b.TB.Helper()
	b.Get("/").Want("sign-in").Submit("name", p.Name, "password", p.Password).Want("factor")
	b.Submit("method", "recovery_code").Want("factor").Submit("code", p.Codes[n])
	if b.Status != 200 || b.Page() != "" {
		b.TB.Fatalf("got status %d on page %q, want to be signed in with a recovery code\n%s", b.Status, b.Page(), b.Text())
	}
}

// Ask begins a recovery and proves the mailbox with the code in the mail.
func (w *World) Ask(b *recoverytest.Browser, p *Person) {
	w.TB.Helper()
	b.Get("/.sparekey/recover").Want("recover").Submit("name", p.Name).Want("sent")
	b.Submit("code", w.MailCode(p))
}

// MailCode waits for the code in the next recovery mail.
func (w *World) MailCode(p *Person) string {
	w.TB.Helper()
	return w.Mail.Take(w.TB, p.Mail, mailCode)[1]
}

// SMSCode waits for the code in the next text message.
func (w *World) SMSCode(p *Person) string {
	w.TB.Helper()
	return w.SMS.Take(w.TB, p.Phone, smsCode)[1]
}

// LostPhone walks the way back of a lost second factor to its end.
func (w *World) LostPhone(b *recoverytest.Browser, p *Person) {
	w.TB.Helper()
	w.Ask(b, p)
	b.Want("choice").Submit("choice", "second_factor").Want("factor").Submit("password", p.Password).Want("factor")
	b.Submit("code", w.SMSCode(p))
	p.Enrol(b)
	b.Want("sign-in")
}

// SignedIn tells whether a request of the browser reaches the app.
func (w *World) SignedIn(b *recoverytest.Browser) bool {
	before := w.App.Hits()
	b.Get("/probe")
	return w.App.Hits() > before
}
