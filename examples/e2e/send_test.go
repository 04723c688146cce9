package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/caddy-sparekey/sparekey/examples/e2e"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// soon is how much longer a page may take whose message cannot be sent. It
// takes no longer at all; the machine may be busy.
const soon = 500 * time.Millisecond

// fault is what goes wrong with mail server and gateway at the same time.
type fault struct {
	name      string
	mail, sms string // what the log and doctor say
	goesAway  bool   // messages arrive in the end
	begin     func(w *e2e.World, front *e2e.Relay)
}

const twiceBroken = "broken twice" // it mends itself

// mended tells whether the test mends it.
func (f fault) mended() bool { return f.goesAway && f.name != twiceBroken }

// reply answers one step of SMTP with an error.
func reply(at string, err *smtp.SMTPError) e2e.MailFault {
	return func(step string, _ net.Conn) error {
		if step == at {
			return err
		}
		return nil
	}
}

func faults(t *testing.T) []fault {
	t.Helper()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a redirect was followed: %s %s", r.Method, r.URL)
	}))
	t.Cleanup(elsewhere.Close)
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", elsewhere.URL+r.URL.Path)
			http.Error(w, "to +41791234567, as asked", code)
		}
	}
	return []fault{
		{
			name: "silent", mail: "no answer in time", sms: "context deadline exceeded", goesAway: true,
			begin: func(w *e2e.World, front *e2e.Relay) {
				front.Silent()
				w.SMS.Break(func(_ http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body) // else the server does not see that the client leaves
					<-r.Context().Done()
				})
			},
		},
		{
			name: "away, and elsewhere", mail: "connection refused", sms: "answered 307: redirects are not followed", goesAway: true,
			begin: func(w *e2e.World, front *e2e.Relay) {
				front.Away()
				w.SMS.Break(status(http.StatusTemporaryRedirect))
			},
		},
		{
			name: twiceBroken, mail: "EOF", sms: "answered 500", goesAway: true,
			begin: func(w *e2e.World, _ *e2e.Relay) {
				w.Mail.Break(dropTwice())
				w.SMS.Break(twice(w.SMS, status(http.StatusInternalServerError)))
			},
		},
		{
			name: "recipients refused", mail: "550", sms: "answered 400",
			begin: func(w *e2e.World, _ *e2e.Relay) {
				w.Mail.Break(reply("rcpt", &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "<alice@example.org>: no such mailbox"}))
				w.SMS.Break(status(http.StatusBadRequest))
			},
		},
		{
			name: "keys refused", mail: "535", sms: "answered 401",
			begin: func(w *e2e.World, _ *e2e.Relay) {
				w.Mail.Break(reply("auth", smtp.ErrAuthFailed))
				w.SMS.Break(status(http.StatusUnauthorized))
			},
		},
	}
}

// dropTwice cuts the connection in the middle of two letters.
func dropTwice() e2e.MailFault {
	var cut atomic.Int32
	return func(step string, conn net.Conn) error {
		if step == "data" && cut.Add(1) <= 2 {
			_ = conn.Close()
		}
		return nil
	}
}

// twice answers so for two requests; then the gateway works.
func twice(g *e2e.Gateway, f http.HandlerFunc) http.HandlerFunc {
	var answered atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		f(w, r)
		if answered.Add(1) == 2 {
			g.Break(nil)
		}
	}
}

// TestMessagesThatFail: whatever mail server and gateway do, a person sees the
// same page in the same time, a message is tried again where that can help,
// and the operator learns it from log and doctor, which tell no secret.
func TestMessagesThatFail(t *testing.T) {
	for _, f := range faults(t) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			w := e2e.New(t, caddy)
			front := w.Relay(w.Mail.Addr)
			w.Mail.Addr = front.Addr
			c := w.Run(e2e.Config{Extra: []string{"limit sends 50 per 1h"}})
			alice := e2e.Alice()
			w.SetUp(c, alice)

			first := toPassword(w, c.Browser(), alice)
			usual, want := timed(func() string { return normal(texted(w, first, alice), alice.Name) })
			w.SMSCode(alice)
			onSMS, before := toPassword(w, c.Browser(), alice), len(w.Mail.All())
			f.begin(w, front)

			took, got := timed(func() string { return normal(texted(w, onSMS, alice), alice.Name) })
			wantSoon(t, "the page for the texted code", took, usual)
			if got != want {
				t.Errorf("texted code: got\n%s\nwant what is shown when it can be sent\n%s", got, want)
			}
			onMail := c.Browser()
			wantSameForNobody(t, c, onMail, alice)

			failed := failures(t, c, "sms", f.sms)
			if f.mended() {
				w.SMS.Break(nil) // at once: the next try is a second away
			}
			failed += failures(t, c, "mail", f.mail)
			if f.mended() {
				front.Mend()
			}
			wantInDoctor(t, c, f)
			if !f.goesAway {
				wantGivenUp(t, w, c, failed, before)
				return
			}
			onSMS.Submit("code", w.SMSCode(alice)).TakeApp()
			onMail.Submit("code", w.MailCode(alice)).Want("choice")
			wantNoSecrets(t, c, w)
		})
	}
}

