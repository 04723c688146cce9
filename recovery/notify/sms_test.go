package notify_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

const (
	number = "+33612345678"
	apiKey = "key-7f3a9"
	// text holds what each escaping must not let through.
	text = "Code \"483911\" \\ {to} & <b>é</b>\nnéw=line + 100% 🔑"
)

// gateway is an SMS gateway that keeps its requests and answers with the codes
// of a list, the last one for ever.
type gateway struct {
	*httptest.Server
	mu       sync.Mutex
	codes    []int
	requests []*http.Request
	bodies   []string
}

func newGateway(t *testing.T, codes ...int) *gateway {
	t.Helper()
	g := &gateway{codes: codes}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests, g.bodies = append(g.requests, r), append(g.bodies, string(body))
	code := http.StatusOK
	if len(g.codes) > 0 {
		code = g.codes[min(len(g.requests), len(g.codes))-1]
	}
	w.Header().Set("Location", g.URL+"/elsewhere")
	w.WriteHeader(code)
	// A chatty gateway repeats everything, at length.
	_, _ = io.WriteString(w, strings.Repeat(string(body)+r.Header.Get("Authorization"), 1000))
}

func (g *gateway) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.requests)
}

func sms() notify.Letter {
	return notify.Letter{ID: "m7Qx", Channel: "sms", To: number, Text: text}
}

func TestSMSBody(t *testing.T) {
	for _, tt := range []struct {
		name   string
		header map[string]secret.Text
		body   string
		read   func(t *testing.T, body string) (to, text string)
	}{
		{name: "default", read: readJSON},
		{name: "json", body: `{"to": "{to}", "text": "{text}", "from": "gate"}`, read: readJSON},
		{name: "json by another name", header: map[string]secret.Text{"Content-Type": "text/plain"}, body: ` {"to":"{to}","text":"{text}"}`, read: readJSON},
		{name: "json with a suffix", header: map[string]secret.Text{"content-type": "application/vnd.gateway+json; charset=utf-8"}, body: `{"text":"{text}","to":"{to}"}`, read: readJSON},
		{name: "form", header: map[string]secret.Text{"Content-Type": "application/x-www-form-urlencoded"}, body: "to={to}&text={text}", read: readForm},
		{name: "xml", header: map[string]secret.Text{"Content-Type": "text/xml"}, body: "<sms><to>{to}</to><text>{text}</text></sms>", read: readXML},
		{name: "plain", header: map[string]secret.Text{"Content-Type": "text/plain; charset=utf-8"}, body: "{to}|{text}", read: func(_ *testing.T, body string) (string, string) {
			to, text, _ := strings.Cut(body, "|")
			return to, text
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t)
			s := &notify.SMS{URL: secret.Text(g.URL), Header: tt.header, Body: tt.body}
			if err := errors.Join(s.Validate(), s.Send(t.Context(), sms())); err != nil {
				t.Fatal(err)
			}
			to, got := tt.read(t, g.bodies[0])
			if to != number || got != text {
				t.Errorf("got to %q, text %q; want %q, %q", to, got, number, text)
			}
		})
	}
}

func readJSON(t *testing.T, body string) (to, text string) {
	t.Helper()
	var v struct{ To, Text string }
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("body %q: %v", body, err)
	}
	return v.To, v.Text
}

func readXML(t *testing.T, body string) (to, text string) {
	t.Helper()
	var v struct {
		To   string `xml:"to"`
		Text string `xml:"text"`
	}
	if err := xml.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("body %q: %v", body, err)
	}
	return v.To, v.Text
}

func readForm(t *testing.T, body string) (to, text string) {
	t.Helper()
	v, err := url.ParseQuery(body)
	if err != nil || len(v) != 2 {
		t.Fatalf("body %q: %v, %v", body, v, err)
	}
	return v.Get("to"), v.Get("text")
}

