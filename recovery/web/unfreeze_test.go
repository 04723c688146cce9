package web_test

import (
	"slices"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// closed is alice's account after a thief with all she had replaced her
// authenticator and codes, and she pressed "this wasn't me".
type closed struct {
	w            *recoverytest.World
	alice, thief *recoverytest.Person
	changed      time.Time
	robin, carol *recoverytest.Person
}

// closeIt lets edit prepare the account, the thief change it, and alice close
// it. With a code, the thief used one of hers for the change.
func closeIt(t *testing.T, kind kindOfAccount, code bool, edit func(c *closed)) *closed {
	t.Helper()
	w, alice := kind.made(t, recoverytest.WithPolicy(func(p *recovery.Policy) {
		p.Ask = map[string][]recovery.Kind{recovery.PIN: {recovery.KindChangePassword}, recovery.SecurityQuestion: {recovery.KindRecover}}
	}))
	c := &closed{w: w, alice: alice, robin: bob(), carol: &recoverytest.Person{Name: "carol", Mail: "carol@example.org", Password: "battery staple horse"}}
	w.Invite(c.robin)
	w.Invite(c.carol)
	if edit != nil {
		edit(c)
	}
	thief := *alice
	c.thief = &thief
	b := enter(t, w, w.Browser(), c.thief)
	b.Post("/.sparekey/", recoverytest.Fields("start", "add_factor")).Want("factor")
	if code {
		b.Submit("method", "recovery_code").Submit("code", c.thief.Codes[9])
	} else {
		strongly(w, b, c.thief)
	}
	w.Enrol(b, c.thief)
	c.changed = w.Clock.Now().Add(-time.Minute) // which Enrol lets pass afterwards
	pressStop(w, notices(w, alice.Mail, recovery.EventFactorAdded)[0])
	return c
}

// named writes into the record that robin and carol may vouch, since when.
func (c *closed) named(t *testing.T, since time.Time, names ...string) {
	t.Helper()
	change(t, c.w, "alice", func(a *recovery.Account) {
		for _, name := range names {
			a.TrustedContacts = append(a.TrustedContacts, recovery.TrustedContact{ID: account(t, c.w, name).ID, Name: name, Since: since})
		}
	})
}

// Ways that somebody tries. Each returns the browser where it led.

func (c *closed) byRescue(t *testing.T) *recoverytest.Browser {
	t.Helper()
	token, err := c.w.Engine.RescueLink(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	return c.w.Browser().Get("/.sparekey/link").Submit("code", token)
}

// byAdmin waits the day that a case waits where there is a second factor, be
// it one that the change put there.
func (c *closed) byAdmin(t *testing.T) *recoverytest.Browser {
	t.Helper()
	b := c.byAdminAtOnce(t)
	if b.Page() != "factor" {
		return b
	}
	c.mailbox(b)
	another(b).Submit("method", "wait").Want("wait").Submit("choice", "wait").Want("wait")
	c.w.Clock.Move(25 * time.Hour)
	return c.mailbox(c.byAdminAtOnce(t))
}

func (c *closed) mailbox(b *recoverytest.Browser) *recoverytest.Browser {
	if b.Page() != "sent" {
		another(b).Submit("method", "mail_link").Want("sent")
	}
	return b.Submit("code", c.w.MailCode(c.alice))
}

func (c *closed) byAdminAtOnce(t *testing.T) *recoverytest.Browser {
	t.Helper()
	change(t, c.w, "robin", func(a *recovery.Account) { a.Groups = []string{recovery.GroupAdmins} })
	admin := begin(c.w, enter(t, c.w, c.w.Browser(), c.robin), c.robin, recovery.KindOpenCase)
	f := admin.URL.Query().Get("f")
	admin.Post("/.sparekey/", recoverytest.Fields("flow", f, "name", "alice", "choice", "both", "reason", "called me, I know the voice"))
	b := c.w.Browser()
	return b.Get("/.sparekey/link").Submit("code", recoverytest.Link(t, c.w.Outbox.Last(t, c.alice.Mail, "admin-case")))
}

// asked proves the mailbox, and goes to a method if it is offered.
func (c *closed) asked(method string) *recoverytest.Browser {
	b := c.w.Browser()
	c.w.Ask(b, c.alice)
	if b.Offers("method", method) {
		b.Submit("method", method)
	}
	return b
}

func (c *closed) byCode(code string) func(*testing.T) *recoverytest.Browser {
	return func(*testing.T) *recoverytest.Browser {
		b := c.asked("recovery_code")
		if b.Page() == "factor" && len(b.All("spoken")) == 0 {
			b.Submit("code", code)
		}
		return b
	}
}

func (c *closed) byFriends(t *testing.T) *recoverytest.Browser {
	t.Helper()
	b := c.asked("contact*2")
	spoken := b.All("spoken")
	if len(spoken) == 0 {
		return b
	}
	for _, p := range []*recoverytest.Person{c.robin, c.carol} {
		f := enter(t, c.w, c.w.Browser(), p)
		if f.Get("/.sparekey/account/approve").Want("confirm").Submit("code", spoken[0]); f.Page() != "factor" {
			continue // alice never named this one
		}
		strongly(c.w, f, p).Want("confirm").Submit("choice", "approve").Want("account")
	}
	hidden := b.Hidden("")
	hidden.Set("code", "check")
	return b.Post("/.sparekey/", hidden)
}

// byAuthenticator tries what the change put there, in place of a code.
func (c *closed) byAuthenticator(p *recoverytest.Person) func(*testing.T) *recoverytest.Browser {
	return func(*testing.T) *recoverytest.Browser {
		b := c.asked("totp")
		if b.Has("code") {
			c.w.Clock.Move(time.Minute)
			b.Submit("code", recoverytest.TOTP(c.w, p.Key))
		}
		return b
	}
}

func TestRule_ThawWays(t *testing.T) {
	t.Parallel()
	recoverytest.Alone(t)
	ago := func(w *recoverytest.World, d time.Duration) time.Time { return w.Clock.Now().Add(-d) }
	for _, kind := range accounts() {
		for _, tc := range []struct {
			name string
			code bool // the change was made with a recovery code
			edit func(c *closed)
			wait time.Duration // after the change
			way  func(c *closed) func(*testing.T) *recoverytest.Browser
			want bool
		}{
			{"rescue", false, nil, 0, func(c *closed) func(*testing.T) *recoverytest.Browser { return c.byRescue }, true},
			{"an administrator's case", false, nil, 0, func(c *closed) func(*testing.T) *recoverytest.Browser { return c.byAdmin }, true},
			{"an administrator's case, without the day", false, nil, 0, func(c *closed) func(*testing.T) *recoverytest.Browser { return c.byAdminAtOnce }, false},
			{"two people named long ago", false, func(c *closed) { c.named(t, time.Time{}, "robin", "carol") }, 0, func(c *closed) func(*testing.T) *recoverytest.Browser { return c.byFriends }, true},
			{"two people named four days before", false, func(c *closed) { c.named(t, ago(c.w, 96*time.Hour), "robin", "carol") }, 0, func(c *closed) func(*testing.T) *recoverytest.Browser { return c.byFriends }, true},
			{"two people named two days before", false, func(c *closed) { c.named(t, ago(c.w, 48*time.Hour), "robin", "carol") }, 0, func(c *closed) func(*testing.T) *recoverytest.Browser { return c.byFriends }, false},
			{"one of them named two days before", false, func(c *closed) {
				c.named(t, time.Time{}, "robin")
				c.named(t, ago(c.w, 48*time.Hour), "carol")
			}, 0, func(c *closed) func(*testing.T) *recoverytest.Browser { return c.byFriends }, false},
			{"one person", false, func(c *closed) { c.named(t, time.Time{}, "robin") }, 0, func(c *closed) func(*testing.T) *recoverytest.Browser { return c.byFriends }, false},
			{"a code of before, and the mailbox", false, nil, 0, func(c *closed) func(*testing.T) *recoverytest.Browser { return c.byCode(c.alice.Codes[0]) }, true},
			{"a code of before, a month later", false, nil, 30 * 24 * time.Hour, func(c *closed) func(*testing.T) *recoverytest.Browser { return c.byCode(c.alice.Codes[0]) }, true},
			{"a code that the change made, a month later", false, nil, 30 * 24 * time.Hour, func(c *closed) func(*testing.T) *recoverytest.Browser { return c.byCode(c.thief.Codes[0]) }, false},
			{"a code of before, when the change used another", true, nil, 0, func(c *closed) func(*testing.T) *recoverytest.Browser { return c.byCode(c.alice.Codes[0]) }, false},
			{"a code that the change made", false, nil, 0, func(c *closed) func(*testing.T) *recoverytest.Browser { return c.byCode(c.thief.Codes[0]) }, false},
			{"the authenticator that the change put there", false, nil, 0, func(c *closed) func(*testing.T) *recoverytest.Browser { return c.byAuthenticator(c.thief) }, false},
			{"the mailbox alone", false, nil, 0, func(c *closed) func(*testing.T) *recoverytest.Browser {
				return func(*testing.T) *recoverytest.Browser { return c.asked("") }
			}, false},
		} {
			if kind.name == "password only" && tc.code {
				continue // there a recovery code proves nothing signed in
			}
			t.Run(kind.name+", "+tc.name, func(t *testing.T) {
				c := closeIt(t, kind, tc.code, tc.edit)
				at(c.w, later(c.w, c.changed.Add(tc.wait)))
				b := tc.way(c)(t)
				if got := b.Page() == "new-password"; got != tc.want {
					t.Fatalf("opens: got %v (page %q, status %d), want %v", got, b.Page(), b.Status, tc.want)
				}
				if !tc.want {
					if got := account(t, c.w, "alice").State; got != recovery.StateFrozen {
						t.Errorf("got %s, want frozen", got)
					}
					return
				}
				open(t, c, b)
			})
		}
	}
}

// later is the moment, or now when that has passed.
func later(w *recoverytest.World, moment time.Time) time.Time {
	if now := w.Clock.Now(); moment.Before(now) {
		return now
	}
	return moment
}

// open goes on to new password and authenticator, in the same flow, and signs in.
func open(t *testing.T, c *closed, b *recoverytest.Browser) {
	t.Helper()
	c.alice.Password = "a whole new sentence"
	b.Submit("new_password", c.alice.Password)
	c.w.Enrol(b, c.alice)
	enter(t, c.w, c.w.Browser(), c.alice)
}

func TestRule_ThawDropsWhatWasEnrolledSince(t *testing.T) {
	for _, kind := range accounts() {
		t.Run(kind.name, func(t *testing.T) {
			var old *recovery.Account
			c := closeIt(t, kind, false, func(c *closed) {
				w, b := c.w, enter(t, c.w, c.w.Browser(), c.alice)
				c.named(t, w.Clock.Now().Add(-96*time.Hour), "robin")
				old = account(t, w, "alice")
				begin(w, b, c.alice, recovery.KindSetPIN).Want("new-password").Submit("pin", "395172").Want("account-sign-in")
				begin(w, b, c.alice, recovery.KindSetQuestion).Want("new-password").Submit("answer", "Bello", "choice", "first_pet").Want("account-sign-in")
				begin(w, b, c.alice, recovery.KindAddContact).Want("confirm").Submit("name", "carol").Want("account-recovery")
				for _, x := range readdressings() {
					x.do(w, b, c.alice)
				}
			})
			open(t, c, c.byRescue(t))
			a := account(t, c.w, "alice")
			for _, m := range []string{recovery.PIN, recovery.SecurityQuestion} {
				if a.Credential(m) != nil {
					t.Errorf("the thief's %s is still there", m)
				}
			}
			if len(a.TrustedContacts) != 1 || a.TrustedContacts[0].Name != "robin" {
				t.Errorf("got %+v, want the one who was named before", a.TrustedContacts)
			}
			if !slices.Equal(a.Addresses, old.Addresses) {
				t.Errorf("got contacts %+v, want %+v", a.Addresses, old.Addresses)
			}
			if len(a.Devices) != 1 || len(a.Sessions) != 1 {
				t.Errorf("got %d known browsers and %d sessions, want those of the sign-in afterwards", len(a.Devices), len(a.Sessions))
			}
			if a.UnfreezeWith != nil || a.OldCodes != nil || method.CodesLeft(a) != 10 {
				t.Errorf("got old codes kept (%v, %v) or %d codes, want ten new ones", a.UnfreezeWith, a.OldCodes, method.CodesLeft(a))
			}
			b := c.w.Browser()
			b.Get("/").Submit("name", "alice", "password", c.alice.Password).Want("factor")
			c.w.Clock.Move(time.Minute)
			if b.Submit("code", recoverytest.TOTP(c.w, c.thief.Key)); b.Status != 422 {
				t.Errorf("the thief's authenticator: got status %d, want 422", b.Status)
			}
		})
	}
	t.Run("what was there long before stays", func(t *testing.T) {
		c := closeIt(t, accounts()[0], false, func(c *closed) {
			b := enter(t, c.w, c.w.Browser(), c.alice)
			begin(c.w, b, c.alice, recovery.KindSetPIN).Want("new-password").Submit("pin", "395172").Want("account-sign-in")
			c.w.Clock.Move(96 * time.Hour)
		})
		open(t, c, c.byRescue(t))
		if account(t, c.w, "alice").Credential(recovery.PIN) == nil {
			t.Error("her PIN of long ago is gone")
		}
	})
}
