package web_test

import (
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// touches are about passkeys, which the device holds that a browser is on.
func touches() []sentence {
	return []sentence{
		{`alice sets up the site on the (.+), with a passkey there`, func(s *storyReader, m []string) {
			alice := recoverytest.Alice()
			s.people["alice"] = alice
			code, err := s.w.Engine.OpenSetup(s.t.Context())
			if err != nil {
				s.t.Fatal(err)
			}
			b := s.use(m[0]).Get("/.sparekey/setup").Want("setup").HoldPasskeys()
			b.Submit("code", code).Want("setup")
			b.Submit("name", alice.Name, "mail", alice.Mail, "phone", alice.Phone, "new_password", alice.Password)
			s.w.Confirm(b, alice)
			s.follow("she makes a passkey called: my " + m[0])
			s.follow("she keeps the ten codes")
			s.old["alice"] = *alice
		}},
		{`the (.+) can hold passkeys`, func(s *storyReader, m []string) { s.use(m[0]).Get("/.sparekey/login").HoldPasskeys() }},
		{`she makes a passkey called: (.+)`, func(s *storyReader, m []string) {
			s.b.Want("choice").Submit("method", recovery.Passkey).Want("enroll").Touch("label", m[0]).Want("codes")
		}},
		{`she asks for one more passkey on the same device`, func(s *storyReader, _ []string) {
			s.b.Want("choice").Submit("method", recovery.Passkey).Want("enroll").Touch("label", "once more").Want("enroll")
		}},
		{`she is told: (.+)`, func(s *storyReader, m []string) {
			if got := s.b.Told(); !strings.Contains(got, m[0]) {
				s.t.Errorf("got page %q, which says %q", s.b.Page(), got)
			}
		}},
		{`the (.+) forgets its passkey by itself`, func(s *storyReader, m []string) { s.use(m[0]).Forgets() }},
		{`she shows her passkey`, func(s *storyReader, _ []string) { s.b.Touch() }},
		{`on the (.+) she opens (/\S*) and picks her passkey from the names`, func(s *storyReader, m []string) { s.use(m[0]).Suggested(m[1]) }},
		{`she removes the passkey called: (.+)`, func(s *storyReader, m []string) {
			for _, c := range account(s.t, s.w, s.who).CredentialsOf(recovery.Passkey) {
				if c.Label == m[0] {
					s.b.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindDropOne), "choice", c.ID))
				}
			}
		}},
		{`she types a code from her sheet`, func(s *storyReader, _ []string) { s.b.Submit("code", s.me().Codes[0]) }},
		{`she reads: (.+)`, func(s *storyReader, m []string) {
			if !strings.Contains(s.b.Text(), m[0]) {
				s.t.Errorf("got page %q: %s", s.b.Page(), s.b.Text())
			}
		}},
	}
}