func TestSMSRequest(t *testing.T) {
	g := newGateway(t)
	s := &notify.SMS{
		URL:    secret.Text(g.URL + "/send/{to}/{text}?text={text}&to={to}&key=" + apiKey),
		Method: "GET", Header: map[string]secret.Text{"authorization": "Bearer " + apiKey},
	}
	if err := s.Send(t.Context(), sms()); err != nil {
		t.Fatal(err)
	}
	r := g.requests[0]
	if r.Method != http.MethodGet || g.bodies[0] != "" {
		t.Errorf("got method %s and body %q, want GET and none", r.Method, g.bodies[0])
	}
	if got := r.Header.Get("Authorization"); got != "Bearer "+apiKey {
		t.Errorf("Authorization: got %q", got)
	}
	if want := "/send/" + number + "/" + text; r.URL.Path != want {
		t.Errorf("path: got %q, want %q", r.URL.Path, want)
	}
	if q := r.URL.Query(); q.Get("text") != text || q.Get("to") != number || q.Get("key") != apiKey || len(q) != 3 {
		t.Errorf("query: got %v", q)
	}
}

func TestSMSAnswers(t *testing.T) {
	for _, tt := range []struct {
		name      string
		code      int
		want      string
		permanent bool
	}{
		{"created", 201, "", false},
		{"accepted", 202, "", false},
		{"redirect", 302, "redirects are not followed", false},
		{"redirect that keeps the method", 307, "redirects are not followed", false},
		{"bad request", 400, "answered 400", true},
		{"unauthorized", 401, "answered 401", true},
		{"time out", 408, "answered 408", false},
		{"too many", 429, "answered 429", false},
		{"broken", 500, "answered 500", false},
		{"away", 503, "answered 503", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t, tt.code)
			s := &notify.SMS{URL: secret.Text(g.URL + "/?key=" + apiKey), Header: map[string]secret.Text{"Authorization": apiKey}}
			err := s.Send(t.Context(), sms())
			wantError(t, "Send", err, tt.want, tt.permanent)
			noSecrets(t, err)
			if got := g.count(); got != 1 {
				t.Errorf("requests: got %d, want 1", got)
			}
		})
	}
}

func noSecrets(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, s := range []string{apiKey, number, number[1:], "483911"} {
		if strings.Contains(err.Error(), s) {
			t.Errorf("error %q holds %q", err, s)
		}
	}
}

func TestSMSUnreachable(t *testing.T) {
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release); hanging.Close() })
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, tt := range []struct{ name, url string }{
		{"hanging", hanging.URL}, {"refused", gone.URL}, {"no such host", "http://gateway.invalid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &notify.SMS{URL: secret.Text(tt.url + "/{to}?key=" + apiKey), Timeout: 300 * time.Millisecond}
			start := time.Now()
			err := s.Send(t.Context(), sms())
			wantError(t, "Send", err, "sms: gateway", false)
			noSecrets(t, err)
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("Send took %v, want about 300ms", took)
			}
		})
	}
}

func TestSMSRecipients(t *testing.T) {
	for _, tt := range []struct {
		name      string
		countries []string
		to        string
		sent      bool
	}{
		{"all countries", nil, number, true},
		{"listed", []string{"41", "33"}, number, true},
		{"not listed", []string{"41", "44"}, number, false},
		{"code inside the number only", []string{"61"}, number, false},
		{"longer code", []string{"1242"}, "+12425550123", true},
		{"longer code, other island", []string{"1242"}, "+12465550123", false},
		{"without plus", nil, "33612345678", false},
		{"spaces", nil, "+33 6 12 34 56 78", false},
		{"leading zero", nil, "+0612345678", false},
		{"too short", nil, "+33612", false},
		{"too long", nil, "+3361234567890123", false},
		{"line break", nil, number + "\n", false},
		{"other digits", nil, "+٣٣٦١٢٣٤٥٦", false},
		{"mail address", nil, "alice@example.net", false},
		{"empty", nil, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t)
			s := &notify.SMS{URL: secret.Text(g.URL), Countries: tt.countries}
			err := s.Send(t.Context(), notify.Letter{To: tt.to, Text: "hello"})
			if tt.sent != (err == nil) || !tt.sent && !errors.Is(err, notify.ErrPermanent) {
				t.Errorf("Send: got %v, want sent %v or a permanent error", err, tt.sent)
			}
			if got := g.count() == 1; got != tt.sent {
				t.Errorf("request reached the gateway: got %v, want %v", got, tt.sent)
			}
		})
	}
}

