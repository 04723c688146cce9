package web_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// wrongCode is what is typed after the right password, and how often the owner
// hears of it at once and in all.
type wrongCode struct {
	name          string
	do            func(t *testing.T, w *recoverytest.World, alice *recoverytest.Person)
	atOnce, inAll int
}

// atFactor gives the right password on a browser.
func atFactor(b *recoverytest.Browser, p *recoverytest.Person) *recoverytest.Browser {
	return typed(b, p, p.Password).Want("factor")
}

func wrongCodesTyped() []wrongCode {
	return []wrongCode{
		{"one, and nothing more", func(_ *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			atFactor(w.Browser(), alice).Submit("code", "000000").Want("factor")
		}, 0, 1},
		{"one, then signed in", func(_ *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			b := atFactor(w.Browser(), alice).Submit("code", "000000").Want("factor")
			b.Submit("code", secondCode(w, alice))
		}, 0, 0},
		{"one, then signed in from the start", func(t *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			t.Helper()
			b := w.Browser()
			atFactor(b, alice).Submit("code", "000000")
			enter(t, w, b, alice)
		}, 0, 0},
		{"one, and the owner signs in elsewhere", func(t *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			t.Helper()
			atFactor(w.Browser(), alice).Submit("code", "000000")
			enter(t, w, w.Browser(), alice)
		}, 0, 1},
		{"a second one", func(_ *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			atFactor(w.Browser(), alice).Submit("code", "000000").Submit("code", "000001").Submit("code", "000002")
		}, 1, 1},
		{"a second one, then signed in", func(_ *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			b := atFactor(w.Browser(), alice).Submit("code", "000000").Submit("code", "000001")
			b.Submit("code", secondCode(w, alice))
		}, 1, 1},
		{"a second one in a sign-in of its own", func(_ *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			b := w.Browser()
			atFactor(b, alice).Submit("code", "000000")
			atFactor(b, alice).Submit("code", "000001")
		}, 1, 1},
		{"one that another browser has used", func(t *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			t.Helper()
			enter(t, w, w.Browser(), alice)
			atFactor(w.Browser(), alice).Submit("code", recoverytest.TOTP(w, alice.Key)).Want("factor")
		}, 1, 1},
		{"one that this browser has used", func(t *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			t.Helper()
			b := enter(t, w, w.Browser(), alice)
			b.Post("/.sparekey/logout", recoverytest.Fields())
			atFactor(b, alice).Submit("code", recoverytest.TOTP(w, alice.Key)).Submit("code", recoverytest.TOTP(w, alice.Key))
		}, 0, 0},
		{"a known browser", func(t *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			t.Helper()
			b := enter(t, w, w.Browser(), alice)
			b.Post("/.sparekey/logout", recoverytest.Fields())
			atFactor(b, alice).Submit("code", "000000").Submit("code", "000001")
		}, 0, 0},
		{"more browsers than are noted", func(_ *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
			for range 9 {
				b := atFactor(w.Browser(), alice)
				b.Submit("code", "000000")
				w.Clock.Move(time.Minute)
			}
		}, 1, 1},
	}
}

// One slip of a finger is no alarm; the same with nothing after it is one, a
// quarter of an hour later, from whichever node looks. Two are, and so is a code
// that another browser has used.
func TestAWrongCodeAlarmsWhenItIsNoSlip(t *testing.T) {
	t.Parallel()
	for _, tc := range wrongCodesTyped() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w, alice := withFactor(t, recoverytest.WithPolicy(func(p *recovery.Policy) { p.Lifetimes.Flow = time.Hour }))
			other := w.Node()
			tc.do(t, w, alice)
			told := func() int { return len(notices(w, alice.Mail, recovery.EventFactorFailed)) }
			if told() != tc.atOnce {
				t.Errorf("got %d notices at once, want %d", told(), tc.atOnce)
			}
			w.Clock.Move(14 * time.Minute)
			pay(t, other)
			if tc.atOnce == 0 && told() != 0 {
				t.Errorf("got %d notices after 14 minutes, want none", told())
			}
			for range 3 {
				w.Clock.Move(2 * time.Minute)
				pay(t, other)
				pay(t, w)
			}
			if told() != tc.inAll && tc.name != "more browsers than are noted" || told() < tc.inAll {
				t.Errorf("got %d notices in all, want %d", told(), tc.inAll)
			}
			w.Clock.Move(2 * time.Hour)
			pay(t, w)
			if tc.inAll > 0 && len(notices(w, alice.Mail, recovery.EventGivenUp)) > 0 && tc.name != "one, and the owner signs in elsewhere" {
				t.Error("told a second time that the password was right")
			}
			if a := account(t, w, "alice"); len(a.Begun) > 0 || len(a.Owed) > 0 {
				t.Errorf("got %v and %v left in the account, want nothing", a.Begun, a.Owed)
			}
		})
	}
}

// A recovery ends at the sign-in page while the app still shows the code that
// confirmed it: in that browser it is no alarm.
func TestTheCodeOfARecoveryIsNoAlarmInItsBrowser(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	b := w.Browser()
	w.LostPhone(b, alice)
	w.Clock.Move(-time.Minute)
	atFactor(b, alice).Submit("code", recoverytest.TOTP(w, alice.Key)).Want("factor")
	b.Submit("code", recoverytest.TOTP(w, alice.Key)).Want("factor")
	b.Submit("code", secondCode(w, alice))
	w.Clock.Move(time.Hour)
	pay(t, w)
	if n := len(notices(w, alice.Mail, recovery.EventFactorFailed)) + len(notices(w, alice.Mail, recovery.EventGivenUp)); n != 0 {
		t.Errorf("got %d notices, want none", n)
	}
}

// Whoever tries codes learns nothing from the answer: a wrong one, one that is
// too early and one that others have used look alike.
func TestWrongEarlyAndUsedCodesAreAnsweredAlike(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	enter(t, w, w.Browser(), alice)
	used := recoverytest.TOTP(w, alice.Key)
	w.Clock.Move(2 * time.Minute)
	early := recoverytest.TOTP(w, alice.Key)
	w.Clock.Move(-2 * time.Minute)
	answers := map[string]bool{}
	for _, code := range []string{"000000", early, used} {
		b := atFactor(w.Browser(), alice).Submit("code", code).Want("factor")
		answers[b.Text()] = true
	}
	if len(answers) != 1 {
		t.Errorf("got %d different answers, want one: %v", len(answers), answers)
	}
}
