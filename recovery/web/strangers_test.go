package web_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// besieged is an installation in which strangers, who have nothing but robin's
// name and 21 addresses, try all they can. alice is an administrator.
type besieged struct {
	*adminWorld
	carol *recoverytest.Person
	known *recoverytest.Browser // robin's, signed out
}

func besiege(t *testing.T, days int, options ...recoverytest.Option) *besieged {
	t.Helper()
	s := &besieged{adminWorld: newAdminWorld(t, append(options, recoverytest.Direct())...), carol: &recoverytest.Person{Name: "carol", Mail: "carol@example.org", Password: "paper clip window"}}
	s.Invite(s.carol)
	change(t, s.World, "robin", func(a *recovery.Account) {
		for _, name := range []string{"alice", "carol"} {
			a.TrustedContacts = append(a.TrustedContacts, recovery.TrustedContact{ID: idOf(s.adminWorld, name), Name: name})
		}
	})
	s.known = s.Browser()
	for day := range days + 1 {
		if day > 0 {
			s.Clock.Move(24 * time.Hour)
		}
		s.SignIn(s.known, s.robin, "/")
		s.known.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
		s.attack()
	}
	return s
}

// attack is what strangers do each day: 105 wrong passwords, 105 wrong recovery
// codes, and 21 times they ask for a mail.
func (s *besieged) attack() {
	s.TB.Helper()
	for i := range 21 {
		c := recovery.Client{Network: fmt.Sprintf("198.51.%d.1", i), Base: s.Server.URL + "/.sparekey/"}
		for range 5 {
			s.submit(c, recovery.Input{Start: recovery.KindLogin, Name: s.robin.Name, Password: "wrong horse staple"})
		}
		o := s.submit(c, recovery.Input{Start: recovery.KindRecover, Name: s.robin.Name})
		c.Flows = []string{o.FlowToken}
		s.submit(c, recovery.Input{Flow: o.Flow.ID, Method: recovery.RecoveryCode})
		for range 5 {
			s.submit(c, recovery.Input{Flow: o.Flow.ID, Code: "AAAA-AAAA-AAAA-AAAA"})
		}
	}
}

func (s *besieged) submit(c recovery.Client, in recovery.Input) recovery.Outcome {
	s.TB.Helper()
	o, err := s.Engine.Submit(s.TB.Context(), c, in)
	if err != nil {
		s.TB.Fatal(err)
	}
	return o
}

// code begins a way back with a recovery code.
func (s *besieged) code(b *recoverytest.Browser, goal string) *recoverytest.Browser {
	s.TB.Helper()
	b.Get("/.sparekey/recover").Submit("name", s.robin.Name).Want("sent").Submit("method", recovery.RecoveryCode).Want("factor")
	return b.Submit("code", s.robin.Codes[0]).Want("choice").Submit("choice", goal)
}

// mail takes the next step with what is mailed now.
func (s *besieged) mail(b *recoverytest.Browser) *recoverytest.Browser {
	s.TB.Helper()
	return b.Want("sent").Submit("code", s.MailCode(s.robin))
}

// renew replaces what is asked for, and ends.
func (s *besieged) renew(b *recoverytest.Browser) {
	s.TB.Helper()
	if b.Page() == "new-password" {
		s.robin.Password = "another paper boat"
		b.Submit("new_password", s.robin.Password)
	}
	if b.Enrolling() {
		s.Enrol(b, s.robin)
	}
	b.Want("sign-in")
}

// helped opens a case for robin, and shows its link.
func (s *besieged) helped(b *recoverytest.Browser, goal string) *recoverytest.Browser {
	s.TB.Helper()
	s.adminBrowser = s.Browser()
	s.SignIn(s.adminBrowser, s.alice, "/")
	s.ask(goal).Submit("code", recoverytest.TOTP(s.World, s.alice.Key)).Want("person")
	token := recoverytest.Link(s.TB, s.Outbox.Last(s.TB, s.robin.Mail, "admin-case"))
	return b.Get("/.sparekey/link").Submit("code", token).Want("choice").Submit("choice", goal)
}

func (s *besieged) vouch(p *recoverytest.Person, spoken string) {
	s.TB.Helper()
	b := s.Browser()
	s.SignIn(b, p, "/")
	s.Clock.Move(time.Minute)
	b.Get("/.sparekey/account/approve").Want("confirm").Submit("code", spoken)
	b.Want("factor").Submit("code", recoverytest.TOTP(s.World, p.Key)).Want("confirm").Submit("choice", "approve").Want("account")
}

