package method

import (
	"context"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Confirm proves that an address or number of an account reaches its owner: six
// digits sent there. It has no class: no way may use it.
type Confirm struct {
	Keys    *secret.Keys
	name    string
	channel string
	source  string
}

// ConfirmMail confirms the mail address.
func ConfirmMail(k *secret.Keys) Confirm {
	return Confirm{k, recovery.ConfirmMail, recovery.ChannelMail, "mailbox"}
}

// ConfirmPhone confirms the number.
func ConfirmPhone(k *secret.Keys) Confirm {
	return Confirm{k, recovery.ConfirmPhone, recovery.ChannelSMS, "number"}
}

// Traits implements recovery.Method.
func (m Confirm) Traits() recovery.Traits {
	return recovery.Traits{
		Name: m.name, Source: m.source, Throttle: recovery.ThrottleCode, Channel: m.channel,
		Page: recovery.PageConfirm, Wrong: recovery.ProblemCode,
	}
}

// Ready implements recovery.Method.
func (m Confirm) Ready(a *recovery.Account, now time.Time) bool {
	return a.Unconfirmed(m.channel, now).Value != ""
}

// Life implements recovery.Lasting.
func (Confirm) Life(l recovery.Lifetimes) time.Duration { return l.MailCode }

// Challenge implements recovery.Challenger.
func (m Confirm) Challenge(t recovery.Try) (recovery.Challenge, *recovery.Message, error) {
	code, to := secret.Digits(6), t.Account.Unconfirmed(m.channel, t.Now)
	s := recovery.Challenge{
		To: recovery.Mask(to.Value), Entry: to.Entry(), At: t.Now, Expires: t.Now.Add(m.Life(t.Policy.Lifetimes)),
		Code: m.Keys.MAC(m.name, t.Flow.ID, to.Value, code),
	}
	msg := message(t, m.channel, "contact-code", s, map[string]string{"code": code})
	msg.To = to.Value
	return s, msg, nil
}

// Verify implements recovery.Method.
func (m Confirm) Verify(_ context.Context, t recovery.Try) (recovery.Verdict, error) {
	s, to := t.Flow.Challenges[m.name], t.Account.Unconfirmed(m.channel, t.Now)
	right := s.Entry == to.Entry() && m.Keys.CheckMAC(s.Code, m.name, t.Flow.ID, to.Value, digits(t.Input.Code))
	return judge(t, s, right, m.Life(t.Policy.Lifetimes)), nil
}