func TestSMSBudget(t *testing.T) {
	g := newGateway(t)
	now := time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC)
	var log bytes.Buffer
	s := &notify.SMS{URL: secret.Text(g.URL), Budget: 10, Logger: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time { return now }}
	for day := range 2 {
		log.Reset()
		for i := range 10 {
			if err := s.Send(t.Context(), sms()); err != nil {
				t.Fatalf("day %d, message %d: got %v, want sent", day, i+1, err)
			}
			if got, want := strings.Count(log.String(), "most of the day"), min(1, (i+1)/8); got != want {
				t.Errorf("day %d, message %d: warnings: got %d, want %d", day, i+1, got, want)
			}
		}
		for range 2 {
			if err := s.Send(t.Context(), sms()); !errors.Is(err, notify.ErrBudget) || !errors.Is(err, notify.ErrPermanent) {
				t.Errorf("day %d, over the budget: got %v, want ErrBudget and ErrPermanent", day, err)
			}
		}
		now = now.Add(2 * time.Hour)
	}
	if got := g.count(); got != 20 {
		t.Errorf("requests: got %d, want 20", got)
	}
}

// What the gateway refused was not sent and costs nothing; what it swallowed
// without an answer may have been.
func TestSMSBudgetOfFailures(t *testing.T) {
	for _, tt := range []struct {
		name string
		open func(t *testing.T) string // a gateway's URL
		want error                     // of the second message with a budget of one
	}{
		{"refused by the gateway", func(t *testing.T) string { return newGateway(t, 500).URL }, nil},
		{"not reached", func(*testing.T) string {
			gone := httptest.NewServer(http.NotFoundHandler())
			gone.Close()
			return gone.URL
		}, nil},
		{"no answer", func(t *testing.T) string {
			release := make(chan struct{})
			hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
			t.Cleanup(func() { close(release); hanging.Close() })
			return hanging.URL
		}, notify.ErrBudget},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &notify.SMS{URL: secret.Text(tt.open(t)), Budget: 1, Timeout: 300 * time.Millisecond}
			if err := s.Send(t.Context(), sms()); err == nil || errors.Is(err, notify.ErrBudget) {
				t.Fatalf("first Send: got %v, want a failure of the gateway", err)
			}
			if got := errors.Is(s.Send(t.Context(), sms()), notify.ErrBudget); got != (tt.want != nil) {
				t.Errorf("second Send: over the budget: got %v, want %v", got, tt.want != nil)
			}
		})
	}
}

func TestSMSValidate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*notify.SMS)
		want   string
	}{
		{"good", func(*notify.SMS) {}, ""},
		{"good, placeholders in path and query", func(s *notify.SMS) { s.URL = "https://gateway.example/{to}?t={text}" }, ""},
		{"no URL", func(s *notify.SMS) { s.URL = "" }, "not an http or https address"},
		{"other scheme", func(s *notify.SMS) { s.URL = "ftp://gateway.example/" + apiKey }, "not an http or https address"},
		{"broken URL", func(s *notify.SMS) { s.URL = "http://gateway.example:" + apiKey }, "not an http or https address"},
		{"number in the host", func(s *notify.SMS) { s.URL = "https://{to}.example/" }, "host name"},
		{"number in the host, no path", func(s *notify.SMS) { s.URL = "HTTPS://{to}.example?x=y" }, "host name"},
		{"text in the host", func(s *notify.SMS) { s.URL = "https://{text}.example/" }, "address"},
		{"form without its type", func(s *notify.SMS) { s.Body = "to={to}&text={text}" }, "not JSON"},
		{"JSON without quotes", func(s *notify.SMS) { s.Body = `{"text": {text}}` }, "not JSON"},
		{"unknown type", func(s *notify.SMS) {
			s.Header = map[string]secret.Text{"Content-Type": "application/x-own"}
			s.Body = "{to}"
		}, "no escaping is known"},
		{"country with a plus", func(s *notify.SMS) { s.Countries = []string{"+33"} }, "calling code"},
		{"country by name", func(s *notify.SMS) { s.Countries = []string{"FR"} }, "calling code"},
		{"negative budget", func(s *notify.SMS) { s.Budget = -1 }, "negative"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &notify.SMS{URL: "https://gateway.example/send"}
			tt.change(s)
			err := s.Validate()
			wantError(t, "Validate", err, tt.want, false)
			noSecrets(t, err)
		})
	}
}
