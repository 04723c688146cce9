package notify_test

import (
	"bytes"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// No token, address or text reaches a log, ours or that of the process,
// whatever a server says and a service of shoutrrr makes of it.
func TestPushCanary(t *testing.T) {
	var process bytes.Buffer
	log.SetOutput(&process)
	defer log.SetOutput(os.Stderr)
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"ok":false,"error":"` + pushToken + canaryCode + r.URL.String() + `","errcode":"` + pushToken + `","description":"` + pushToken + `"}`))
	}))
	garbage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("<html>" + pushToken + r.URL.String()))
	}))
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	defer echo.Close()
	defer garbage.Close()
	for server, base := range map[string]string{"echo": echo.URL, "garbage": garbage.URL, "gone": gone.URL} {
		host := strings.TrimPrefix(base, "http://")
		for name, u := range services(host) {
			if name == "telegram" {
				continue // its server cannot be moved: see divert
			}
			t.Run(name+" "+server, func(t *testing.T) {
				l := &syncBuffer{}
				q := notify.NewQueue(notify.QueueOptions{
					Render: renderCanary, Logger: l.logger(), Backoff: func(int) time.Duration { return time.Hour },
					Senders: map[string]notify.Sender{recovery.ChannelPush: &notify.Push{URL: secret.Text(u)}},
				})
				q.Queue(recovery.Message{ID: "canary", Channel: recovery.ChannelPush, To: "alice", Vars: map[string]string{"code": canaryCode, "link": canaryLink}})
				eventually(t, "the message has failed", func() bool { return q.Stats()[recovery.ChannelPush].LastError != "" })
				closeQueue(t, q)
				seen := l.String() + process.String()
				for _, s := range []string{pushToken, canaryCode, canaryToken, host, "alice", "sparekey?", "!family", u} {
					if strings.Contains(seen, s) {
						t.Errorf("the log holds %q:\n%s", s, seen)
					}
				}
				if !strings.Contains(seen, "push: "+name) {
					t.Errorf("the log does not name the service:\n%s", seen)
				}
			})
		}
	}
}

func TestPushTelegramRefused(t *testing.T) {
	h := newHub(t, map[string]string{"POST /bot123456:" + pushToken + "/sendMessage": `{"ok":false,"error_code":401,"description":"` + pushToken + `"}`})
	h.answer(http.StatusUnauthorized)
	divert(t, h)
	p := &notify.Push{URL: secret.Text(services(h.host())["telegram"])}
	err := p.Send(t.Context(), pushed())
	wantError(t, "Send", err, "push: telegram did not take the message", false)
	if strings.Contains(err.Error(), pushToken) {
		t.Errorf("error %q holds the token", err)
	}
}

func TestPushStatus(t *testing.T) {
	for _, tt := range []struct {
		name      string
		status    int
		want      string
		permanent bool
	}{
		{"forbidden", 403, "ntfy answered 403", true},
		{"too many", 429, "ntfy answered 429", false},
		{"broken", 502, "ntfy answered 502", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHub(t, map[string]string{"POST /sparekey": "not JSON: " + pushToken})
			h.answer(tt.status)
			p := &notify.Push{URL: secret.Text(services(h.host())["ntfy"])}
			wantError(t, "Send", p.Send(t.Context(), pushed()), tt.want, tt.permanent)
		})
	}
}

func TestPushRefusesLines(t *testing.T) {
	h := newHub(t, hubAnswers())
	p := &notify.Push{URL: secret.Text(services(h.host())["ntfy"])}
	l := pushed()
	l.Subject = "a\r\nAuthorization: b"
	wantError(t, "Send", p.Send(t.Context(), l), "line break", true)
	if got := h.lines(); got != nil {
		t.Errorf("requests: got %q, want none", got)
	}
}

// A room with an empty name makes shoutrrr panic.
func TestPushPanic(t *testing.T) {
	p := &notify.Push{URL: "matrix://:" + pushToken + "@127.0.0.1:1/?disableTLS=yes&rooms="}
	wantError(t, "Validate", p.Validate(), "matrix", false)
	wantError(t, "Send", p.Send(t.Context(), pushed()), "panic", true)
}

func TestPushValidate(t *testing.T) {
	for _, tt := range []struct{ name, url, want string }{
		{"ntfy", "ntfy://ntfy.sh/" + pushToken, ""},
		{"gotify", "gotify://push.example/" + pushToken, ""},
		{"matrix", "matrix://:" + pushToken + "@matrix.example/?rooms=a", ""},
		{"telegram", "telegram://123456:" + pushToken + "@telegram?chats=1", ""},
		{"discord", "discord://" + pushToken + "@1234", ""},
		{"generic with its own scheme", "generic+https://hook.example/" + pushToken, ""},
		{"empty", "", "does not begin"},
		{"no service", "https://ntfy.sh/" + pushToken, "does not begin"},
		{"no URL", "ntfy.sh/" + pushToken, "does not begin"},
		{"broken URL", "ntfy://ntfy.sh:" + pushToken, "does not begin"},
		{"log", "logger://", "logger://"},
		{"ntfy without a topic", "ntfy://" + pushToken + "@ntfy.sh", "ntfy"},
		{"ntfy with an unknown option", "ntfy://ntfy.sh/a?" + pushToken + "=1", "ntfy"},
		{"telegram without a token", "telegram://" + pushToken + "@telegram?chats=1", "telegram"},
		{"matrix without a password", "matrix://" + pushToken + "@matrix.example", "matrix"},
		{"matrix without a host", "matrix://:" + pushToken + "@", "matrix"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := (&notify.Push{URL: secret.Text(tt.url)}).Validate()
			wantError(t, "Validate", err, tt.want, false)
			if err != nil && strings.Contains(err.Error(), pushToken) {
				t.Errorf("error %q holds the token", err)
			}
		})
	}
	wantError(t, "Send", (&notify.Push{URL: pushToken}).Send(t.Context(), pushed()), "does not begin", true)
}
