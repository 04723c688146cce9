package web_test

import "github.com/caddy-sparekey/sparekey/recovery/recoverytest"

// temporarySentences are about a password that was mailed.
func temporarySentences() []sentence {
	code := func(s *storyReader, of *recoverytest.Person) string {
		return s.w.Outbox.Last(s.t, of.Mail, "temporary-password").Vars["code"]
	}
	return []sentence{
		{`the operator lets administrators have temporary passwords mailed`, func(s *storyReader, _ []string) {
			s.w.Policy.TemporaryPassword = true
			s.w.Reload()
		}},
		{`on the (.+) (\w+) types the temporary password where his goes`, func(s *storyReader, m []string) {
			b := s.use(m[0])
			s.who = m[1]
			b.Get("/").Want("sign-in").Submit("name", s.me().Name, "password", code(s, s.me()))
		}},
		{`he types it once more as the new one`, func(s *storyReader, _ []string) { s.b.Submit("new_password", code(s, s.me())) }},
		{`he is signed in there`, func(s *storyReader, _ []string) {
			if !s.w.SignedIn(s.b) {
				s.t.Errorf("got page %q, want to be signed in\n%s", s.b.Page(), s.b.Text())
			}
		}},
	}
}
