package web_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

func sentences() []sentence {
	return slices.Concat(circumstances(), invitations(), actions(), changes(), results(), administration(), onPeople(), aroundPeople(), temporarySentences(), twoAdministrators(), inPerson(), handedCode(), signIns(), secondFactors(), letIn(), backByDevice(), letInResults(), touches())
}

// circumstances are what there was before, and time.
func circumstances() []sentence {
	return []sentence{
		{`the operator locks after (\d+) for 1h`, func(s *storyReader, m []string) {
			n, _ := strconv.Atoi(m[0])
			s.w.Policy.Lock = &recovery.Lock{After: n, For: time.Hour}
			s.w.Reload()
		}},
		{`the operator asks (pin|question) for (\w+)`, func(s *storyReader, m []string) {
			s.w.Policy.Ask = map[string][]recovery.Kind{m[0]: {recovery.Kind(m[1])}}
			s.w.Reload()
		}},
		{`(\w+) has an account with a password, an authenticator and recovery codes`, func(s *storyReader, m []string) {
			p := recoverytest.Alice()
			if m[0] != "alice" {
				p.Name, p.Mail, p.Phone = m[0], m[0]+"@example.org", "+4179"+strconv.Itoa(1000000+len(s.people))
			}
			if s.people[m[0]] = p; len(s.people) == 1 {
				s.w.Setup(p)
			} else {
				s.w.Invite(p)
			}
			s.old[m[0]] = *p
		}},
		{`her recovery codes are lost`, func(s *storyReader, _ []string) { lose(s, recovery.RecoveryCode) }},
		{`her recovery codes are lost, and so is her number`, func(s *storyReader, _ []string) {
			lose(s, recovery.RecoveryCode)
			change(s.t, s.w, "alice", func(a *recovery.Account) {
				a.Addresses = slices.DeleteFunc(a.Addresses, func(c recovery.Address) bool { return c.Channel == recovery.ChannelSMS })
			})
		}},
		{`(\d+) hours pass`, func(s *storyReader, m []string) {
			n, _ := strconv.Atoi(m[0])
			s.w.Clock.Move(time.Duration(n) * time.Hour)
			e := s.w.Engine // a server does both every minute
			if err := errors.Join(e.RemindDue(s.t.Context()), e.RemoveDue(s.t.Context())); err != nil {
				s.t.Fatal(err)
			}
		}},
		{`(\w+) answers (.+) extension (\d+)`, func(s *storyReader, m []string) {
			line, err := recovery.ParseExtension(m[1], m[2])
			if err != nil {
				s.t.Fatal(err)
			}
			if err := s.w.Engine.SetExtensions(s.t.Context(), m[0], line); err != nil {
				s.t.Fatal(err)
			}
			s.w.Reload() // at the start it hears of main numbers
		}},
	}
}

func invitations() []sentence {
	return []sentence{
		{`robin is invited`, func(s *storyReader, _ []string) {
			s.who, s.people["robin"] = "robin", bob()
			_, token, err := s.w.Engine.AddUser(s.t.Context(), recovery.NewAccount{Name: "robin", Mail: "robin@example.org"})
			if err != nil {
				s.t.Fatal(err)
			}
			s.link = token
		}},
		{`robin is invited again`, func(s *storyReader, _ []string) {
			a, err := s.w.Engine.Find(s.t.Context(), "robin")
			if err != nil {
				s.t.Fatal(err)
			}
			if s.link, err = s.w.Engine.Invite(s.t.Context(), a); err != nil {
				s.t.Fatal(err)
			}
		}},
	}
}

// lose takes credentials away: nobody has them any more.
func lose(s *storyReader, methods ...string) {
	change(s.t, s.w, "alice", func(a *recovery.Account) { a.Drop(methods...) })
}

