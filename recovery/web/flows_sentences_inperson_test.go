package web_test

import (
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// inPerson are the words for codes that an administrator hands over, and for
// people who are asked before anything else.
func inPerson() []sentence {
	return []sentence{
		{`nothing here can send mail`, func(s *storyReader, _ []string) {
			s.w = recoverytest.New(s.t, recoverytest.WithChannels(recovery.ChannelSMS))
		}},
		{`the operator writes "recover (\w+)": way (.+)`, func(s *storyReader, m []string) {
			s.w.Policy.Ways[recovery.Goal(m[0])] = []recovery.Way{{Proofs: strings.Fields(m[1])}}
			s.w.Reload()
		}},
		{`alice has named (\w+) and (\w+)`, func(s *storyReader, m []string) {
			var list []recovery.TrustedContact
			for _, name := range m[:2] {
				a, err := s.w.Engine.Find(s.t.Context(), name)
				if err != nil {
					s.t.Fatal(err)
				}
				list = append(list, recovery.TrustedContact{ID: a.ID, Name: name})
			}
			change(s.t, s.w, "alice", func(a *recovery.Account) { a.TrustedContacts = list })
		}},
		{`the page names nobody`, func(s *storyReader, _ []string) {
			if text := s.b.Text(); strings.Contains(text, "robin") || strings.Contains(text, "carol") || strings.Contains(text, "alice") {
				s.t.Errorf("got %q, want no name", text)
			}
		}},
		{`(\w+) is an administrator too`, func(s *storyReader, m []string) {
			change(s.t, s.w, m[0], func(a *recovery.Account) { a.Groups = []string{recovery.GroupAdmins} })
		}},
		{`she asks for a case for (\w+), who has lost (\w+)`, func(s *storyReader, m []string) {
			a, err := s.w.Engine.Find(s.t.Context(), m[0])
			if err != nil {
				s.t.Fatal(err)
			}
			s.b.Get("/.sparekey/people/" + a.ID + "?do=case").Want("person")
			s.w.Clock.Move(s.w.Policy.Lifetimes.Fresh) // the sign-in is no proof given in this flow
			s.b.Submit("reason", "stood here with his passport", "choice", m[1])
		}},
	}
}

// handedCode is what happens to a code that is handed over.
func handedCode() []sentence {
	return []sentence{
		{`she writes the code down and looks again`, func(s *storyReader, _ []string) {
			s.link = strings.Join(s.b.All("spoken"), "")
			if s.b.Get(s.b.URL.RequestURI()); !strings.Contains(s.b.Text(), s.link) || len(s.link) != 19 {
				s.t.Errorf("got %q, want the code %q until the step is left", s.b.Text(), s.link)
			}
		}},
		{`on the (.+) (\w+) types that code and is told it is not good`, func(s *storyReader, m []string) {
			b := s.b
			s.use(m[0]).Get("/.sparekey/link").Submit("code", s.link)
			if s.b.Status != 422 {
				s.t.Errorf("got status %d, page %q, want 422", s.b.Status, s.b.Page())
			}
			s.b, s.who = b, "alice"
		}},
		{`she says that she has it, and the page shows it no more`, func(s *storyReader, _ []string) {
			step := s.b.URL.RequestURI()
			s.b.Submit("choice", "saved").Want("person")
			here := s.b.URL.RequestURI()
			if s.b.Get(step); strings.Contains(s.b.Text(), s.link) || s.b.Page() != "refused" {
				s.t.Errorf("got status %d and %q, want the code to be gone", s.b.Status, s.b.Text())
			}
			s.b.Get(here)
		}},
		{`on the (.+) (\w+) types that code`, func(s *storyReader, m []string) {
			s.use(m[0]).Get("/.sparekey/link").Want("confirm").Submit("code", strings.ToLower(s.link))
			s.who = m[1]
		}},
		{`he asks to wait, for his recovery codes are lost too`, func(s *storyReader, _ []string) {
			change(s.t, s.w, s.who, func(a *recovery.Account) { a.Drop(recovery.RecoveryCode) })
			s.b.Submit("method", "wait")
		}},
		{`nobody reads that code anywhere`, func(s *storyReader, _ []string) {
			plain := strings.ReplaceAll(s.link, "-", "")
			for _, m := range s.w.Outbox.All() {
				for _, v := range m.Vars {
					if strings.Contains(v, s.link) || strings.Contains(v, plain) {
						s.t.Errorf("message %q holds the code", m.Template)
					}
				}
			}
		}},
	}
}