// toPassword walks a lost phone up to the password.
func toPassword(w *e2e.World, b *recoverytest.Browser, p *e2e.Person) *recoverytest.Browser {
	w.TB.Helper()
	w.Ask(b, p)
	return b.Want("choice").Submit("choice", "second_factor").Want("factor")
}

// texted gives the password, after which a text message is sent.
func texted(w *e2e.World, b *recoverytest.Browser, p *e2e.Person) *recoverytest.Browser {
	w.TB.Helper()
	return b.Submit("password", p.Password).Want("factor")
}

func timed(f func() string) (time.Duration, string) {
	begun := time.Now()
	got := f()
	return time.Since(begun), got
}

func wantSoon(t *testing.T, what string, took, usual time.Duration) {
	t.Helper()
	t.Logf("%s took %v, usual is %v", what, took, usual)
	if took > usual+soon {
		t.Errorf("%s took %v, want %v and %v at most", what, took, usual, soon)
	}
}

var tokens = regexp.MustCompile(`value="[A-Za-z0-9_-]{22}"|f=[A-Za-z0-9_-]{22}`)

// normal is all of an answer but what differs for everybody.
func normal(b *recoverytest.Browser, name string) string {
	body := tokens.ReplaceAllString(strings.ReplaceAll(b.Body, name, "NAME"), "TOKEN")
	return fmt.Sprint(b.Status, len(b.Answer), b.Answer.Get("Content-Length") == "", body)
}

// wantSameForNobody asks for somebody and for nobody.
func wantSameForNobody(t *testing.T, c *e2e.Caddy, b *recoverytest.Browser, p *e2e.Person) {
	t.Helper()
	ask := func(b *recoverytest.Browser, name string) (time.Duration, string) {
		b.Get("/.sparekey/recover").Want("recover")
		return timed(func() string { return normal(b.Submit("name", name).Want("sent"), name) })
	}
	usual, nobody := ask(c.Browser(), "zorro")
	took, got := ask(b, p.Name)
	wantSoon(t, "asking for somebody", took, usual)
	if got != nobody {
		t.Errorf("asking for somebody: got\n%s\nwant what is shown for nobody\n%s", got, nobody)
	}
}

// entry is a line of the log about a message.
type entry struct{ Level, Msg, Channel, Error, ID, raw string }

func entries(c *e2e.Caddy, channel string) []entry {
	var out []entry
	for text := range strings.Lines(c.Log.String()) {
		var e entry
		if json.Unmarshal([]byte(text), &e) == nil && e.Channel == channel && e.Error != "" {
			e.raw = text
			out = append(out, e)
		}
	}
	return out
}

// failures waits for the first failure of a channel, wants it in words, and
// returns how many there are.
func failures(t *testing.T, c *e2e.Caddy, channel, words string) int {
	t.Helper()
	for start := time.Now(); time.Since(start) < 20*time.Second; time.Sleep(20 * time.Millisecond) {
		if list := entries(c, channel); len(list) > 0 {
			if !strings.Contains(list[0].Error, words) {
				t.Errorf("log of %s: got %q, want %q in it", channel, list[0].Error, words)
			}
			return len(list)
		}
	}
	t.Fatalf("nothing in the log about %s", channel)
	return 0
}

