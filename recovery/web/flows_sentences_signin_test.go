package web_test

import (
	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// signIns are about signing in: codes that do not come, browsers nobody knows, and
// passwords.
func signIns() []sentence {
	return []sentence{
		{`alice has an account with a password and no second factor`, func(s *storyReader, _ []string) {
			s.follow("the operator requires a second factor of administrators only")
			s.follow("alice has an account with a password, an authenticator and recovery codes")
			change(s.t, s.w, "alice", func(a *recovery.Account) {
				a.Drop(recovery.TOTP)
				a.SecondFactor = false
			})
		}},
		{`(?:she|he) types the code mailed to this browser`, func(s *storyReader, _ []string) {
			s.b.Submit("code", s.w.Outbox.Last(s.t, s.me().Mail, "mail-code").Vars["code"])
		}},
		{`she notes the code from the SMS`, func(s *storyReader, _ []string) { s.noted = s.w.SMSCode(s.me()) }},
		{`she types the code she noted`, func(s *storyReader, _ []string) { s.b.Submit("code", s.noted) }},
		{`(?:she|he) tries another way`, func(s *storyReader, _ []string) {
			s.b.Get("/.sparekey/choose?f=" + s.b.Hidden("code").Get("flow")).Want("choose")
		}},
		{`(?:she|he) is not signed in on the (.+)`, func(s *storyReader, m []string) {
			if s.w.SignedIn(s.browser(m[0])) {
				s.t.Errorf("still signed in on the %s", m[0])
			}
		}},
		{`an hour passes`, func(s *storyReader, _ []string) { s.follow("1 hours pass") }},
		{`robin reads the code at (\S+)`, func(s *storyReader, m []string) {
			s.b.Submit("code", s.w.Outbox.Last(s.t, m[0], "recover-code").Vars["code"])
		}},
		{`(\w+)'s password "(.+)" signs in on the (\w+)`, func(s *storyReader, m []string) {
			p := *s.people[m[0]]
			p.Password = m[1]
			s.signsIn(m[2], p, true)
		}},
		{`on the (.+) she changes her password to: (.+)`, func(s *storyReader, m []string) {
			s.use(m[0]).Post("/.sparekey/", recoverytest.Fields("start", "change_password"))
			s.b.Want("factor").Submit("password", s.me().Password).Want("factor")
			s.follow("she types the code her authenticator shows")
			s.b.Want("new-password").Submit("new_password", m[1])
		}},
	}
}
