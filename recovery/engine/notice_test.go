package engine_test

import (
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// The operator's channels get one notice of each event, without the person's
// link, and nothing else; also of people who have no address.
func TestNoticesOnOperatorsChannels(t *testing.T) {
	for _, tt := range []struct {
		name     string
		channels []string
		mail     string
		want     map[string]int // notices of a sign-in in a browser that is new, by channel
	}{
		{"all", []string{"mail", "sms", "push", "webhook"}, "alice@example.org", map[string]int{"mail": 1, "sms": 1, "push": 1, "webhook": 1}},
		{"push only", []string{"push"}, "", map[string]int{"push": 1}},
		{"webhook only", []string{"webhook"}, "", map[string]int{"webhook": 1}},
		{"neither", []string{"mail", "sms"}, "alice@example.org", map[string]int{"mail": 1, "sms": 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, alice := recoverytest.New(t, recoverytest.WithChannels(tt.channels...)), recoverytest.Alice()
			alice.Mail = tt.mail
			if tt.mail == "" {
				alice.Phone = ""
			}
			w.Setup(alice)
			w.SignIn(w.Browser(), alice, "/")
			before := len(w.Outbox.All())
			w.SignIn(w.Browser(), alice, "/")
			got := map[string]int{}
			for _, m := range w.Outbox.All()[before:] {
				if m.Template == "notice" && m.Vars["event"] == string(recovery.EventNewDevice) {
					got[m.Channel]++
				}
			}
			for _, channel := range []string{"mail", "sms", "push", "webhook"} {
				if got[channel] != tt.want[channel] {
					t.Errorf("notices by %s: got %d, want %d", channel, got[channel], tt.want[channel])
				}
			}
			wantHarmless(t, w.Outbox.All())
		})
	}
}

// wantHarmless looks at what the operator's channels were given.
func wantHarmless(t *testing.T, all []recovery.Message) {
	t.Helper()
	for _, m := range all {
		if m.Channel != recovery.ChannelPush && m.Channel != recovery.ChannelHook {
			continue
		}
		if m.Template != "notice" || m.Secret || m.To != "alice" {
			t.Errorf("%s: got template %q to %q, secret %v; want a notice to alice without a secret", m.Channel, m.Template, m.To, m.Secret)
		}
		for name, value := range m.Vars {
			if name == "code" || strings.Contains(value, "/.sparekey/") {
				t.Errorf("%s: got %s %q, want no code and no link", m.Channel, name, value)
			}
		}
	}
}

// A whole recovery sends codes to the person and only notices to the operator.
func TestRecoverySecretsStayOffOperatorsChannels(t *testing.T) {
	w, alice := recoverytest.New(t, recoverytest.WithChannels("mail", "sms", "push", "webhook")), recoverytest.Alice()
	w.Setup(alice)
	w.LostPhone(w.Browser(), alice)
	if w.Outbox.Last(t, alice.Mail, "recover-code").Vars["code"] == "" || w.Outbox.Last(t, alice.Phone, "sms-code").Vars["code"] == "" {
		t.Fatal("got no codes by mail and text message, want both")
	}
	if got := w.Outbox.Last(t, "alice", "notice").Vars["event"]; got != "second_factor_replaced" {
		t.Errorf("last notice to the operator: got %q, want that of the recovery", got)
	}
	wantHarmless(t, w.Outbox.All())
}
