package web_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// teller reads a story line by line and does what it says.
type teller struct {
	t        *testing.T
	w        *recoverytest.World
	alice    *recoverytest.Person
	old      recoverytest.Person
	browsers map[string]*recoverytest.Browser
	b        *recoverytest.Browser
}

func TestFlows(t *testing.T) {
	files, err := filepath.Glob("../testdata/flows/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := &teller{t: t, w: recoverytest.New(t), alice: recoverytest.Alice(), browsers: map[string]*recoverytest.Browser{}}
			for n, line := range strings.Split(string(a.Files[0].Data), "\n") {
				line = strings.TrimSpace(line)
				if line == "" || strings.HasPrefix(line, "#") {
					continue
				}
				if !s.tell(line) {
					t.Fatalf("%s, line %d of the story: nobody knows what %q means", file, n+1, line)
				}
				if t.Failed() {
					t.Fatalf("%s, line %d of the story: %s", file, n+1, line)
				}
			}
		})
	}
}

// tell finds the sentence and does it.
func (s *teller) tell(line string) bool {
	for _, x := range sentences() {
		if m := regexp.MustCompile("^" + x.form + "$").FindStringSubmatch(line); m != nil {
			x.do(s, append(m[1:], "", ""))
			return true
		}
	}
	return false
}

type sentence struct {
	form string
	do   func(s *teller, words []string)
}

func sentences() []sentence {
	return append(things(), results()...)
}

// things are what people do.
func things() []sentence {
	return []sentence{
		{`alice has an account with a password, an authenticator and recovery codes`, func(s *teller, _ []string) {
			s.w.Setup(s.alice)
			s.old = *s.alice
		}},
		{`on the (.+) she opens (/\S+)`, func(s *teller, m []string) { s.use(m[0]).Get(m[1]) }},
		{`on the (.+) she looks again`, func(s *teller, m []string) { s.use(m[0]).Get(s.b.URL.RequestURI()) }},
		{`on the (.+) she opens the "this wasn't me" link`, func(s *teller, m []string) {
			s.use(m[0]).Get(s.w.Outbox.Last(s.t, s.alice.Mail, "notice").Vars["stop"])
		}},
		{`on the (.+) she opens a rescue link`, func(s *teller, m []string) {
			token, err := s.w.Engine.RescueLink(s.t.Context(), s.alice.Name)
			if err != nil {
				s.t.Fatal(err)
			}
			s.use(m[0]).Get("/.sparekey/link").Submit("code", token)
		}},
		{`she enters (\w+): (.+)`, func(s *teller, m []string) {
			if m[1] == "her password" {
				m[1] = s.alice.Password
			}
			s.b.Submit(m[0], m[1])
		}},
		{`she types the code from the mail`, func(s *teller, _ []string) { s.b.Submit("code", s.w.MailCode(s.alice)) }},
		{`she opens the link from the mail`, func(s *teller, _ []string) {
			link := recoverytest.Link(s.t, s.w.Outbox.Last(s.t, s.alice.Mail, "recover-code"))
			s.b.Get("/.sparekey/link").Want("confirm").Submit("code", link)
		}},
		{`she types the code from the SMS`, func(s *teller, _ []string) { s.b.Submit("code", s.w.SMSCode(s.alice)) }},
		{`she types a wrong code`, func(s *teller, _ []string) { s.b.Submit("code", wrongCodes(1, s.code())[0]) }},
		{`she types the code her authenticator shows`, func(s *teller, _ []string) {
			s.w.Clock.Move(time.Minute)
			s.b.Submit("code", s.code())
		}},
		{`she chooses (\w+)`, func(s *teller, m []string) { s.b.Submit("choice", m[0]) }},
		{`she scans the picture and types a wrong code`, func(s *teller, _ []string) {
			s.b.Submit("code", wrongCodes(1, recoverytest.TOTP(s.w, s.shown()))[0])
		}},
		{`she scans the picture and types the code it shows`, func(s *teller, _ []string) {
			s.alice.Key = s.shown()
			s.b.Submit("code", s.code())
		}},
		{`she keeps the ten codes`, func(s *teller, _ []string) {
			s.alice.Codes = strings.Fields(strings.Join(s.b.All("codes"), " "))
			if len(s.alice.Codes) != 10 {
				s.t.Fatalf("got %d codes", len(s.alice.Codes))
			}
			s.b.Submit("choice", "saved")
			s.w.Clock.Move(time.Minute)
		}},
		{`she presses the button`, func(s *teller, _ []string) {
			hidden := s.b.Hidden("")
			s.b.Post("/.sparekey/stop", hidden)
		}},
	}
}

