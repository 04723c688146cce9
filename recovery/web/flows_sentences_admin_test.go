package web_test

import (
	"strings"
)

// administration is what an administrator does about people and invitations.
func administration() []sentence {
	return []sentence{
		{`on the (.+) (?:she|he) looks at (\w+) among the people`, func(s *storyReader, m []string) {
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
		{`on the (.+) she makes a link for (\d+) people`, func(s *storyReader, m []string) {
			s.use(m[0]).Get("/.sparekey/invites").Want("invites").Submit("uses", m[1], "groups", "choir", "reason", "the choir", "choice", "make_link").Want("invite")
			_, s.link, _ = strings.Cut(strings.Join(s.b.All("secret"), ""), "#")
		}},
		{`on the (.+) (\w+), who is new here, opens that link`, func(s *storyReader, m []string) {
			p := bob()
			p.Name, p.Mail, p.Phone = m[1], m[1]+"@example.org", ""
			s.people[m[1]], s.owner[m[0]] = p, m[1]
			s.use(m[0]).Get("/.sparekey/join").Want("activate").Submit("code", s.link)
		}},
		{`on the (.+) she revokes that link, and disables who came by it`, func(s *storyReader, m []string) {
			links, err := s.w.Engine.Links(s.t.Context())
			if err != nil || len(links) != 1 {
				s.t.Fatalf("got %d links, %v", len(links), err)
			}
			s.use(m[0]).Get("/.sparekey/invites?do="+links[0].ID).Want("invites").Submit("reason", "it got around", "others", "1", "choice", "revoke:"+links[0].ID)
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