// wantInDoctor wants the last error of both channels in what doctor says.
func wantInDoctor(t *testing.T, c *e2e.Caddy, f fault) {
	t.Helper()
	out, _ := c.Command(t.Context(), "sparekey", "doctor", "--json", "--config", c.File()).Output() // 1 with faults
	var d struct {
		Checks []struct {
			Subject, Level, Remedy string
			Line                   *struct {
				LastError   string    `json:"last_error"`
				LastErrorAt time.Time `json:"last_error_at"`
			}
		}
	}
	if err := json.Unmarshal(out, &d); err != nil {
		t.Fatalf("doctor: %v in %s", err, out)
	}
	seen := map[string]bool{}
	for _, x := range d.Checks {
		words := map[string]string{"mail": f.mail, "sms": f.sms}[x.Subject]
		if x.Line == nil || words == "" || !strings.Contains(x.Line.LastError, words) || time.Since(x.Line.LastErrorAt) > time.Minute {
			continue
		}
		seen[x.Subject] = true
		if !f.goesAway && (x.Level != "warning" || x.Remedy == "") {
			t.Errorf("doctor: got %+v, want a warning with a remedy", x)
		}
	}
	if !seen["mail"] || !seen["sms"] {
		t.Errorf("doctor: got %s\nwant the last errors %q and %q", out, f.mail, f.sms)
	}
	wantNone(t, "doctor", string(out), "alice@", "+4179", "link#")
}

// wantGivenUp wants one try only of what would fail again.
func wantGivenUp(t *testing.T, w *e2e.World, c *e2e.Caddy, failed, mails int) {
	t.Helper()
	time.Sleep(1500 * time.Millisecond) // the first pause is a second
	all := append(entries(c, "mail"), entries(c, "sms")...)
	for _, e := range all {
		if e.Msg != "message given up" || e.Level != "error" {
			t.Errorf("got %s, want that it was given up", e.raw)
		}
	}
	if len(all) != failed || failed != 2 {
		t.Errorf("got %d failures at first and %d now, want 2: one of each channel, not tried again", failed, len(all))
	}
	if got := len(w.Mail.All()); got != mails {
		t.Errorf("got %d mails, want the %d of before", got, mails)
	}
	wantNoSecrets(t, c, w)
}

// wantNoSecrets wants no address, code or link of any message in the log.
func wantNoSecrets(t *testing.T, c *e2e.Caddy, w *e2e.World) {
	t.Helper()
	secrets := []string{"alice@example.org", "41791234567", "/.sparekey/link", "/.sparekey/stop"}
	code := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}|#\d{6}`)
	for _, m := range append(w.Mail.All(), w.SMS.All()...) {
		for _, s := range code.FindAllString(m.Text, -1) {
			secrets = append(secrets, strings.TrimPrefix(s, "#"))
		}
	}
	if len(secrets) < 6 {
		t.Errorf("got %q, want the codes of what was sent", secrets)
	}
	for _, e := range append(entries(c, "mail"), entries(c, "sms")...) {
		wantNone(t, "the log", e.raw, secrets...)
	}
}

func wantNone(t *testing.T, where, text string, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(text, s) {
			t.Errorf("%s holds %q:\n%s", where, s, text)
		}
	}
}

// TestSendTestFromTheShell: one message over every channel, to the first
// administrator, while Caddy runs.
func TestSendTestFromTheShell(t *testing.T) {
	t.Parallel()
	w := e2e.New(t, caddy)
	front := w.Relay(w.Mail.Addr)
	w.Mail.Addr = front.Addr
	c := w.Run(e2e.Config{})
	alice := e2e.Alice()
	w.SetUp(c, alice)
	test := func() (string, error) {
		out, err := c.Command(t.Context(), "sparekey", "doctor", "--send-test", "--config", c.File()).CombinedOutput()
		return string(out), err
	}
	if out, err := test(); err != nil {
		t.Errorf("got %v, want no fault:\n%s", err, out)
	}
	w.Mail.Take(t, alice.Mail, regexp.MustCompile(`Whoever runs Holiday photos sent this`))
	w.SMS.Take(t, alice.Phone, regexp.MustCompile(`^A test message from Holiday photos`))
	front.Away()
	out, err := test()
	if err == nil || !strings.Contains(out, "test message not sent") || !strings.Contains(out, "nobody listens there") {
		t.Errorf("got %v, want a fault with its remedy:\n%s", err, out)
	}
	w.SMS.Take(t, alice.Phone, regexp.MustCompile(`^A test message from`))
	wantNone(t, "doctor", out, alice.Mail, alice.Phone)
}