// results are what must have happened.
func results() []sentence {
	return []sentence{
		{`she sees ([\w-]+)`, func(s *teller, m []string) { s.b.Want(m[0]) }},
		{`a mail went to (\S+)`, func(s *teller, m []string) { s.w.Outbox.Last(s.t, m[0], "recover-code") }},
		{`an SMS went to (\S+)`, func(s *teller, m []string) { s.w.Outbox.Last(s.t, m[0], "sms-code") }},
		{`no mail went to (\S+)`, func(s *teller, m []string) {
			if n := len(s.w.Outbox.To(m[0], "")); n > 0 {
				s.t.Errorf("got %d messages to %s", n, m[0])
			}
		}},
		{`a notice "(\w+)" went to (\S+)`, func(s *teller, m []string) {
			var got []string
			for _, msg := range s.w.Outbox.To(m[1], "notice") {
				got = append(got, msg.Vars["event"])
			}
			if !slices.Contains(got, m[0]) {
				s.t.Errorf("got notices %q, want %q", got, m[0])
			}
		}},
		{`alice is signed in on the (\w+)`, func(s *teller, m []string) {
			b, known := s.browsers[m[0]]
			if !known {
				b = s.browser(m[0])
				s.w.SignIn(b, s.alice, "/")
			}
			if !s.w.SignedIn(b) {
				s.t.Errorf("not signed in on the %s", m[0])
			}
		}},
		{`nobody is signed in on the (\w+)`, func(s *teller, m []string) {
			if s.w.SignedIn(s.browser(m[0])) {
				s.t.Errorf("still signed in on the %s", m[0])
			}
		}},
		{`her old authenticator still signs in on the (\w+)`, func(s *teller, m []string) { s.signsIn(m[0], s.old, true) }},
		{`her old authenticator is refused`, func(s *teller, _ []string) { s.signsIn("attic", s.old, false) }},
		{`her new authenticator signs in on the (\w+)`, func(s *teller, m []string) { s.signsIn(m[0], *s.alice, true) }},
		{`her new password "(.+)" signs in on the (\w+)`, func(s *teller, m []string) {
			p := *s.alice
			p.Password = m[0]
			s.signsIn(m[1], p, true)
		}},
		{`her old recovery codes are refused`, func(s *teller, _ []string) {
			b := s.browser("cellar")
			b.Get("/").Submit("name", s.alice.Name, "password", s.alice.Password).Want("factor")
			b.Submit("method", "recovery_code").Want("factor").Submit("code", s.old.Codes[0]).Want("factor")
		}},
		{`nobody can sign in as alice`, func(s *teller, _ []string) {
			b := s.browser("anywhere")
			b.Get("/").Submit("name", "alice", "password", s.alice.Password).Want("sign-in")
			b.Get("/").Submit("name", "alice", "password", "a new and longer sentence").Want("sign-in")
		}},
	}
}

func (s *teller) browser(name string) *recoverytest.Browser {
	if s.browsers[name] == nil {
		s.browsers[name] = s.w.Browser()
	}
	return s.browsers[name]
}

func (s *teller) use(name string) *recoverytest.Browser {
	s.b = s.browser(name)
	return s.b
}

func (s *teller) code() string { return recoverytest.TOTP(s.w, s.alice.Key) }

func (s *teller) shown() string {
	return strings.ReplaceAll(strings.Join(s.b.All("secret"), ""), "-", "")
}

func (s *teller) signsIn(where string, p recoverytest.Person, want bool) {
	s.t.Helper()
	b := s.browser(where)
	s.w.Clock.Move(time.Minute)
	b.Get("/").Want("sign-in").Submit("name", p.Name, "password", p.Password).Want("factor")
	b.Submit("code", recoverytest.TOTP(s.w, p.Key))
	if got := b.Status == 200 && b.Page() == ""; got != want {
		s.t.Errorf("got signed in %v, want %v", got, want)
	}
}

// Every story has a first sentence for people who only skim.
func TestStoriesBeginInPlainWords(t *testing.T) {
	files, err := filepath.Glob("../testdata/flows/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if head, _, _ := strings.Cut(string(b), "\n\n"); len(head) < 40 || strings.HasPrefix(head, "--") {
			t.Errorf("%s begins with %q", file, head)
		}
	}
}
