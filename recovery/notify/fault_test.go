package notify_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// closedPort is an address nobody listens on.
func closedPort() string {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	return strings.TrimPrefix(gone.URL, "http://")
}

func TestFaultsOfMail(t *testing.T) {
	reply := func(code int) []error { return []error{&smtp.SMTPError{Code: code, Message: "no"}} }
	ours, other := newAuthority(t), newAuthority(t)
	signedOn := notify.SMTP{User: "sparekey", Password: "wrong-" + password}
	for _, tt := range []struct {
		name   string
		server *mailServer
		client notify.SMTP
		tls    *authority
		want   notify.Fault
	}{
		{"refused at MAIL", &mailServer{mail: reply(550)}, notify.SMTP{}, ours, notify.FaultSender},
		{"wants a sign-on", &mailServer{mail: reply(530)}, notify.SMTP{}, ours, notify.FaultSignOn},
		{"refused at RCPT", &mailServer{rcpt: reply(550)}, notify.SMTP{}, ours, notify.FaultRecipient},
		{"busy at RCPT", &mailServer{rcpt: reply(451)}, notify.SMTP{}, ours, notify.FaultBusy},
		{"refused after DATA", &mailServer{data: reply(554)}, notify.SMTP{}, ours, notify.FaultRefused},
		{"dropped in DATA", &mailServer{data: []error{errDrop}}, notify.SMTP{}, ours, notify.FaultDropped},
		{"wrong password", &mailServer{mechanisms: []string{"PLAIN"}, password: password}, signedOn, ours, notify.FaultSignOn},
		{"no mechanism of ours", &mailServer{mechanisms: []string{"XOAUTH2"}, password: password}, signedOn, ours, notify.FaultSetting},
		{"no AUTH", &mailServer{}, signedOn, ours, notify.FaultSetting},
		{"unknown authority", &mailServer{}, notify.SMTP{}, other, notify.FaultTLS},
		{"no STARTTLS", &mailServer{}, notify.SMTP{}, nil, notify.FaultSetting},
		{"taken", &mailServer{}, notify.SMTP{}, ours, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sender := tt.client
			if tt.tls != nil {
				sender.Host = tt.server.start(t, tt.tls.server(t), false).addr
			} else {
				sender.Host = tt.server.start(t, nil, false).addr
			}
			sender.From, sender.RootCAs = "no-reply@example.org", ours.pool
			err := sender.Send(t.Context(), letter())
			if got := notify.FaultOf(err); got != tt.want || (err == nil) != (tt.want == "") {
				t.Errorf("got fault %q of %v, want %q", got, err, tt.want)
			}
		})
	}
	for _, tt := range []struct {
		name, host, tls string
		want            notify.Fault
	}{
		{"nobody listens", closedPort(), "", notify.FaultConnection},
		{"no such name", "mail.invalid:25", "", notify.FaultName},
		{"never greets", talk(t, "", func(string) string { return "" }), "", notify.FaultTimeout},
		{"greets with 421", talk(t, "421 later", func(string) string { return "" }), "", notify.FaultBusy},
		{"plain server, implicit TLS", talk(t, "220 hello", func(string) string { return "" }), "implicit", notify.FaultSetting},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sender := notify.SMTP{Host: tt.host, From: "no-reply@example.org", TLS: tt.tls, Timeout: 500 * time.Millisecond}
			if err := sender.Check(t.Context()); notify.FaultOf(err) != tt.want {
				t.Errorf("got fault %q of %v, want %q", notify.FaultOf(err), err, tt.want)
			}
		})
	}
}

func TestFaultsOfGateways(t *testing.T) {
	for _, tt := range []struct {
		status int
		want   notify.Fault
	}{
		{200, ""},
		{302, notify.FaultRedirect},
		{307, notify.FaultRedirect},
		{400, notify.FaultRefused},
		{401, notify.FaultSignOn},
		{403, notify.FaultSignOn},
		{408, notify.FaultTimeout},
		{429, notify.FaultBusy},
		{500, notify.FaultBroken},
		{503, notify.FaultBroken},
	} {
		t.Run(http.StatusText(tt.status), func(t *testing.T) {
			g := newGateway(t, tt.status, tt.status)
			senders := []notify.Sender{
				&notify.SMS{URL: secret.Text(g.URL)}, &notify.Webhook{URL: secret.Text(g.URL), Secret: hookSecret},
			}
			for _, s := range senders {
				err := s.Send(t.Context(), sms())
				if got := notify.FaultOf(err); got != tt.want {
					t.Errorf("%T: got fault %q of %v, want %q", s, got, err, tt.want)
				}
			}
		})
	}
	spent := &notify.SMS{URL: secret.Text(newGateway(t).URL), Budget: 1}
	_ = spent.Send(t.Context(), sms())
	for _, tt := range []struct {
		name   string
		sender notify.Sender
		want   notify.Fault
	}{
		{"budget used up", spent, notify.FaultBudget},
		{"country not listed", &notify.SMS{URL: "http://127.0.0.1:1", Countries: []string{"41"}}, notify.FaultRecipient},
		{"nobody listens", &notify.SMS{URL: secret.Text("http://" + closedPort())}, notify.FaultConnection},
		{"no encryption there", &notify.SMS{URL: secret.Text("https" + strings.TrimPrefix(newGateway(t).URL, "http"))}, notify.FaultTLS},
		{"push: nobody listens", &notify.Push{URL: secret.Text("ntfy://" + closedPort() + "/topic?scheme=http")}, notify.FaultConnection},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.sender.Send(t.Context(), sms()); notify.FaultOf(err) != tt.want {
				t.Errorf("got fault %q of %v, want %q", notify.FaultOf(err), err, tt.want)
			}
		})
	}
}
