package notify_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

const hookSecret = "whsec-2f0b1c9a8d" // no secret of anybody

// verified is what a receiver does: it looks at the signature, in constant
// time, and at how old it is.
func verified(key, header, body string, now time.Time) bool {
	t, mac, _ := strings.Cut(strings.TrimPrefix(header, "t="), ",v1=")
	unix, err := strconv.ParseInt(t, 10, 64)
	if err != nil || now.Sub(time.Unix(unix, 0)).Abs() > 5*time.Minute {
		return false
	}
	got, err := hex.DecodeString(mac)
	want := hmac.New(sha256.New, []byte(key))
	want.Write([]byte(t + "." + body))
	return err == nil && hmac.Equal(got, want.Sum(nil))
}

func hooked() notify.Letter {
	l := pushed()
	l.Channel, l.Event = recovery.ChannelHook, "password_changed"
	return l
}

func TestWebhookRequest(t *testing.T) {
	g := newGateway(t)
	now := time.Date(2026, 3, 1, 23, 0, 0, 0, time.FixedZone("CET", 3600))
	w := &notify.Webhook{URL: secret.Text(g.URL + "/hook?key=" + apiKey), Secret: hookSecret, Now: func() time.Time { return now }}
	if err := w.Send(t.Context(), hooked()); err != nil {
		t.Fatal(err)
	}
	r, body := g.requests[0], g.bodies[0]
	if got, want := r.Method+" "+r.URL.String(), "POST /hook?key="+apiKey; got != want {
		t.Errorf("request: got %q, want %q", got, want)
	}
	if got := r.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type: got %q", got)
	}
	wantJSON(t, body, map[string]any{
		"id": "m7Qx", "channel": "webhook", "to": "***", "event": "password_changed",
		"subject": pushSubject, "text": pushText, "time": "2026-03-01T22:00:00Z",
	})
	header := r.Header.Get("X-Sparekey-Signature")
	later := strings.Replace(header, "t="+strconv.FormatInt(now.Unix(), 10), "t="+strconv.FormatInt(now.Add(time.Hour).Unix(), 10), 1)
	for _, tt := range []struct {
		name, key, header, body string
		at                      time.Time
		want                    bool
	}{
		{"as sent", hookSecret, header, body, now.Add(time.Second), true},
		{"other secret", hookSecret + "x", header, body, now, false},
		{"changed body", hookSecret, header, strings.Replace(body, "m7Qx", "m7Qy", 1), now, false},
		{"sent again an hour later", hookSecret, header, body, now.Add(time.Hour), false},
		{"sent again with a new time", hookSecret, later, body, now.Add(time.Hour), false},
		{"no signature", hookSecret, "", body, now, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := verified(tt.key, tt.header, tt.body, tt.at); got != tt.want {
				t.Errorf("verified %q: got %v, want %v", tt.header, got, tt.want)
			}
		})
	}
}

// A second try is signed anew and has the id of the first, by which a receiver
// knows it. The queue fills in what the message says.
func TestWebhookThroughQueue(t *testing.T) {
	g, log := newGateway(t, http.StatusServiceUnavailable, http.StatusOK), &syncBuffer{}
	q := notify.NewQueue(notify.QueueOptions{
		Render: render, Backoff: soon, Logger: log.logger(),
		Senders: map[string]notify.Sender{recovery.ChannelHook: &notify.Webhook{URL: secret.Text(g.URL + "/?key=" + apiKey), Secret: hookSecret}},
	})
	defer closeQueue(t, q)
	q.Queue(recovery.Message{ID: "n1", Channel: recovery.ChannelHook, To: "alice", Template: "notice", Vars: map[string]string{"event": "account_frozen"}})
	q.Queue(recovery.Message{ID: "n2", Channel: recovery.ChannelHook, To: "alice", Secret: true})
	eventually(t, "one sent, one given up", func() bool {
		s := q.Stats()[recovery.ChannelHook]
		return s.Sent == 1 && s.Failed == 1
	})
	if got := g.count(); got != 2 {
		t.Fatalf("requests: got %d, want 2", got)
	}
	for i, body := range g.bodies {
		if !strings.Contains(body, `"id":"n1"`) || !strings.Contains(body, `"event":"account_frozen"`) {
			t.Errorf("body %d: got %s, want id n1 and the event", i, body)
		}
		if !verified(hookSecret, g.requests[i].Header.Get("X-Sparekey-Signature"), body, time.Now()) {
			t.Errorf("body %d: the signature does not fit", i)
		}
	}
	for _, s := range []string{apiKey, hookSecret, g.URL, "alice"} {
		if strings.Contains(log.String(), s) {
			t.Errorf("the log holds %q:\n%s", s, log)
		}
	}
}

