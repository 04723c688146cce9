package notify_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/caddy-sparekey/sparekey/recovery/notify"
)

const password = "s3cret/passw0rd"

func letter() notify.Letter {
	return notify.Letter{
		ID: "m7Qx", Channel: "mail", To: "alice@example.net",
		Subject: "Votre clé de secours a été utilisée à l’instant",
		Text:    "Bonjour,\n\nvotre code : 483911\n.\nLigne après un point seul. Très longue : " + strings.Repeat("é", 120) + "\n",
		HTML:    "<p>Votre code : <b>483911</b></p>\n",
	}
}

func fixedNow() time.Time { return time.Date(2026, 3, 1, 12, 30, 0, 0, time.FixedZone("", 3600)) }

func TestSMTPConnections(t *testing.T) {
	ours, other := newAuthority(t), newAuthority(t)
	for _, tt := range []struct {
		name      string
		server    *tls.Config
		implicit  bool // the server's side
		client    notify.SMTP
		mechanism []string
		want      string // part of the error; empty: sent
		permanent bool
	}{
		{name: "starttls is the default", server: ours.server(t)},
		{name: "starttls by name", server: ours.server(t), client: notify.SMTP{TLS: "starttls"}},
		{name: "implicit", server: ours.server(t), implicit: true, client: notify.SMTP{TLS: "implicit"}},
		{name: "off to this machine", client: notify.SMTP{TLS: "off"}},
		{name: "server without starttls", want: "STARTTLS"},
		{name: "unknown authority", server: other.server(t), want: "certificate not verified, nothing sent"},
		{name: "unknown authority, implicit", server: other.server(t), implicit: true, client: notify.SMTP{TLS: "implicit"}, want: "certificate not verified, nothing sent"},
		{name: "certificate of another host", server: ours.server(t, "mail.example.org"), want: "certificate not verified, nothing sent"},
		{name: "auth plain", server: ours.server(t), mechanism: []string{"PLAIN"}, client: notify.SMTP{User: "sparekey", Password: password}},
		{name: "auth login", server: ours.server(t), mechanism: []string{"LOGIN"}, client: notify.SMTP{User: "sparekey", Password: password}},
		{name: "auth plain, implicit", server: ours.server(t), implicit: true, mechanism: []string{"LOGIN", "PLAIN"}, client: notify.SMTP{TLS: "implicit", User: "sparekey", Password: password}},
		{name: "auth plain, off, this machine", mechanism: []string{"PLAIN"}, client: notify.SMTP{TLS: "off", User: "sparekey", Password: password}},
		{name: "auth plain, wrong password", server: ours.server(t), mechanism: []string{"PLAIN"}, client: notify.SMTP{User: "sparekey", Password: "wrong-" + password}, want: "535", permanent: true},
		{name: "auth login, wrong password", server: ours.server(t), mechanism: []string{"LOGIN"}, client: notify.SMTP{User: "sparekey", Password: "wrong-" + password}, want: "535", permanent: true},
		{name: "no mechanism of ours", server: ours.server(t), mechanism: []string{"XOAUTH2"}, client: notify.SMTP{User: "sparekey", Password: password}, want: "neither AUTH PLAIN nor AUTH LOGIN"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := (&mailServer{mechanisms: tt.mechanism, password: password}).start(t, tt.server, tt.implicit)
			sender := tt.client
			sender.Host, sender.From, sender.RootCAs, sender.Timeout = server.addr, "no-reply@example.org", ours.pool, 5*time.Second
			checkErr, sendErr := sender.Check(t.Context()), sender.Send(t.Context(), letter())
			for verb, err := range map[string]error{"Check": checkErr, "Send": sendErr} {
				wantError(t, verb, err, tt.want, tt.permanent)
			}
			want := 1
			if tt.want != "" {
				want = 0
			}
			if got := len(server.got()); got != want {
				t.Errorf("mails at the server: got %d, want %d", got, want)
			}
		})
	}
}

