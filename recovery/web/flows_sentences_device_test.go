package web_test

import (
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// letIn are the acts of a known device and a new one.
func letIn() []sentence {
	return []sentence{
		{`a day later she signs in on the (.+) again`, func(s *storyReader, m []string) {
			s.w.Clock.Move(25 * time.Hour)
			s.w.SignIn(s.use(m[0]), s.me(), "/")
			s.w.Clock.Move(time.Minute)
		}},
		{`she asks to be let in by another device`, func(s *storyReader, _ []string) {
			s.b.Submit("method", recovery.OtherDevice)
		}},
		{`on the (.+) she looks who asks`, func(s *storyReader, m []string) { s.use(m[0]).Get("/.sparekey/account/approve") }},
		{`she types the number that the (.+) shows`, func(s *storyReader, m []string) {
			s.b.Submit("code", s.browser(m[0]).Find("number"))
		}},
		{`she types a wrong number there, not that of the (.+)`, func(s *storyReader, m []string) {
			wrong := "10"
			if s.browser(m[0]).Find("number") == wrong {
				wrong = "11"
			}
			s.b.Submit("code", wrong)
		}},
	}
}

// backByDevice are the acts of somebody who gets back in by a known device.
func backByDevice() []sentence {
	return []sentence{
		{`on the (.+) she types the characters that the (.+) shows`, func(s *storyReader, m []string) {
			code := s.browser(m[1]).Find("find")
			s.use(m[0]).Get(approve+"?choice=device").Submit("code", code)
		}},
		{`she shows her password instead`, func(s *storyReader, _ []string) {
			another(s.b).Submit("method", recovery.Password).Submit("password", s.me().Password)
		}},
		{`she goes on without the mailbox`, func(s *storyReader, _ []string) {
			if s.b.Page() != "wait" {
				another(s.b).Submit("method", recovery.Waiting)
			}
		}},
		{`she stays signed in on the (.+)`, func(s *storyReader, _ []string) {
			change(s.t, s.w, s.who, func(a *recovery.Account) {
				for i := range a.Sessions {
					a.Sessions[i].End, a.Sessions[i].Idle = s.w.Clock.Now().Add(30*24*time.Hour), 7*24*3600
				}
			})
		}},
	}
}

// letInResults are what must have come of them.
func letInResults() []sentence {
	return []sentence{
		{`she is not offered another device`, func(s *storyReader, _ []string) {
			if s.b.Offers("method", recovery.OtherDevice) {
				s.t.Errorf("page %q offers a device that lets nobody in yet", s.b.Page())
			}
		}},
		{`six minutes pass`, func(s *storyReader, _ []string) { s.w.Clock.Move(6 * time.Minute) }},
		{`she types the code her authenticator shows now`, func(s *storyReader, _ []string) {
			s.w.Clock.Move(time.Minute)
			s.b.Submit("code", s.code())
		}},
		{`she generates a code`, func(s *storyReader, _ []string) { s.b.Submit("choice", recovery.ChoiceCode) }},
		{`she lets it in`, func(s *storyReader, _ []string) { s.b.Submit("choice", recovery.ChoiceTap) }},
		{`she says that it is not her`, func(s *storyReader, _ []string) { s.b.Submit("choice", "not_me") }},
		{`on the (.+) she types the code that the (.+) shows`, func(s *storyReader, m []string) {
			code := s.browser(m[1]).Find("device-code")
			b := s.use(m[0])
			b.Get(b.URL.RequestURI()).Submit("code", code)
		}},
		{`the page on the (.+) goes on`, func(s *storyReader, m []string) {
			b := s.use(m[0])
			if os.Getenv(recoverytest.TabsVariable) != "" {
				b.GoesOn()
				return
			}
			fields := b.Get(b.URL.RequestURI()).Want("device-wait").Hidden("")
			fields.Set("code", "check")
			b.Post("/.sparekey/", fields)
		}},
		{`the (.+) says: (.+)`, func(s *storyReader, m []string) { s.says(m[0], m[1]) }},
		{`the (?:thief|device) may not start (\w+) on the (.+)`, func(s *storyReader, m []string) {
			if b := s.use(m[1]); !refusedHere(b, m[0]) {
				s.t.Errorf("%s begins on the %s: page %q", m[0], m[1], b.Page())
			}
		}},
		{`on the (.+) she stops that only`, func(s *storyReader, m []string) {
			link := s.w.Outbox.Take(s.t, s.me().Mail, "notice").Vars["stop"]
			s.use(m[0]).Follow(link).Want("stop").Submit("choice", "only")
		}},
	}
}

// refusedHere tells whether a browser that is signed in may not begin a flow.
func refusedHere(b *recoverytest.Browser, kind string) bool {
	b.Post("/.sparekey/", recoverytest.Fields("start", kind))
	return b.Status == http.StatusUnprocessableEntity || b.Page() == "refused"
}

// says looks for words on the page that a browser shows, loaded again.
func (s *storyReader) says(place, words string) {
	s.t.Helper()
	b := s.browser(place)
	if strings.Contains(b.Text(), words) {
		return
	}
	if b.Get(b.URL.RequestURI()); !strings.Contains(b.Text(), words) {
		s.t.Errorf("the %s does not say %q: %s", place, words, b.Text())
	}
}