// actions are what people do on a page.
func actions() []sentence {
	return []sentence{
		{`on the (.+) (?:she|he) opens (/\S*)`, func(s *storyReader, m []string) { s.use(m[0]).Get(m[1]) }},
		{`on the (.+) (?:she|he) looks again`, func(s *storyReader, m []string) { s.use(m[0]).Get(s.b.URL.RequestURI()) }},
		{`on the (.+) (?:she|he) opens the "this wasn't me" link`, func(s *storyReader, m []string) {
			s.use(m[0]).Follow(s.w.Outbox.Last(s.t, s.me().Mail, "notice").Vars["stop"])
		}},
		{`on the (.+) (?:she|he) opens a rescue link`, func(s *storyReader, m []string) {
			token, err := s.w.Engine.RescueLink(s.t.Context(), s.me().Name)
			if err != nil {
				s.t.Fatal(err)
			}
			s.use(m[0]).Get("/.sparekey/link").Submit("code", token)
		}},
		{`on the (.+) (?:she|he) opens the link (?:she|he) was sent`, func(s *storyReader, m []string) {
			who := s.who
			s.use(m[0]).Get("/.sparekey/link").Submit("code", s.link)
			s.who = who
		}},
		{`on the (.+) (?:she|he) opens the link from "(\S+)" to (\w+)@example.org`, func(s *storyReader, m []string) {
			link := recoverytest.Link(s.t, s.w.Outbox.Last(s.t, m[2]+"@example.org", m[1]))
			s.use(m[0]).Get("/.sparekey/link").Submit("code", link)
			s.who = m[2]
		}},
		{`(?:she|he) signs out on the (.+)`, func(s *storyReader, m []string) {
			s.use(m[0]).Post("/.sparekey/logout", recoverytest.Fields())
		}},
		{`(?:she|he) enters (\w+): (.+), (\w+): (.+)`, func(s *storyReader, m []string) {
			s.b.Submit(m[0], s.meant(m[1]), m[2], s.meant(m[3]))
		}},
		{`(?:she|he) enters (\w+): (.+)`, func(s *storyReader, m []string) { s.b.Submit(m[0], s.meant(m[1])) }},
		{`she answers (\w+): (.+)`, func(s *storyReader, m []string) { s.b.Submit("answer", m[1], "choice", m[0]) }},
		{`(?:she|he) types the code from the mail`, func(s *storyReader, _ []string) { s.b.Submit("code", s.w.MailCode(s.me())) }},
		{`she opens the link from the mail`, func(s *storyReader, _ []string) {
			link := recoverytest.Link(s.t, s.w.Outbox.Last(s.t, s.me().Mail, "recover-code"))
			s.b.Get("/.sparekey/link").Want("confirm").Submit("code", link)
		}},
		{`she types the code from the SMS`, func(s *storyReader, _ []string) { s.b.Submit("code", s.w.SMSCode(s.me())) }},
		{`(?:she|he) types the code sent to (\S+)`, func(s *storyReader, m []string) {
			s.b.Submit("code", s.w.Outbox.Last(s.t, m[0], "contact-code").Vars["code"])
		}},
		{`she types a wrong code`, func(s *storyReader, _ []string) { s.b.Submit("code", wrongCodes(1, s.code())[0]) }},
		{`(?:she|he) types the code her authenticator shows`, func(s *storyReader, _ []string) {
			s.w.Clock.Move(time.Minute)
			s.b.Submit("code", s.code())
		}},
		{`(?:she|he) chooses (\w+)`, func(s *storyReader, m []string) { s.b.Submit("choice", m[0]) }},
		{`(?:she|he) asks for (\w+)`, func(s *storyReader, m []string) { s.b.Submit("method", m[0]) }},
		{`on the (.+) she presses continue`, func(s *storyReader, m []string) {
			hidden := s.use(m[0]).Hidden("")
			hidden.Set("code", "check")
			s.b.Post("/.sparekey/", hidden)
		}},
	}
}

// changes are what people do to credentials and accounts.
func changes() []sentence {
	return []sentence{
		{`(?:she|he) scans the picture and types a wrong code`, func(s *storyReader, _ []string) {
			s.b.Submit("code", wrongCodes(1, recoverytest.TOTP(s.w, s.shown()))[0])
		}},
		{`(?:she|he) scans the picture and types the code it shows`, func(s *storyReader, _ []string) {
			s.b.TakeApp()
			s.me().Key = s.shown()
			s.b.Submit("code", s.code())
		}},
		{`(?:she|he) keeps the ten codes`, func(s *storyReader, _ []string) {
			s.me().Codes = strings.Fields(strings.Join(s.b.All("codes"), " "))
			if len(s.me().Codes) != 10 {
				s.t.Fatalf("got %d codes", len(s.me().Codes))
			}
			s.b.Submit("choice", "saved")
			s.w.Clock.Move(time.Minute)
		}},
		{`she presses the button`, func(s *storyReader, _ []string) { s.b.Post("/.sparekey/stop", s.b.Hidden("")) }},
		{`(?:on the (.+) )?(?:she|he) starts (\w+)`, func(s *storyReader, m []string) {
			if m[0] != "" {
				s.use(m[0])
			}
			s.b.Get("/.sparekey/account").Want("account").Post("/.sparekey/", recoverytest.Fields("start", m[1]))
		}},
		{`she opens a case for (\w+)`, func(s *storyReader, m []string) {
			a, err := s.w.Engine.Find(s.t.Context(), m[0])
			if err != nil {
				s.t.Fatal(err)
			}
			s.b.Get("/.sparekey/people").Want("people").Get("/.sparekey/people/" + a.ID + "?do=case").Want("person")
			s.b.Submit("reason", "lost the phone, was here in person", "choice", "second_factor").Want("factor")
			s.w.Clock.Move(time.Minute)
			s.b.Submit("code", s.code())
		}},
		{`on the (.+) (?:she|he) vouches for alice`, func(s *storyReader, m []string) {
			code := strings.Join(s.browser("desktop").All("spoken"), "")
			s.use(m[0]).Get("/.sparekey/account/approve").Want("confirm").Submit("code", code)
			s.w.Clock.Move(time.Minute)
			s.b.Want("factor").Submit("code", s.code()).Want("confirm").Submit("choice", "approve").Want("account")
		}},
		{`on the (.+) the thief replaces her authenticator`, func(s *storyReader, m []string) {
			thief := *s.me()
			s.w.SignIn(s.use(m[0]), &thief, "/")
			s.w.Clock.Move(time.Minute)
			s.b.Post("/.sparekey/", recoverytest.Fields("start", "add_factor")).Want("factor").Submit("code", s.code())
			s.w.Enrol(s.b, &thief)
			s.people["thief"] = &thief
		}},
	}
}

