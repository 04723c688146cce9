package notify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// syncBuffer is a log that may be read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (s *syncBuffer) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(s, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}

// eventually waits for what happens on other goroutines and real connections.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10s: %s", what)
		}
	}
}

func soon(int) time.Duration { return 10 * time.Millisecond }

func TestQueueOverSMTP(t *testing.T) {
	reply := func(code int) error { return &smtp.SMTPError{Code: code, Message: "no"} }
	for _, tt := range []struct {
		name       string
		mail, data []error
		tries      int
		sent       int
	}{
		{"421 and 451, then taken", []error{reply(421), reply(451)}, nil, 3, 1},
		{"550 is not tried again", []error{reply(550)}, nil, 1, 0},
		{"dropped in the text, then taken", nil, []error{errDrop, errDrop}, 3, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ca := newAuthority(t)
			server := (&mailServer{mail: tt.mail, data: tt.data}).start(t, ca.server(t), false)
			q := start(t, notify.QueueOptions{Backoff: soon}, &notify.SMTP{Host: server.addr, From: "no-reply@example.org", RootCAs: ca.pool})
			q.Queue(message("alice@example.net"))
			eventually(t, "sent or given up", func() bool {
				s := q.Stats()["mail"]
				return s.Sent+s.Failed == 1
			})
			if got := server.tries(); got != tt.tries {
				t.Errorf("tries: got %d, want %d", got, tt.tries)
			}
			if got := len(server.got()); got != tt.sent {
				t.Errorf("mails at the server: got %d, want %d", got, tt.sent)
			}
		})
	}
}

func TestQueueSilentServer(t *testing.T) {
	addr := talk(t, "", func(string) string { return "" })
	q := start(t, notify.QueueOptions{Size: 100}, &notify.SMTP{Host: addr, From: "no-reply@example.org", Timeout: 200 * time.Millisecond})
	begin := time.Now()
	for range 100 {
		q.Queue(message("alice@example.net"))
	}
	if took := time.Since(begin); took > 150*time.Millisecond {
		t.Errorf("100 calls of Queue took %v, want no waiting for the server", took)
	}
	eventually(t, "the first send has timed out", func() bool {
		return strings.Contains(q.Stats()["mail"].LastError, "no answer in time")
	})
}

func TestQueueOverSMS(t *testing.T) {
	g := newGateway(t, http.StatusInternalServerError, http.StatusOK)
	q := notify.NewQueue(notify.QueueOptions{
		Render: render, Backoff: soon,
		Senders: map[string]notify.Sender{recovery.ChannelSMS: &notify.SMS{URL: secret.Text(g.URL)}},
	})
	defer closeQueue(t, q)
	m := message(number)
	m.Channel = recovery.ChannelSMS
	q.Queue(m)
	eventually(t, "sent", func() bool { return q.Stats()["sms"].Sent == 1 })
	if got := g.count(); got != 2 {
		t.Errorf("requests: got %d, want 2", got)
	}
}

// indiscreet fails with everything it knows, over several lines.
type indiscreet struct{ permanent bool }

func (i indiscreet) Send(_ context.Context, l notify.Letter) error {
	err := fmt.Errorf("could not send\n%s to <%s> (%s)", l.Text, l.To, strings.ToUpper(l.To))
	if i.permanent {
		return errors.Join(notify.ErrPermanent, err)
	}
	return err
}

const (
	canaryCode  = "K7QX-M2PD"
	canaryToken = "t0kenAbCdEfGh12345"
	canaryLink  = "https://photos.example.org/.sparekey/link#" + canaryToken
)

// canarySenders fail in every way, and repeat what they were given.
func canarySenders(t *testing.T) map[string]notify.Sender {
	t.Helper()
	ca := newAuthority(t)
	over := func(server *mailServer) *notify.SMTP {
		addr := server.start(t, ca.server(t), false).addr
		return &notify.SMTP{Host: addr, From: "no-reply@example.org", RootCAs: ca.pool}
	}
	echo := func(status int) []error {
		return []error{&smtp.SMTPError{Code: status, Message: "alice@mail.example: " + canaryCode + " " + canaryToken + " " + canaryLink}}
	}
	refused := over(&mailServer{mechanisms: []string{"PLAIN"}, password: "another"})
	refused.User, refused.Password = "sparekey", password
	g := newGateway(t, http.StatusInternalServerError, http.StatusForbidden)
	return map[string]notify.Sender{
		"mail-550": over(&mailServer{rcpt: echo(550)}), "mail-451": over(&mailServer{rcpt: echo(451)}), "mail-auth": refused,
		"sms":       &notify.SMS{URL: secret.Text(g.URL + "/?key=" + apiKey), Header: map[string]secret.Text{"Authorization": apiKey}},
		"file":      &notify.File{Dir: "/dev/null/alice"},
		"temporary": indiscreet{}, "permanent": indiscreet{permanent: true}, "panic": panicking{&recorder{}},
	}
}

func renderCanary(m recovery.Message) (notify.Letter, error) {
	l := notify.Letter{Subject: "Your code", Text: "Code " + m.Vars["code"] + " or " + m.Vars["link"]}
	if m.ID == "broken" {
		return l, fmt.Errorf("template: %s %s", m.Vars["link"], m.To)
	}
	return l, nil
}

// No secret reaches the log or the statistics, whatever servers and senders say.
func TestQueueCanary(t *testing.T) {
	log, senders := &syncBuffer{}, canarySenders(t)
	q := notify.NewQueue(notify.QueueOptions{
		Logger: log.logger(), Senders: senders, Render: renderCanary, Size: 2,
		Backoff: func(attempt int) time.Duration { return time.Duration(attempt-1) * time.Hour },
	})
	var want []string
	for channel := range senders {
		to := "alice@mail.example"
		if channel == "sms" {
			to = number
		}
		for _, id := range []string{"canary", "broken"} {
			q.Queue(recovery.Message{ID: id, Channel: channel, To: to, Secret: true, Vars: map[string]string{"code": canaryCode, "link": canaryLink, "minutes": "5"}})
			want = append(want, fmt.Sprintf(`"id":%q,"channel":%q`, id, channel))
		}
	}
	eventually(t, "every message has failed once", func() bool {
		seen := log.String()
		return !slices.ContainsFunc(want, func(s string) bool { return !strings.Contains(seen, s) })
	})
	closeQueue(t, q)
	seen := log.String() + fmt.Sprintf("%+v", q.Stats())
	for _, s := range []string{canaryCode, canaryToken, canaryLink, "alice@mail.example", "ALICE@MAIL.EXAMPLE", number, apiKey, password, "483911"} {
		if strings.Contains(seen, s) {
			t.Errorf("the log holds %q:\n%s", s, seen)
		}
	}
	for _, s := range []string{`"id":"canary","channel":"mail-550","to":"a***@mail.example","attempt":1`, "+33***78", "550", "535", "answered 500"} {
		if !strings.Contains(seen, s) {
			t.Errorf("the log does not hold %q:\n%s", s, seen)
		}
	}
}
