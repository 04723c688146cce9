package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/notify"
)

// TestASettingThatDoesNotFitTheServerIsNamed: each in its own words, with the
// option to write. What the server wants is set up, and then the mail goes.
func TestASettingThatDoesNotFitTheServerIsNamed(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	signedOn := notify.SMTP{User: "sparekey", Password: password}
	for _, tt := range []struct {
		name          string
		mechanisms    []string
		tls, implicit bool // of the server
		client        notify.SMTP
		want          string
		mended        notify.SMTP
	}{
		{"no AUTH", nil, true, false, signedOn, "offers no AUTH: take user and password out", notify.SMTP{}},
		{"no mechanism of ours", []string{"XOAUTH2", "CRAM-MD5"}, true, false, signedOn, "offers AUTH XOAUTH2 CRAM-MD5, and neither AUTH PLAIN nor AUTH LOGIN", notify.SMTP{}},
		{"it waits for TLS", nil, true, true, notify.SMTP{}, "write tls implicit", notify.SMTP{TLS: "implicit"}},
		{"it waits for TLS, and nothing is encrypted", nil, true, true, notify.SMTP{TLS: "off"}, "write tls implicit", notify.SMTP{TLS: "implicit"}},
		{"it waits for TLS, with AUTH", []string{"PLAIN"}, true, true, signedOn, "write tls implicit", notify.SMTP{TLS: "implicit", User: "sparekey", Password: password}},
		{"it begins in the clear", nil, true, false, notify.SMTP{TLS: "implicit"}, "write tls starttls", notify.SMTP{TLS: "starttls"}},
		{"no STARTTLS", nil, false, false, notify.SMTP{}, "offers no STARTTLS", notify.SMTP{TLS: "off"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := ca.server(t)
			if !tt.tls {
				config = nil
			}
			server := (&mailServer{mechanisms: tt.mechanisms, password: password}).start(t, config, tt.implicit)
			with := func(s notify.SMTP) *notify.SMTP {
				s.Host, s.From, s.RootCAs, s.Timeout = server.addr, "no-reply@example.org", ca.pool, 300*time.Millisecond
				return &s
			}
			err := with(tt.client).Check(t.Context())
			if err == nil || !strings.Contains(err.Error(), tt.want) || notify.FaultOf(err) != notify.FaultSetting {
				t.Errorf("got %v (%s), want %q", err, notify.FaultOf(err), tt.want)
			}
			if len(tt.mechanisms) > 1 {
				return // nothing that can be written helps
			}
			if err := with(tt.mended).Send(t.Context(), letter()); err != nil {
				t.Errorf("with the option: got %v, want no error", err)
			}
		})
	}
}

// TestASilentServerIsNotAnEncryptedOne.
func TestASilentServerIsNotAnEncryptedOne(t *testing.T) {
	t.Parallel()
	sender := &notify.SMTP{Host: talk(t, "", func(string) string { return "" }), From: "no-reply@example.org", Timeout: 100 * time.Millisecond}
	if err := sender.Check(t.Context()); notify.FaultOf(err) != notify.FaultTimeout {
		t.Errorf("got %v (%s), want %s", err, notify.FaultOf(err), notify.FaultTimeout)
	}
}

// TestARefusedNameLeadsToHELO: the name of this side is the sender's domain, or
// what is written, and a server that refuses it has helo named.
func TestARefusedNameLeadsToHELO(t *testing.T) {
	t.Parallel()
	host := talk(t, "220 hello", func(line string) string {
		if verb, name, _ := strings.Cut(line, " "); (verb == "EHLO" || verb == "HELO") && name != "gate.example.org" {
			return "550 5.7.1 no such host " + name
		} else if verb == "QUIT" {
			return "221 bye"
		}
		return "250 ok"
	})
	sender := &notify.SMTP{Host: host, From: "no-reply@example.com", TLS: "off", Timeout: time.Second}
	err := sender.Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), `refuses "example.com"`) || !strings.Contains(err.Error(), "write helo NAME") {
		t.Errorf("got %v, want the name and the option", err)
	}
	sender.HELO = "gate.example.org"
	if err := sender.Check(t.Context()); err != nil {
		t.Errorf("with helo: got %v, want no error", err)
	}
}

// TestASenderWithAnInternationalDomainIsInASCII everywhere: envelope, header,
// Message-ID and EHLO. The server's own name is, too.
func TestASenderWithAnInternationalDomainIsInASCII(t *testing.T) {
	t.Parallel()
	server := (&mailServer{}).start(t, nil, false)
	sender := &notify.SMTP{Host: server.addr, From: "Clé <no-reply@bücher.example>", TLS: "off"}
	if err := sender.Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	got := server.got()[0]
	h := parse(t, got.data).Header
	const domain = "xn--bcher-kva.example"
	if got.from != "no-reply@"+domain || got.helo != domain || !strings.Contains(h.Get("From"), "<no-reply@"+domain+">") || !strings.HasSuffix(h.Get("Message-Id"), "@"+domain+">") {
		t.Errorf("got from %q, helo %q, From %q, Message-ID %q, want %s in all", got.from, got.helo, h.Get("From"), h.Get("Message-Id"), domain)
	}
	if strings.Contains(got.data, "bücher") || !strings.Contains(h.Get("From"), "=?") {
		t.Errorf("got header %q, want the name encoded and no domain in letters", h.Get("From"))
	}
	for host, want := range map[string]string{"mail.bücher.example:587": "", "mail_pit:1025": "", "-bü.example:587": "write it like"} {
		err := (&notify.SMTP{Host: host, From: "a@example.com"}).Validate()
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("server %s: got %v, want %q", host, err, want)
		}
	}
}
