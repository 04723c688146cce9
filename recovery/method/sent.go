package method

import (
	"context"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// MailLink is control of the mailbox, strong enough to come first: a code of 8
// characters (40 bits) to type in the asking browser, and a link with a token
// for the same. It lives 5 minutes and is bound to the asking browser (TK-04,
// TK-07).
type MailLink struct {
	Keys *secret.Keys
}

// Traits implements recovery.Method.
func (MailLink) Traits() recovery.Traits {
	return recovery.Traits{
		Name: recovery.MailLink, Source: "mailbox", Class: recovery.ClassIssued, First: true,
		Throttle: recovery.ThrottleFlow, Channel: recovery.ChannelMail, Page: recovery.PageSent,
	}
}

// Ready implements recovery.Method.
func (MailLink) Ready(a *recovery.Account, now time.Time) bool {
	return a.Source(recovery.ChannelMail, now).Value != ""
}

// Life implements recovery.Lasting.
func (MailLink) Life(l recovery.Lifetimes) time.Duration { return l.MailLink }

// Challenge implements recovery.Challenger.
func (m MailLink) Challenge(t recovery.Try) (recovery.Challenge, *recovery.Message, error) {
	code, link := secret.Code(8), secret.Token(32)
	s := issue(t, recovery.ChannelMail, m.Life(t.Policy.Lifetimes))
	s.Code = m.Keys.MAC("mail_link", t.Flow.ID, code)
	s.Link = m.Keys.MAC("mail_link url", t.Flow.ID, link)
	return s, message(t, recovery.ChannelMail, "recover-code", s, map[string]string{
		"code": secret.Group(code, 4), "link": "link#" + t.Flow.ID + "." + link,
	}), nil
}

// Verify implements recovery.Method.
func (m MailLink) Verify(_ context.Context, t recovery.Try) (recovery.Verdict, error) {
	s := t.Flow.Challenges[recovery.MailLink]
	typed := secret.Pasted(string(t.Input.Code))
	right := false
	if id, link, ok := strings.Cut(typed, "."); ok {
		right = id == t.Flow.ID && m.Keys.CheckMAC(s.Link, "mail_link url", t.Flow.ID, link)
	} else if code := secret.Plain(typed); code != "" {
		right = m.Keys.CheckMAC(s.Code, "mail_link", t.Flow.ID, code)
	}
	return judge(t, s, right, m.Life(t.Policy.Lifetimes)), nil
}

// SixDigits is a code of six digits sent to a stored address, beside another
// proof: never alone.
type SixDigits struct {
	Keys     *secret.Keys
	name     string
	source   string
	channel  string
	template string
	life     func(recovery.Lifetimes) time.Duration
}

// MailCode is six digits in the mailbox.
func MailCode(k *secret.Keys) SixDigits {
	return SixDigits{k, recovery.MailCode, "mailbox", recovery.ChannelMail, "mail-code", func(l recovery.Lifetimes) time.Duration { return l.MailCode }}
}

// SMSCode is six digits to the stored number. SMS is a restricted channel
// (NIST SP 800-63B-4 section 3.1.3.3).
func SMSCode(k *secret.Keys) SixDigits {
	return SixDigits{k, recovery.SMSCode, "number", recovery.ChannelSMS, "sms-code", func(l recovery.Lifetimes) time.Duration { return l.SMSCode }}
}

// Traits implements recovery.Method.
func (m SixDigits) Traits() recovery.Traits {
	return recovery.Traits{
		Name: m.name, Source: m.source, Class: recovery.ClassIssued,
		Throttle: recovery.ThrottleCode, Channel: m.channel, Page: recovery.PageFactor, Wrong: recovery.ProblemCode,
	}
}

// Ready implements recovery.Method.
func (m SixDigits) Ready(a *recovery.Account, now time.Time) bool {
	return a.Source(m.channel, now).Value != ""
}

// Life implements recovery.Lasting.
func (m SixDigits) Life(l recovery.Lifetimes) time.Duration { return m.life(l) }

// Challenge implements recovery.Challenger.
func (m SixDigits) Challenge(t recovery.Try) (recovery.Challenge, *recovery.Message, error) {
	code := secret.Digits(6)
	s := issue(t, m.channel, m.life(t.Policy.Lifetimes))
	s.Code = m.Keys.MAC(m.name, t.Flow.ID, code)
	return s, message(t, m.channel, m.template, s, map[string]string{"code": code}), nil
}

// Verify implements recovery.Method.
func (m SixDigits) Verify(_ context.Context, t recovery.Try) (recovery.Verdict, error) {
	s := t.Flow.Challenges[m.name]
	return judge(t, s, m.Keys.CheckMAC(s.Code, m.name, t.Flow.ID, digits(t.Input.Code)), m.life(t.Policy.Lifetimes)), nil
}

// issue begins the record of something sent. The life counts from the request,
// not from delivery.
func issue(t recovery.Try, channel string, life time.Duration) recovery.Challenge {
	to := t.Account.Source(channel, t.Now)
	return recovery.Challenge{To: recovery.Mask(to.Value), Entry: to.Entry(), At: t.Now, Expires: t.Now.Add(life)}
}

func message(t recovery.Try, channel, template string, s recovery.Challenge, vars map[string]string) *recovery.Message {
	vars["name"] = t.Account.Name
	vars["minutes"] = itoa(int(s.Expires.Sub(s.At).Minutes()))
	return &recovery.Message{
		Channel: channel, To: t.Account.Source(channel, t.Now).Value, Template: template,
		Vars: vars, Secret: true, Expires: s.Expires,
	}
}

// judge accepts a right code until it expires: after the life promised when it
// was sent, or sooner if the policy has shortened it since.
func judge(t recovery.Try, s recovery.Challenge, right bool, life time.Duration) recovery.Verdict {
	if !right {
		return recovery.Verdict{}
	}
	if !s.Good(t.Now, life) {
		return recovery.Verdict{Problem: &recovery.Problem{Key: recovery.ProblemCodeExpired}}
	}
	return recovery.Verdict{OK: true}
}

// digits reads a code as people type it; anything that is not six digits is
// empty and matches nothing.
func digits(typed secret.Text) string {
	s := secret.Typed(string(typed))
	if len(s) != 6 || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return s
}
