package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// gateway is the real SMS sender with an HTTP gateway behind it that counts by
// number. What is queued is sent at once.
type gateway struct {
	*recoverytest.Outbox
	t   *testing.T
	sms notify.SMS

	mu   sync.Mutex
	sent map[string]int
	errs []error
}

func newGateway(t *testing.T, w *recoverytest.World, budget int, countries ...string) *gateway {
	t.Helper()
	g := &gateway{Outbox: w.Outbox, t: t, sent: map[string]int{}}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	g.sms = notify.SMS{
		URL: secret.Text(server.URL), Body: "{to} {text}", Header: map[string]secret.Text{"Content-Type": "text/plain"},
		Countries: countries, Budget: budget, Now: w.Clock.Now,
	}
	w.Engine.Notify = g
	return g
}

func (g *gateway) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	to, _, _ := strings.Cut(string(body), " ")
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sent[to]++
}

// Queue implements recovery.Notifier.
func (g *gateway) Queue(m recovery.Message) {
	g.Outbox.Queue(m)
	if m.Channel != recovery.ChannelSMS || m.To == "" || m.Template == "notice" {
		return
	}
	if err := g.sms.Send(g.t.Context(), notify.Letter{ID: m.ID, Channel: m.Channel, To: m.To, Text: m.Vars["code"]}); err != nil {
		g.errs = append(g.errs, err)
	}
}

// sixTimes asks for an SMS six times within the hour and returns every page.
func sixTimes(t *testing.T, w *recoverytest.World, p *recoverytest.Person) []string {
	t.Helper()
	b := atSMS(t, w, p)
	pages := []string{normal(b, p.Name)}
	for range 5 {
		w.Clock.Move(time.Minute)
		b.Submit("method", "sms_code").Want("factor")
		pages = append(pages, normal(b, p.Name))
	}
	return pages
}

// A36: six asks in an hour, a number of a country that is not sent to, a day
// whose budget is used up, a number nobody has: 3, 0, 0 and 0 are sent, and
// nobody can tell from the pages.
func TestA36_PagesDoNotTellWhatWasSent(t *testing.T) {
	const abroad = "+12425550167"
	var want []string
	for _, tc := range []struct {
		name   string
		number string
		budget int
		spent  int // of the budget, by others before
		sent   int
	}{
		{"allowed", "+41791234567", 50, 0, 3},
		{"country not allowed", abroad, 50, 0, 0},
		{"budget used up", "+41791234567", 1, 1, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := recoverytest.New(t)
			alice := recoverytest.Alice()
			alice.Phone = tc.number
			w.Setup(alice)
			g := newGateway(t, w, tc.budget, "41", "33")
			for range tc.spent {
				g.Queue(recovery.Message{Channel: recovery.ChannelSMS, To: "+41790000009", Vars: map[string]string{"code": "1"}})
			}
			pages := sixTimes(t, w, alice)
			if got := g.sent[tc.number]; got != tc.sent {
				t.Errorf("got %d messages at the gateway (%v), want %d", got, g.errs, tc.sent)
			}
			for i := range pages {
				pages[i] = strings.ReplaceAll(pages[i], recovery.Mask(tc.number), "NUMBER")
				pages[i] = strings.ReplaceAll(pages[i], w.Server.URL, "HOST")
				pages[i] = strings.ReplaceAll(pages[i], strings.TrimPrefix(w.Server.URL, "http://"), "HOST")
			}
			if want == nil {
				want = pages
			}
			for i := range pages {
				if pages[i] != want[i] {
					t.Errorf("page %d: got\n%s\nwant\n%s", i, pages[i], want[i])
				}
				if i > 1 && pages[i] != pages[1] {
					t.Errorf("ask %d: got\n%s\nwant the page of the second ask\n%s", i, pages[i], pages[1])
				}
			}
		})
	}
}

func TestA36_ANumberNobodyHasGetsNothing(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	g := newGateway(t, w, 0)
	pages := map[string]string{}
	for _, number := range []string{alice.Phone, "+41790000008"} {
		b := w.Browser()
		b.Get("/.sparekey/recover").Submit("name", number).Want("sent")
		pages[number] = normal(b, number)
		b.Post("/.sparekey/", recoverytest.Fields("flow", b.URL.Query().Get("f"), "method", "sms_code"))
		pages[number+" by SMS"] = normal(b, number)
	}
	for _, suffix := range []string{"", " by SMS"} {
		if got, want := pages["+41790000008"+suffix], pages[alice.Phone+suffix]; got != want {
			t.Errorf("%q: got\n%s\nwant\n%s", suffix, got, want)
		}
	}
	if len(g.sent) != 0 {
		t.Errorf("got messages to %v, want none", g.sent)
	}
}

// TH-08: one number gets three in an hour and ten in a day, however many
// accounts ask for it.
func TestTH08_ANumberIsCountedOverAllAccounts(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	g := newGateway(t, w, 0)
	const victim = "+41790000007"
	browsers := map[*recoverytest.Person]*recoverytest.Browser{alice: w.Browser(), robin: w.Browser()}
	for p, b := range browsers {
		w.SignIn(b, p, "/")
	}
	ask := func() {
		for p, b := range browsers {
			w.Clock.Move(time.Minute)
			b.Get("/.sparekey/account")
			b.Post("/.sparekey/", recoverytest.Fields("start", "change_phone")).Want("factor").Submit("code", recoverytest.TOTP(w, p.Key)).Want("confirm")
			b.Submit("phone", victim).Want("confirm")
			for range 2 {
				b.Submit("method", "new_contact").Want("confirm")
			}
		}
	}
	ask()
	if got := g.sent[victim]; got != 3 {
		t.Errorf("got %d messages in the hour, want 3", got)
	}
	for range 6 {
		w.Clock.Move(time.Hour)
		ask()
	}
	if got := g.sent[victim]; got != 10 {
		t.Errorf("got %d messages in the day, want 10", got)
	}
}

func TestA17_SendingAgainDoesNotResetTheTries(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := atSMS(t, w, alice)
	old := w.SMSCode(alice)
	for _, code := range wrongCodes(4, old) {
		b.Submit("code", code).Want("factor")
	}
	b.Submit("method", "sms_code").Want("factor")
	fresh := w.SMSCode(alice)
	b.Submit("code", wrongCodes(1, fresh)[0])
	b.Get("/.sparekey/?f="+flowOf(b)).Want("factor").Submit("code", fresh)
	if b.Page() == "enroll" {
		t.Error("the sixth try passed")
	}
	if b.Status != http.StatusTooManyRequests {
		t.Errorf("got status %d, want 429", b.Status)
	}
}

func TestTK10_ANewCodeVoidsTheOldOne(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := atSMS(t, w, alice)
	old := w.SMSCode(alice)
	b.Submit("method", "sms_code").Want("factor")
	if fresh := w.SMSCode(alice); fresh != old {
		b.Submit("code", old).Want("factor")
		b.Submit("code", fresh).TakeApp()
	}
}

func TestA36_SMSAreCountedAndOnlyForTheStoredNumber(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := atSMS(t, w, alice)
	for range 6 {
		b.Submit("method", "sms_code").Want("factor")
	}
	if n := len(w.Outbox.To(alice.Phone, "sms-code")); n != 3 {
		t.Errorf("got %d SMS in the hour, want 3", n)
	}
	b.Submit("code", "000000", "phone", "+41790000000").Want("factor")
	for _, m := range w.Outbox.To("", "sms-code") {
		if m.To != alice.Phone {
			t.Errorf("an SMS went to %s", m.To)
		}
	}
}
