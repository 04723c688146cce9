package web_test

import (
	"slices"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// A policy whose only proof is short, with what the lint says of it at load
// and what the engine would do with it all the same.
func TestRule_SixDigitsNeverStandAlone(t *testing.T) {
	for _, proof := range []string{recovery.MailCode, recovery.SMSCode, recovery.PIN, recovery.SecurityQuestion} {
		for _, kind := range accounts() {
			t.Run(proof+", "+kind.name, func(t *testing.T) {
				way := lint.Way{Proofs: []string{proof}, WithoutFactor: kind.name == "password only", Line: "Caddyfile:1"}
				table := lint.Base()
				table.Ways[lint.GoalPassword] = []lint.Way{way, {Proofs: []string{recovery.MailLink, recovery.Factor}}}
				refused := slices.ContainsFunc(lint.Check(table), func(f lint.Finding) bool {
					return f.Severity == lint.Error && slices.Contains(f.Ways, way.String())
				})
				if !refused {
					t.Errorf("the lint lets the way %q be loaded", way)
				}
				w, alice := kind.made(t, recoverytest.WithPolicy(func(p *recovery.Policy) {
					p.Ways = map[recovery.Goal][]recovery.Way{recovery.GoalPassword: {{Proofs: way.Proofs, WithoutFactor: way.WithoutFactor}}}
				}))
				b := w.Browser()
				b.Post("/.sparekey/", recoverytest.Fields("start", "recover", "name", alice.Name))
				if b.Page() != "refused" || len(w.Outbox.All()) != 0 {
					t.Errorf("got page %q and %d messages, want nothing to begin with", b.Page(), len(w.Outbox.All()))
				}
			})
		}
	}
	t.Run("in place of the mailed link", func(t *testing.T) {
		w, alice := withFactor(t)
		b := w.Browser()
		b.Get("/.sparekey/recover").Submit("name", alice.Name).Want("sent")
		for _, m := range []string{"mail_code", "sms_code", "totp", "pin", "question", "password"} {
			if b.Offers("method", m) {
				t.Errorf("the first page offers %s", m)
			}
			hidden := b.Hidden("code")
			hidden.Set("method", m)
			hidden.Set("code", recoverytest.TOTP(w, alice.Key))
			if b.Post("/.sparekey/", hidden); b.Status != 422 {
				t.Errorf("%s: got status %d, page %q, want 422", m, b.Status, b.Page())
			}
			b.Get("/.sparekey/?f=" + hidden.Get("flow")).Want("sent")
		}
	})
}

func TestRule_SMSIsNeverTheOnlyMethod(t *testing.T) {
	table := lint.Base()
	table.Ways[lint.GoalSecondFactor] = []lint.Way{{Proofs: []string{recovery.SMSCode}, Line: "Caddyfile:1"}}
	if !slices.ContainsFunc(lint.Check(table), func(f lint.Finding) bool { return f.Key == lint.KeySMSOnly && f.Severity == lint.Error }) {
		t.Error("the lint lets SMS be the only way")
	}
	for _, tc := range []struct {
		name string
		edit func(*recovery.Account)
		want string // offered beside it
	}{
		{"with codes", func(*recovery.Account) {}, "recovery_code"},
		{"without codes", func(a *recovery.Account) { a.Drop(recovery.RecoveryCode) }, "wait"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, alice := withFactor(t)
			change(t, w, "alice", tc.edit)
			if b := another(atSMS(t, w, alice)); !b.Offers("method", tc.want) {
				t.Errorf("the page asks for an SMS and does not offer %s\n%s", tc.want, b.Text())
			}
		})
	}
}