func TestWebhookAnswers(t *testing.T) {
	for _, tt := range []struct {
		name      string
		code      int
		want      string
		permanent bool
	}{
		{"accepted", 202, "", false},
		{"redirect", 302, "redirects are not followed", false},
		{"redirect that keeps the method", 308, "redirects are not followed", false},
		{"unauthorized", 401, "answered 401", true},
		{"gone", 410, "answered 410", true},
		{"time out", 408, "answered 408", false},
		{"too many", 429, "answered 429", false},
		{"broken", 500, "answered 500", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t, tt.code)
			w := &notify.Webhook{URL: secret.Text(g.URL + "/?key=" + apiKey), Secret: hookSecret}
			err := w.Send(t.Context(), hooked())
			wantError(t, "Send", err, tt.want, tt.permanent)
			noSecrets(t, err)
			if got := g.count(); got != 1 {
				t.Errorf("requests: got %d, want 1", got)
			}
		})
	}
}

func TestWebhookUnreachable(t *testing.T) {
	host, _ := hang(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, tt := range []struct{ name, url string }{
		{"hanging", "http://" + host}, {"refused", gone.URL}, {"no such host", "http://hook.invalid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &notify.Webhook{URL: secret.Text(tt.url + "/?key=" + apiKey), Secret: hookSecret, Timeout: 300 * time.Millisecond}
			begin := time.Now()
			err := w.Send(t.Context(), hooked())
			wantError(t, "Send", err, "webhook: ", false)
			noSecrets(t, err)
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("Send took %v, want about 300ms", took)
			}
		})
	}
}

func TestWebhookRefusesSecrets(t *testing.T) {
	g := newGateway(t)
	l := hooked()
	l.Secret = true
	wantError(t, "Send", (&notify.Webhook{URL: secret.Text(g.URL), Secret: hookSecret}).Send(t.Context(), l), "holds a secret", true)
	if got := g.count(); got != 0 {
		t.Errorf("requests: got %d, want none", got)
	}
}

func TestWebhookValidate(t *testing.T) {
	for _, tt := range []struct {
		name, url string
		secret    secret.Text
		want      string
	}{
		{"good", "https://hook.example/" + apiKey, hookSecret, ""},
		{"no URL", "", hookSecret, "not an http or https address"},
		{"other scheme", "ftp://hook.example/" + apiKey, hookSecret, "not an http or https address"},
		{"no host", "https:///" + apiKey, hookSecret, "not an http or https address"},
		{"broken URL", "http://hook.example:" + apiKey, hookSecret, "not an http or https address"},
		{"no secret", "https://hook.example/" + apiKey, "", "no secret"},
		{"15 characters", "https://hook.example/" + apiKey, "fifteen letters", "openssl rand -hex 32"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &notify.Webhook{URL: secret.Text(tt.url), Secret: tt.secret}
			err := w.Validate()
			wantError(t, "Validate", err, tt.want, false)
			noSecrets(t, err)
			if tt.want != "" {
				wantError(t, "Send", w.Send(t.Context(), hooked()), tt.want, true)
			}
		})
	}
}