func wantError(t *testing.T, verb string, err error, want string, permanent bool) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("%s: got error %v, want none", verb, err)
		}
		return
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("%s: got error %v, want one with %q", verb, err, want)
	}
	if got := errors.Is(err, notify.ErrPermanent); got != permanent {
		t.Errorf("%s: permanent: got %v, want %v (%v)", verb, got, permanent, err)
	}
	for _, secret := range []string{password, base64.StdEncoding.EncodeToString([]byte("wrong-" + password)), "alice@example.net", "483911"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: error %q holds the secret %q", verb, err, secret)
		}
	}
}

func TestSMTPReplies(t *testing.T) {
	reply := func(code int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "<alice@example.net> Alice@Example.Net said no"}
	}
	for _, tt := range []struct {
		name             string
		mail, rcpt, data []error
		want             string
		permanent        bool
	}{
		{name: "421 to MAIL", mail: []error{reply(421)}, want: `421 "4.1.1 <***> *** said no"`},
		{name: "451 to RCPT", rcpt: []error{reply(451)}, want: "451"},
		{name: "452 to DATA", data: []error{reply(452)}, want: "452"},
		{name: "550 to MAIL", mail: []error{reply(550)}, want: "550", permanent: true},
		{name: "550 to RCPT", rcpt: []error{reply(550)}, want: `550 "5.1.1 <***> *** said no"`, permanent: true},
		{name: "554 to DATA", data: []error{reply(554)}, want: "554", permanent: true},
		{name: "dropped in DATA", data: []error{errDrop}, want: "deliver"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := (&mailServer{mail: tt.mail, rcpt: tt.rcpt, data: tt.data}).start(t, nil, false)
			sender := &notify.SMTP{Host: server.addr, From: "no-reply@example.org", TLS: "off", Timeout: 5 * time.Second}
			wantError(t, "first Send", sender.Send(t.Context(), letter()), tt.want, tt.permanent)
			wantError(t, "second Send", sender.Send(t.Context(), letter()), "", false)
			if got := len(server.got()); got != 1 {
				t.Errorf("mails at the server: got %d, want 1", got)
			}
		})
	}
}

// What a server says before it is known to be the right one is never final.
func TestSMTPUnencryptedRefusals(t *testing.T) {
	ehlo := func(line string) string {
		switch {
		case strings.HasPrefix(line, "EHLO"):
			return "250-server.test\r\n250 STARTTLS"
		case line == "STARTTLS":
			return "554 5.7.1 not today"
		}
		return "250 ok"
	}
	for _, tt := range []struct {
		name, greeting string
		answer         func(string) string
		want           string
	}{
		{name: "greeting 554", greeting: "554 no service here", answer: ehlo, want: `554 "no service here"`},
		{name: "greeting 421", greeting: "421 too busy", answer: ehlo, want: "421"},
		{name: "STARTTLS 554", greeting: "220 hello", answer: ehlo, want: `554 "5.7.1 not today"`},
		{name: "no SMTP at all", greeting: "HTTP/1.1 400 Bad Request", answer: ehlo, want: "sign on"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sender := &notify.SMTP{Host: talk(t, tt.greeting, tt.answer), From: "no-reply@example.org", Timeout: 5 * time.Second}
			wantError(t, "Send", sender.Send(t.Context(), letter()), tt.want, false)
		})
	}
}

// silentAt answers like a mail server, but never to one command.
func silentAt(command string) func(line string) string {
	inData := false
	return func(line string) string {
		switch {
		case strings.HasPrefix(line, command):
			return ""
		case line == "DATA":
			inData = true
			return "354 go on"
		case line == ".":
			inData = false
		case inData:
			return ""
		}
		return "250 ok"
	}
}

func TestSMTPSilence(t *testing.T) {
	for _, tt := range []struct {
		name, greeting, silent, want string
	}{
		{name: "no greeting", silent: "EHLO", want: "no answer in time"},
		{name: "no answer to EHLO", greeting: "220 hello", silent: "EHLO", want: "no answer in time"},
		{name: "no answer to RCPT", greeting: "220 hello", silent: "RCPT", want: "no answer in time"},
		{name: "no answer to QUIT: sent", greeting: "220 hello", silent: "QUIT"},
		{name: "no answer to RSET: sent", greeting: "220 hello", silent: "RSET"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sender := &notify.SMTP{Host: talk(t, tt.greeting, silentAt(tt.silent)), From: "no-reply@example.org", TLS: "off", Timeout: 200 * time.Millisecond}
			start := time.Now()
			wantError(t, "Send", sender.Send(t.Context(), letter()), tt.want, false)
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("Send took %v, want about 200ms", took)
			}
		})
	}
}

