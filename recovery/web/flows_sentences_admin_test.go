package web_test

import (
	"strings"
)

// administration is what an administrator does about people and invitations.
func administration() []sentence {
	return []sentence{
		{`on the (.+) she looks at (\w+) among the people`, func(s *storyReader, m []string) {
			a, err := s.w.Engine.Find(s.t.Context(), m[1])
			if err != nil {
				s.t.Fatal(err)
			}
			s.use(m[0]).Get("/.sparekey/people").Want("people").Get("/.sparekey/people/" + a.ID).Want("person")
		}},
		{`(?:she|he) reads "(.+)"`, func(s *storyReader, m []string) {
			if !strings.Contains(s.b.Text(), m[0]) {
				s.t.Errorf("got %q, want %q in it", s.b.Text(), m[0])
			}
		}},
		{`she sends the invitation again`, func(s *storyReader, _ []string) {
			s.b.Get(s.b.URL.Path+"?do=invite_again").Want("person").Submit("choice", "invite_again")
		}},
		{`on the (.+) she gives (\w+) the address (\S+)`, func(s *storyReader, m []string) {
			a, err := s.w.Engine.Find(s.t.Context(), m[1])
			if err != nil {
				s.t.Fatal(err)
			}
			s.use(m[0]).Get("/.sparekey/people/"+a.ID+"?do=correct_mail").Want("person").Submit("mail", m[2], "reason", "the old mailbox is gone", "choice", "correct_mail")
		}},
	}
}
