package web_test

import (
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestEventsNameTheMethodsInOrder: the log says of each sign-in and recovery what
// was shown for it, and of a try that failed only what was tried.
func TestEventsNameTheMethodsInOrder(t *testing.T) {
	recovered := func(lost string) func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
		return func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
			t.Helper()
			recoveries()[lost](t, w, p)
		}
	}
	signIn := func(code func(w *recoverytest.World, p *recoverytest.Person) string, method string) func(*testing.T, *recoverytest.World, *recoverytest.Person) {
		return func(_ *testing.T, w *recoverytest.World, p *recoverytest.Person) {
			b := w.Browser()
			b.Get("/.sparekey/login").Submit("name", p.Name, "password", p.Password).Want("factor")
			if method != "" {
				b.Post("/.sparekey/", recoverytest.Fields("flow", flowOf(b), "method", method)).Want("factor")
			}
			b.Submit("code", code(w, p))
		}
	}
	paper := func(_ *recoverytest.World, p *recoverytest.Person) string { return p.Codes[0] }
	wrong := func(w *recoverytest.World, p *recoverytest.Person) string { return wrongCodes(1, secondCode(w, p))[0] }
	for _, tc := range []struct {
		name   string
		do     func(t *testing.T, w *recoverytest.World, p *recoverytest.Person)
		event  recovery.EventName
		method string
	}{
		{"sign-in", signIn(secondCode, ""), recovery.EventLogin, "password totp"},
		{"sign-in by a recovery code", signIn(paper, recovery.RecoveryCode), recovery.EventLogin, "password recovery_code"},
		{"sign-in that failed", signIn(wrong, ""), recovery.EventLoginFailed, "totp"},
		{"recovery that begins", recovered("password"), recovery.EventRecoverStarted, ""},
		{"password", recovered("password"), recovery.EventPasswordReset, "mail_link totp"},
		{"second factor", recovered("second factor"), recovery.EventFactorReset, "mail_link password sms_code"},
		{"both", func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
			t.Helper()
			recoverBoth(t, w, nil, p)
		}, recovery.EventBothReset, "mail_link recovery_code"},
		{"by the operator", recovered("rescue"), recovery.EventPasswordReset, "rescue"},
		{"a wait that begins", func(_ *testing.T, w *recoverytest.World, p *recoverytest.Person) { waits()[0].beginWait(w, p) }, recovery.EventWaitStarted, "mail_link password"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, alice := recoverytest.New(t), recoverytest.Alice()
			w.Setup(alice)
			enter(t, w, w.Browser(), alice)
			tc.do(t, w, alice)
			if got := w.Events.Last(tc.event); got.Name != tc.event || got.Method != tc.method {
				t.Errorf("got method %q of %q, want %q of %q", got.Method, got.Name, tc.method, tc.event)
			}
		})
	}
}