func TestSMTPHeedsContext(t *testing.T) {
	for _, command := range []string{"EHLO", "RCPT"} {
		t.Run(command, func(t *testing.T) {
			sender := &notify.SMTP{Host: talk(t, "220 hello", silentAt(command)), From: "no-reply@example.org", TLS: "off", Timeout: time.Minute}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			start := time.Now()
			if err := sender.Send(ctx, letter()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Send: got %v, want %v", err, context.DeadlineExceeded)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("Send took %v after its context ended at 100ms", took)
			}
		})
	}
}

func TestSMTPMessage(t *testing.T) {
	ca := newAuthority(t)
	server := (&mailServer{}).start(t, ca.server(t), false)
	sender := &notify.SMTP{Host: server.addr, From: "Clé <no-reply@example.org>", RootCAs: ca.pool, Now: fixedNow}
	want := letter()
	for range 2 {
		if err := sender.Send(t.Context(), want); err != nil {
			t.Fatal(err)
		}
	}
	got := server.got()[0]
	if got.from != "no-reply@example.org" || len(got.to) != 1 || got.to[0] != want.To || got.helo != "example.org" {
		t.Errorf("envelope: got from %q to %q helo %q", got.from, got.to, got.helo)
	}
	msg := parse(t, got.data)
	again := parse(t, server.got()[1].data)
	if a, b := msg.Header.Get("Message-Id"), again.Header.Get("Message-Id"); a != b || !strings.HasPrefix(a, "<m7Qx.") || !strings.HasSuffix(a, "@example.org>") {
		t.Errorf("Message-ID of two tries: got %q and %q, want one id <m7Qx.…@example.org>", a, b)
	}
	checkHeaders(t, msg.Header, want)
	checkParts(t, msg, want)
	if host, err := os.Hostname(); err == nil && host != "localhost" && strings.Contains(got.data, host) {
		t.Errorf("the mail holds the machine's host name %q", host)
	}
}

func parse(t *testing.T, data string) *mail.Message {
	t.Helper()
	msg, err := mail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatalf("the mail does not parse: %v\n%s", err, data)
	}
	return msg
}