// results are what must have happened.
func results() []sentence {
	return []sentence{
		{`(?:she|he) sees ([\w-]+)`, func(s *storyReader, m []string) { s.b.Want(m[0]) }},
		{`a mail went to (\S+)`, func(s *storyReader, m []string) { s.w.Outbox.Last(s.t, m[0], "recover-code") }},
		{`a mail "(\S+)" went to (\S+)`, func(s *storyReader, m []string) { s.w.Outbox.Last(s.t, m[1], m[0]) }},
		{`an SMS went to (\S+)`, func(s *storyReader, m []string) { s.w.Outbox.Last(s.t, m[0], "sms-code") }},
		{`no mail (?:"(\S+)" )?went to (\S+)`, func(s *storyReader, m []string) {
			if n := len(s.w.Outbox.To(m[1], m[0])); n > 0 {
				s.t.Errorf("got %d messages to %s", n, m[1])
			}
		}},
		{`a notice "(\w+)" went to (\S+)`, func(s *storyReader, m []string) {
			var got []string
			for _, msg := range s.w.Outbox.To(m[1], "notice") {
				got = append(got, msg.Vars["event"])
			}
			if !slices.Contains(got, m[0]) {
				s.t.Errorf("got notices %q, want %q", got, m[0])
			}
		}},
		{`nobody is signed in on the (.+)`, func(s *storyReader, m []string) {
			if s.w.SignedIn(s.browser(m[0])) {
				s.t.Errorf("still signed in on the %s", m[0])
			}
		}},
		{`(\w+) is signed in on the (.+)`, func(s *storyReader, m []string) {
			b, known := s.browsers[m[1]]
			if !known {
				s.owner[m[1]] = m[0]
				b = s.browser(m[1])
				s.w.SignIn(b, s.people[m[0]], "/")
				s.use(m[1])
			}
			if !s.w.SignedIn(b) {
				s.t.Errorf("not signed in on the %s", m[1])
			}
		}},
		{`her old authenticator still signs in on the (\w+)`, func(s *storyReader, m []string) { s.signsIn(m[0], s.old[s.who], true) }},
		{`her old authenticator is refused`, func(s *storyReader, _ []string) { s.signsIn("attic", s.old[s.who], false) }},
		{`her new authenticator signs in on the (\w+)`, func(s *storyReader, m []string) { s.signsIn(m[0], *s.me(), true) }},
		{`her new password "(.+)" signs in on the (\w+)`, func(s *storyReader, m []string) {
			p := *s.me()
			p.Password = m[0]
			s.signsIn(m[1], p, true)
		}},
		{`her old recovery codes are refused`, func(s *storyReader, _ []string) {
			b := s.browser("cellar")
			b.Get("/").Submit("name", s.me().Name, "password", s.me().Password).Want("factor")
			b.Submit("method", "recovery_code").Want("factor").Submit("code", s.old[s.who].Codes[0]).Want("factor")
		}},
		{`nobody can sign in as alice`, func(s *storyReader, _ []string) {
			b := s.browser("anywhere")
			b.Get("/").Submit("name", "alice", "password", s.people["alice"].Password).Want("sign-in")
			b.Get("/").Submit("name", "alice", "password", "a new and longer sentence").Want("sign-in")
		}},
	}
}

// meant turns words of a story into what is typed.
func (s *storyReader) meant(words string) string {
	switch words {
	case "her password", "his password", "robin's password":
		return s.me().Password
	case "her first recovery code":
		return s.old[s.who].Codes[0]
	case "the thief's recovery code":
		return s.people["thief"].Codes[0]
	}
	return words
}

func (s *storyReader) browser(name string) *recoverytest.Browser {
	if s.browsers[name] == nil {
		s.browsers[name] = s.w.Browser()
	}
	return s.browsers[name]
}

// use takes a browser to hand; whose it is decides who "she" is.
func (s *storyReader) use(name string) *recoverytest.Browser {
	s.b, s.who = s.browser(name), "alice"
	if owner := s.owner[name]; owner != "" {
		s.who = owner
	}
	return s.b
}

func (s *storyReader) code() string { return recoverytest.TOTP(s.w, s.me().Key) }

func (s *storyReader) shown() string {
	return strings.ReplaceAll(strings.Join(s.b.All("secret"), ""), "-", "")
}

func (s *storyReader) signsIn(where string, p recoverytest.Person, want bool) {
	s.t.Helper()
	b := s.browser(where)
	s.w.Clock.Move(time.Minute)
	b.Get("/").Want("sign-in").Submit("name", p.Name, "password", p.Password).Want("factor")
	b.Submit("code", recoverytest.TOTP(s.w, p.Key))
	if got := b.Status == 200 && b.Page() == ""; got != want {
		s.t.Errorf("got signed in %v, want %v", got, want)
	}
}
