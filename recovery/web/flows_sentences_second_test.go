package web_test

import "github.com/caddy-sparekey/sparekey/recovery"

// secondFactors are about people who have none, and those who must.
func secondFactors() []sentence {
	return []sentence{
		{`the operator asks for a known device`, func(s *storyReader, _ []string) {
			s.w.Policy.KnownDevice = true
			s.w.Reload()
		}},
		{`the operator requires a second factor of (everybody|administrators only)`, func(s *storyReader, m []string) {
			if s.w.Policy.FactorFor = nil; m[0] != "everybody" {
				s.w.Policy.FactorFor = []string{recovery.GroupAdmins}
			}
			s.w.Reload()
		}},
		{`on the (.+) robin opens (/\S*)`, func(s *storyReader, m []string) {
			s.owner[m[0]] = "robin"
			s.use(m[0]).Get(m[1])
		}},
		{`robin has an account with a password alone`, func(s *storyReader, _ []string) {
			s.follow("robin is invited")
			s.people["robin"].Phone = "" // the invitation has none
			b := s.w.Browser()
			b.Get("/.sparekey/link").Submit("code", s.link).Want("choice").Submit("method", recovery.Later)
			b.Want("new-password").Submit("new_password", s.people["robin"].Password)
			s.w.Confirm(b, s.people["robin"])
			b.Want("codes").Submit("choice", "saved")
		}},
		{`he wants to choose again`, func(s *storyReader, _ []string) {
			s.b.Get("/.sparekey/choose?f=" + s.b.Hidden("code").Get("flow"))
		}},
	}
}