func checkHeaders(t *testing.T, h mail.Header, want notify.Letter) {
	t.Helper()
	from, err := h.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Name != "Clé" || from[0].Address != "no-reply@example.org" {
		t.Errorf("From: got %v, %v", from, err)
	}
	to, err := h.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != want.To {
		t.Errorf("To: got %v, %v; want only %s", to, err, want.To)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if err != nil || subject != want.Subject {
		t.Errorf("Subject: got %q, %v; want %q", subject, err, want.Subject)
	}
	if date, err := h.Date(); err != nil || !date.Equal(fixedNow()) {
		t.Errorf("Date: got %v, %v; want %v", date, err, fixedNow())
	}
	for name, value := range map[string]string{
		"Auto-Submitted": "auto-generated", "Mime-Version": "1.0",
		"User-Agent": "", "X-Mailer": "", "Cc": "", "Bcc": "", "Reply-To": "",
	} {
		if got := h.Get(name); got != value {
			t.Errorf("%s: got %q, want %q", name, got, value)
		}
	}
}

func checkParts(t *testing.T, msg *mail.Message, want notify.Letter) {
	t.Helper()
	media, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || media != "multipart/alternative" {
		t.Fatalf("Content-Type: got %q, %v; want multipart/alternative", media, err)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for _, p := range []struct{ media, text string }{{"text/plain", want.Text}, {"text/html", want.HTML}} {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatalf("part %s: %v", p.media, err)
		}
		media, params, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil || media != p.media || !strings.EqualFold(params["charset"], "utf-8") {
			t.Errorf("part: got %s %v, %v; want %s in utf-8", media, params, err, p.media)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(string(text), "\r\n", "\n"); strings.TrimRight(got, "\n") != strings.TrimRight(p.text, "\n") {
			t.Errorf("part %s: got %q, want %q", p.media, got, p.text)
		}
	}
	if _, err := parts.NextPart(); !errors.Is(err, io.EOF) {
		t.Errorf("after two parts: got %v, want %v", err, io.EOF)
	}
}

func TestSMTPTextOnly(t *testing.T) {
	server := (&mailServer{}).start(t, nil, false)
	sender := &notify.SMTP{Host: server.addr, From: "no-reply@example.org", TLS: "off", HELO: "gate.example.org"}
	l := letter()
	l.ID, l.HTML = "not a token\x01", ""
	if err := sender.Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	msg := parse(t, server.got()[0].data)
	if media, _, err := mime.ParseMediaType(msg.Header.Get("Content-Type")); err != nil || media != "text/plain" {
		t.Errorf("Content-Type: got %q, %v; want text/plain", media, err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(msg.Body))
	if err != nil || !strings.Contains(string(text), "votre code : 483911") {
		t.Errorf("text: got %q, %v", text, err)
	}
	if got := server.got()[0].helo; got != "gate.example.org" {
		t.Errorf("EHLO: got %q, want gate.example.org", got)
	}
	if id := msg.Header.Get("Message-Id"); strings.Contains(id, "token") || !strings.HasSuffix(id, "@example.org>") {
		t.Errorf("Message-ID: got %q, want a random one @example.org", id)
	}
}

func TestSMTPRefusesLetters(t *testing.T) {
	server := (&mailServer{}).start(t, nil, false)
	sender := &notify.SMTP{Host: server.addr, From: "no-reply@example.org", TLS: "off"}
	for _, tt := range []struct{ name, to, subject string }{
		{"line feed in subject", "a@example.net", "hello\nBcc: b@example.net"},
		{"carriage return in subject", "a@example.net", "hello\rBcc: b@example.net"},
		{"line break in address", "a@example.net\r\nRCPT TO:<b@example.net>", "hello"},
		{"two addresses", "a@example.net, b@example.net", "hello"},
		{"address with a name", "A <a@example.net>", "hello"},
		{"group", "all: a@example.net, b@example.net;", "hello"},
		{"angle", "a@example.net>", "hello"},
		{"no address", "", "hello"},
		{"number", "+33612345678", "hello"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := sender.Send(t.Context(), notify.Letter{ID: "x", To: tt.to, Subject: tt.subject, Text: "text"})
			if !errors.Is(err, notify.ErrPermanent) {
				t.Errorf("Send: got %v, want a permanent error", err)
			}
		})
	}
	if got := server.tries(); got != 0 {
		t.Errorf("MAIL commands at the server: got %d, want 0", got)
	}
}

func TestSMTPValidate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*notify.SMTP)
		want   string
	}{
		{"good", func(*notify.SMTP) {}, ""},
		{"good, relay in the same network without a password", func(s *notify.SMTP) { s.TLS, s.Host = "off", "mailpit:1025" }, ""},
		{"no port", func(s *notify.SMTP) { s.Host = "mail.example.org" }, "HOST:PORT"},
		{"no host", func(s *notify.SMTP) { s.Host = ":587" }, "HOST:PORT"},
		{"port is no number", func(s *notify.SMTP) { s.Host = "mail.example.org:99999" }, "not a port"},
		{"no from", func(s *notify.SMTP) { s.From = "" }, "from"},
		{"line break in from", func(s *notify.SMTP) { s.From = "a@example.org\r\nBcc: x" }, "line break"},
		{"line break in helo", func(s *notify.SMTP) { s.HELO = "a\nb" }, "not the name of a host"},
		{"unknown tls", func(s *notify.SMTP) { s.TLS = "maybe" }, "none of starttls, implicit, off"},
		{"password without encryption", func(s *notify.SMTP) { s.TLS, s.User, s.Password = "off", "u", password }, "unencrypted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &notify.SMTP{Host: "mail.example.org:587", From: "no-reply@example.org"}
			tt.change(s)
			wantError(t, "Validate", s.Validate(), tt.want, false)
			if tt.want != "" {
				wantError(t, "Send", s.Send(t.Context(), letter()), tt.want, true)
			}
		})
	}
}