// siegeWalks has each default way, in a browser that nobody knows where the way has
// what strangers lack, and else in the person's own.
func siegeWalks() map[string]func(s *besieged, b *recoverytest.Browser) {
	return map[string]func(*besieged, *recoverytest.Browser){
		"password: code and mail": func(s *besieged, b *recoverytest.Browser) { s.renew(s.mail(s.code(b, "password"))) },
		"both: code and mail":     func(s *besieged, b *recoverytest.Browser) { s.renew(s.mail(s.code(b, "both"))) },
		"second factor: password and code": func(s *besieged, b *recoverytest.Browser) {
			s.renew(s.code(b, "second_factor").Want("factor").Submit("password", s.robin.Password))
		},
		"second factor: password and administrator": func(s *besieged, b *recoverytest.Browser) {
			s.renew(s.helped(b, "second_factor").Want("factor").Submit("password", s.robin.Password))
		},
		"password: administrator and factor": func(s *besieged, b *recoverytest.Browser) {
			b = s.helped(b, "password").Want("factor")
			s.Clock.Move(time.Minute)
			s.renew(b.Submit("code", recoverytest.TOTP(s.World, s.robin.Key)))
		},
		"both: administrator, mail and a day": func(s *besieged, b *recoverytest.Browser) {
			another(s.mail(s.helped(b, "both"))).Submit("method", "wait").Want("wait").Submit("choice", "wait").Want("wait")
			s.Clock.Move(24*time.Hour + time.Minute)
			s.attack()
			s.renew(s.mail(s.helped(s.Browser(), "both")))
		},
		"both: two people and mail": func(s *besieged, b *recoverytest.Browser) {
			s.Ask(s.known, s.robin)
			s.known.Want("choice").Submit("choice", "both").Want("factor").Submit("method", "contact").Want("factor")
			spoken := strings.Join(s.known.All("spoken"), "")
			s.vouch(s.alice, spoken)
			s.vouch(s.carol, spoken)
			fields := s.known.Hidden("")
			fields.Set("code", "check")
			s.renew(s.known.Post("/.sparekey/", fields))
		},
		"both: rescue": func(s *besieged, b *recoverytest.Browser) {
			token, err := s.Engine.RescueLink(s.TB.Context(), s.robin.Name)
			if err != nil {
				s.TB.Fatal(err)
			}
			s.renew(b.Get("/.sparekey/link").Submit("code", token).Want("choice").Submit("choice", "both"))
		},
		"password: mail and factor": func(s *besieged, _ *recoverytest.Browser) {
			s.Ask(s.known, s.robin)
			s.Clock.Move(time.Minute)
			s.renew(s.known.Want("choice").Submit("choice", "password").Want("factor").Submit("code", recoverytest.TOTP(s.World, s.robin.Key)))
		},
		"second factor: mail, password and text": func(s *besieged, _ *recoverytest.Browser) { s.LostPhone(s.known, s.robin) },
		"sign-in: password and code after unlock": func(s *besieged, b *recoverytest.Browser) {
			b.Get("/.sparekey/recover?choice=unlock").Submit("name", s.robin.Name).Want("sent").Submit("method", recovery.RecoveryCode).Want("factor")
			b.Submit("code", s.robin.Codes[0]).Want("sign-in").Submit("name", s.robin.Name, "password", s.robin.Password).Want("factor")
			b.Submit("method", recovery.RecoveryCode).Want("factor").Submit("code", s.robin.Codes[1])
			if !s.SignedIn(b) {
				s.TB.Error("not signed in by password and code after the pause was lifted")
			}
		},
		"sign-in: in a known browser": func(s *besieged, _ *recoverytest.Browser) { s.SignIn(s.known, s.robin, "/") },
	}
}

// TH-04: strangers take no way back away. On a running Caddy, whose store
// is slower, three ways stand for all: counters are what the store changes.
func TestA36_StrangersTakeNoWayBackAway(t *testing.T) {
	t.Parallel()
	recoverytest.Alone(t)
	days, running := 2, os.Getenv(recoverytest.CaddyVariable) != ""
	if running {
		days = 0
	}
	for name, walk := range siegeWalks() {
		if _, some := quickWalks()[name]; running && !some {
			continue
		}
		t.Run(name, func(t *testing.T) {
			s := besiege(t, days)
			walk(s, s.Browser())
		})
	}
}

func quickWalks() map[string]bool {
	return map[string]bool{"both: code and mail": true, "second factor: password and code": true, "sign-in: password and code after unlock": true}
}

// A month of it leaves no more behind than a day.
func TestStrangersTakeNoWayBackAwayInAMonth(t *testing.T) {
	t.Parallel()
	recoverytest.SlowAlone(t)
	for name := range quickWalks() {
		s := besiege(t, 30)
		siegeWalks()[name](s, s.Browser())
	}
}
