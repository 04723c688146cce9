package web_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// bothBy is a policy with one way for both; without proofs that is switched off.
func bothBy(wait time.Duration, proofs ...string) recoverytest.Option {
	return recoverytest.WithPolicy(func(p *recovery.Policy) {
		p.Ways[recovery.GoalBoth] = nil
		if len(proofs) > 0 {
			p.Ways[recovery.GoalBoth] = []recovery.Way{{Proofs: proofs, Wait: wait}}
		}
	})
}

// Whoever reads one channel can close an account: by the notice of the very wait
// that stands in the way. Opening it takes that wait as well.
func TestRule_ClosingSkipsNoWait(t *testing.T) {
	w, alice := withFactor(t, bothBy(24*time.Hour, recovery.RecoveryCode, recovery.MailLink))
	walk := func(b *recoverytest.Browser) *recoverytest.Browser {
		w.Ask(b, alice)
		if b.Page() == "choice" {
			b.Submit("choice", "both")
		}
		return b.Want("factor").Submit("code", alice.Codes[0]).Want("wait")
	}
	walk(w.Browser()).Submit("choice", "wait").Want("wait")
	pressStop(w, notices(w, alice.Mail, recovery.EventWaitStarted)[0])
	b := walk(w.Browser()).Submit("choice", "wait").Want("wait")
	began := w.Clock.Now()
	if b.Has("new_password") || account(t, w, "alice").State != recovery.StateFrozen {
		t.Fatal("the closed account opens at once")
	}

	// Its owner hears of that by text message, and the link ends the wait.
	at(w, began.Add(23*time.Hour))
	list := notices(w, alice.Phone, recovery.EventWaitStarted)
	pressStop(w, list[len(list)-1])
	at(w, began.Add(25*time.Hour))
	walk(w.Browser()).Submit("choice", "wait")

	// Left alone, it opens after the wait.
	at(w, began.Add(50*time.Hour))
	b = w.Browser()
	w.Ask(b, alice)
	b.Submit("code", alice.Codes[0]).Want("new-password")
}

// What opens a closed account is what the policy has for both; beside that only
// an administrator's case, no quicker than the policy's own, and the rescue.
func TestRule_AClosedAccountOpensByThePolicysWaysForBoth(t *testing.T) {
	t.Parallel()
	recoverytest.Alone(t)
	day := 24 * time.Hour
	for _, tc := range []struct {
		name   string
		policy recoverytest.Option
		page   string // with code and mailbox
		after  time.Duration
	}{
		{"code and mailbox", bothBy(0, recovery.RecoveryCode, recovery.MailLink), "new-password", day},
		{"off", bothBy(0), "refused", day},
		{"people only", bothBy(0, recovery.VouchedBy+"*2", recovery.MailLink), "refused", day},
		{"a case that waits two days", bothBy(2*day, recovery.Admin, recovery.MailLink), "refused", 2 * day},
		{"a case at once", bothBy(0, recovery.Admin, recovery.MailLink), "refused", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := closeIt(t, kindOfAccount{"two factors", func(t *testing.T, options ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person) {
				t.Helper()
				return withFactor(t, append(options, tc.policy)...)
			}}, false, nil)
			b := c.asked("recovery_code")
			if tc.page == "new-password" {
				b.Want("factor").Submit("code", c.alice.Codes[0])
			}
			if b.Page() != tc.page {
				t.Errorf("code and mailbox: got %q, want %q", b.Page(), tc.page)
			}
			b = c.mailbox(c.byAdminAtOnce(t))
			if tc.after > 0 {
				if b.Page() != "wait" {
					another(b).Submit("method", "wait")
				}
				b.Want("wait").Submit("choice", "wait").Want("wait")
				began := c.w.Clock.Now()
				at(c.w, began.Add(tc.after-time.Hour))
				if b := c.mailbox(c.byAdminAtOnce(t)); b.Page() == "new-password" {
					t.Fatal("a case opens it an hour early")
				}
				at(c.w, began.Add(tc.after+time.Hour))
				b = c.mailbox(c.byAdminAtOnce(t))
			}
			b.Want("new-password")
			open(t, c, c.byRescue(t))
		})
	}
}

// A code that an administrator hands over opens a closed account no quicker than
// an open one.
func TestRule_ACaseInPersonWaitsOnAClosedAccountToo(t *testing.T) {
	for name, policy := range map[string]recoverytest.Option{
		"no mail can be sent": unmailed(),
		"written so":          bothBy(24*time.Hour, recovery.AdminInPerson),
	} {
		t.Run(name, func(t *testing.T) {
			o := newAdminWorld(t, policy)
			disable(t, o.World, "robin", recovery.StateFrozen)
			o.enter(o.hand("both")).Want("wait").Submit("choice", "wait").Want("wait")
			o.Clock.Move(25 * time.Hour)
			o.SignIn(o.adminBrowser, o.alice, "/")
			o.enter(o.hand("both")).Want("new-password")
		})
	}
}

// Where the policy has a way for both with something that can be made in a
// session, what was made shortly before the account was closed does not open it.
func TestRule_WhatWasMadeLatelyOpensNoClosedAccount(t *testing.T) {
	for name, tc := range map[string]struct {
		after time.Duration // of the new password, until the account is closed
		want  string
	}{"at once": {time.Hour, "refused"}, "four days later": {96 * time.Hour, "new-password"}} {
		t.Run(name, func(t *testing.T) {
			w, alice := withFactor(t, recoverytest.WithPolicy(func(p *recovery.Policy) {
				p.Ways[recovery.GoalBoth] = []recovery.Way{{Proofs: []string{recovery.MailLink, recovery.Password}, WeakOK: true}}
			}))
			b := enter(t, w, w.Browser(), alice)
			b.Post("/.sparekey/", recoverytest.Fields("start", "change_password")).Want("factor").Submit("password", alice.Password)
			strongly(w, b, alice).Want("new-password").Submit("new_password", "a thief's own sentence")
			w.Clock.Move(tc.after)
			now := w.Clock.Now()
			change(t, w, "alice", func(a *recovery.Account) { a.Freeze(now, now, w.Policy.Lifetimes) })
			b = w.Browser()
			if w.Ask(b, alice); b.Page() == "factor" {
				b.Submit("password", "a thief's own sentence")
			}
			if b.Page() != tc.want {
				t.Errorf("got %q, want %q", b.Page(), tc.want)
			}
		})
	}
}
