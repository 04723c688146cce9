package web_test

import (
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
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
			if !s.b.Offers("choice", "invite_again") {
				s.t.Fatal("no button that invites again")
			}
			s.b.Post(s.b.URL.Path, recoverytest.Fields("choice", "invite_again"))
		}},
		{`on the (.+) she gives (\w+) the address (\S+)`, func(s *storyReader, m []string) {
			a, err := s.w.Engine.Find(s.t.Context(), m[1])
			if err != nil {
				s.t.Fatal(err)
			}
			s.use(m[0]).Get("/.sparekey/people/"+a.ID).Want("person").Submit("mail", m[2], "reason", "the old mailbox is gone", "choice", "correct_mail")
		}},
	}
}
