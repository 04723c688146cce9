package method

import (
	"context"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// NewContact proves a mail address or number that is to be taken into an
// account: six digits sent there, in a flow that has shown a strong proof. It
// has no class: no way may use it.
type NewContact struct {
	Keys *secret.Keys
}

// Traits implements recovery.Method.
func (NewContact) Traits() recovery.Traits {
	return recovery.Traits{Name: recovery.NewContact, Source: "new contact", Throttle: recovery.ThrottleCode, Page: recovery.PageConfirm, Wrong: recovery.ProblemCode}
}

// Ready implements recovery.Method.
func (NewContact) Ready(*recovery.Account, time.Time) bool { return true }

// Life implements recovery.Lasting.
func (NewContact) Life(l recovery.Lifetimes) time.Duration { return l.MailCode }

// Challenge implements recovery.Challenger.
func (m NewContact) Challenge(t recovery.Try) (recovery.Challenge, *recovery.Message, error) {
	code := secret.Digits(6)
	channel, to := t.Flow.NewAddress()
	s := recovery.Challenge{
		To: recovery.Mask(to), At: t.Now, Expires: t.Now.Add(m.Life(t.Policy.Lifetimes)),
		Code: m.Keys.MAC("new contact", t.Flow.ID, to, code),
	}
	msg := message(t, channel, "contact-code", s, map[string]string{"code": code})
	msg.To = to
	return s, msg, nil
}

// Verify implements recovery.Method.
func (m NewContact) Verify(_ context.Context, t recovery.Try) (recovery.Verdict, error) {
	_, to := t.Flow.NewAddress()
	s := t.Flow.Challenges[recovery.NewContact]
	return judge(t, s, m.Keys.CheckMAC(s.Code, "new contact", t.Flow.ID, to, digits(t.Input.Code)), m.Life(t.Policy.Lifetimes)), nil
}
