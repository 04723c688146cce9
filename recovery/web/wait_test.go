package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// waited is a way with a cool-down: the default one for the second factor, and
// for accounts that have none a mailbox alone, as an operator might write it.
type waited struct {
	name string
	made func(t *testing.T, options ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person)
	walk func(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) *recoverytest.Browser
	end  string // the page behind the wait
}

func waits() []waited {
	return []waited{
		{"with an authenticator", withFactor, func(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) *recoverytest.Browser {
			w.Ask(b, p)
			if b.Page() == "choice" {
				b.Submit("choice", "second_factor")
			}
			if b.Has("password") {
				b.Submit("password", p.Password)
			}
			step := b.URL.RequestURI()
			if another(b).Offers("method", "wait") {
				return b.Submit("method", "wait")
			}
			return b.Get(step)
		}, "enroll"},
		{"password only", withoutFactor, func(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) *recoverytest.Browser {
			w.Ask(b, p)
			return b
		}, "new-password"},
	}
}

// coolDown makes the account, with a mailbox and a wait as all that is left.
func (x waited) coolDown(t *testing.T, edit func(*recovery.Account), options ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person) {
	t.Helper()
	options = append(options, recoverytest.WithPolicy(func(p *recovery.Policy) {
		p.Ways[recovery.GoalPassword] = []recovery.Way{
			{Proofs: []string{recovery.MailLink, recovery.Factor}},
			{Proofs: []string{recovery.MailLink}, WithoutFactor: true, Wait: recovery.MinWait},
		}
	}))
	w, alice := x.made(t, options...)
	change(t, w, "alice", func(a *recovery.Account) {
		a.Drop(recovery.RecoveryCode)
		if edit != nil {
			edit(a)
		}
	})
	return w, alice
}

// noPhone takes the number away.
func noPhone(a *recovery.Account) {
	a.Addresses = slices.DeleteFunc(a.Addresses, func(c recovery.Address) bool { return c.Channel == recovery.ChannelSMS })
}

func TestRule_WaitsOnlyWhereStoppableFromOutside(t *testing.T) {
	day := 24 * time.Hour
	for _, x := range waits() {
		for _, tc := range []struct {
			name     string
			edit     func(*recovery.Account)
			channels []string
			device   time.Duration // a known browser was used so long ago; zero: there is none
			own      bool          // it is the one that asks
			want     bool
		}{
			{"a number that is no proof in it", nil, nil, 0, false, true},
			{"no number, no other browser", noPhone, nil, 0, false, false},
			{"a number, but nothing sends to it", nil, []string{"mail"}, 0, false, false},
			{"a browser that loaded a page 14 days ago, less a second", noPhone, nil, 14*day - time.Second, false, true},
			{"a browser that loaded a page 14 days ago", noPhone, nil, 14 * day, false, false},
			{"the only known browser is the one that asks", noPhone, nil, time.Hour, true, false},
			{"a number that does not count yet", func(a *recovery.Account) {
				for i := range a.Addresses {
					if a.Addresses[i].Channel == recovery.ChannelSMS {
						a.Addresses[i].ValidFrom = time.Now().Add(400 * day)
					}
				}
			}, nil, 0, false, false},
		} {
			t.Run(x.name+", "+tc.name, func(t *testing.T) {
				var options []recoverytest.Option
				if tc.channels != nil {
					options = append(options, recoverytest.WithChannels(tc.channels...))
				}
				w, alice := x.coolDown(t, tc.edit, options...)
				b := w.Browser()
				if tc.device > 0 {
					known := w.Browser()
					if tc.own {
						known = b
					}
					enter(t, w, known, alice)
					change(t, w, "alice", func(a *recovery.Account) {
						s := &a.Sessions[0]
						s.Idle, s.End = int64(60*day/time.Second), s.End.Add(60*day)
					})
					at(w, account(t, w, "alice").Devices[0].Paged.Add(tc.device))
				}
				if x.walk(w, b, alice); (b.Page() == "wait") != tc.want {
					t.Errorf("got page %q, want to be offered to wait: %v", b.Page(), tc.want)
				}
			})
		}
	}
}

// beginWait walks to the wait and begins it.
func (x waited) beginWait(w *recoverytest.World, p *recoverytest.Person) time.Time {
	w.TB.Helper()
	x.walk(w, w.Browser(), p).Want("wait").Submit("choice", "wait").Want("wait")
	return w.Clock.Now()
}

func TestRule_AFullSignInEndsTheWait(t *testing.T) {
	full := func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
		t.Helper()
		enter(t, w, w.Browser(), p)
	}
	for _, x := range waits() {
		for _, tc := range []struct {
			name string
			do   func(t *testing.T, w *recoverytest.World, p *recoverytest.Person)
			only string // for one kind of account
			ends bool
		}{
			{"nothing", func(*testing.T, *recoverytest.World, *recoverytest.Person) {}, "", false},
			{"with all that is asked", full, "", true},
			{"the password, and no more", func(_ *testing.T, w *recoverytest.World, p *recoverytest.Person) {
				w.Browser().Get("/").Submit("name", p.Name, "password", p.Password).Want("factor")
			}, "", false},
			{"a recovery code in place of the authenticator", func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
				t.Helper()
				b := w.Browser()
				b.Get("/").Submit("name", p.Name, "password", p.Password).Submit("method", "recovery_code").Submit("code", p.Codes[0])
				if !w.SignedIn(b) {
					t.Fatal("not signed in")
				}
			}, "with an authenticator", false},
		} {
			if tc.only != "" && tc.only != x.name {
				continue
			}
			t.Run(x.name+", "+tc.name, func(t *testing.T) {
				w, alice := x.made(t, policyOfWaits(x))
				began := x.beginWait(w, alice)
				tc.do(t, w, alice)
				at(w, began.Add(25*time.Hour))
				b := x.walk(w, w.Browser(), alice)
				if got := b.Page() != x.end; got != tc.ends {
					t.Errorf("after a day: got page %q, want the wait to have ended: %v", b.Page(), tc.ends)
				}
			})
		}
	}
	t.Run("a browser that may skip the authenticator", withoutFactorTheWaitGoesOn)
	t.Run("the banner on a signed-in browser stops it", func(t *testing.T) {
		w, alice := withFactor(t)
		b := enter(t, w, w.Browser(), alice)
		waits()[0].beginWait(w, alice)
		b.Get("/.sparekey/account").Submit("choice", "stop_wait").Want("account")
		if got := len(account(t, w, "alice").Waits); got != 0 || b.Offers("choice", "stop_wait") {
			t.Errorf("got %d waits, want none and no banner", got)
		}
	})
}

func withoutFactorTheWaitGoesOn(t *testing.T) {
	w, alice := withFactor(t)
	b := w.Browser()
	b.Get("/").Submit("name", alice.Name, "password", alice.Password).Want("factor")
	b.Submit("code", secondCode(w, alice), "remember", "1")
	b.Post("/.sparekey/logout", recoverytest.Fields())
	x := waits()[0]
	x.beginWait(w, alice)
	enter(t, w, b, alice)
	if got := len(account(t, w, "alice").Waits); got != 1 {
		t.Errorf("got %d waits, want the one: no factor was shown", got)
	}
}

// policyOfWaits is the policy of coolDown for an account that keeps its codes.
func policyOfWaits(x waited) recoverytest.Option {
	return recoverytest.WithPolicy(func(p *recovery.Policy) {
		if x.name == "password only" {
			p.Ways = map[recovery.Goal][]recovery.Way{recovery.GoalPassword: {{Proofs: []string{recovery.MailLink}, WithoutFactor: true, Wait: recovery.MinWait}}}
		}
	})
}

func TestRule_AnyRaiseOfTheGenerationEndsTheWait(t *testing.T) {
	type do func(t *testing.T, w *recoverytest.World, p *recoverytest.Person, b *recoverytest.Browser)
	for _, x := range waits() {
		for _, tc := range []struct {
			name string
			do   do
			ends bool
		}{
			{"nothing", func(*testing.T, *recoverytest.World, *recoverytest.Person, *recoverytest.Browser) {}, false},
			{"signing out everywhere", func(_ *testing.T, _ *recoverytest.World, _ *recoverytest.Person, b *recoverytest.Browser) {
				b.Post("/.sparekey/logout", recoverytest.Fields("choice", "everywhere")).Want("signed-out")
			}, false}, // ends sessions; the generation stays
			{"a new password", func(_ *testing.T, w *recoverytest.World, p *recoverytest.Person, b *recoverytest.Browser) {
				b.Post("/.sparekey/", recoverytest.Fields("start", "change_password")).Want("factor").Submit("password", p.Password)
				if p.Key != "" {
					b.Submit("code", secondCode(w, p))
				}
				b.Want("new-password").Submit("new_password", "another horse battery").Want("account-sign-in")
			}, true},
			{"a recovery", func(t *testing.T, w *recoverytest.World, p *recoverytest.Person, _ *recoverytest.Browser) {
				t.Helper()
				token, err := w.Engine.RescueLink(t.Context(), p.Name)
				if err != nil {
					t.Fatal(err)
				}
				b := w.Browser()
				b.Get("/.sparekey/link").Submit("code", token)
				if b.Page() == "choice" {
					b.Submit("choice", "password")
				}
				b.Want("new-password").Submit("new_password", "another horse battery").Want("sign-in")
			}, true},
			{"a freeze", func(_ *testing.T, w *recoverytest.World, p *recoverytest.Person, _ *recoverytest.Browser) {
				pressStop(w, w.Outbox.Last(w.TB, p.Mail, "notice"))
			}, true},
			{"an administrator closes the account", func(t *testing.T, w *recoverytest.World, _ *recoverytest.Person, _ *recoverytest.Browser) {
				t.Helper()
				a := account(t, w, "alice")
				admin := &recovery.Account{ID: "somebody else", State: recovery.StateActive, SecondFactor: true, Groups: []string{recovery.GroupAdmins}}
				for _, do := range []recovery.Action{recovery.ActionDisable, recovery.ActionEnable} {
					if err := w.Engine.Manage(t.Context(), admin, a.ID, do, "left the house"); err != nil {
						t.Fatal(err)
					}
				}
			}, true},
		} {
			t.Run(x.name+", "+tc.name, func(t *testing.T) {
				w, alice := x.coolDown(t, nil)
				b := enter(t, w, w.Browser(), alice)
				x.beginWait(w, alice)
				tc.do(t, w, alice, b)
				if got := len(account(t, w, "alice").Waits) == 0; got != tc.ends {
					t.Errorf("the wait has ended: got %v, want %v", got, tc.ends)
				}
			})
		}
	}
}

// pressStop opens the page of a notice's link and presses its button.
func pressStop(w *recoverytest.World, m recovery.Message) (page string) {
	w.TB.Helper()
	return pressAt(w, m.Vars["stop"])
}

func pressAt(w *recoverytest.World, link string) (page string) {
	w.TB.Helper()
	b := w.Browser()
	_, path, _ := strings.Cut(link, "/.sparekey/")
	page = b.Follow("/.sparekey/" + path).Page()
	b.Post("/.sparekey/stop", b.Hidden("")).Want("stop")
	return page
}

func TestRule_ARipeWaitServesTheSameWayOnlyFor72Hours(t *testing.T) {
	for _, x := range waits() {
		for _, tc := range []struct {
			name  string
			after time.Duration
			want  bool
		}{
			{"a second too early", 24*time.Hour - time.Second, false},
			{"after a day", 24 * time.Hour, true},
			{"three days later, less a second", 96*time.Hour - time.Second, true},
			{"three days later", 96 * time.Hour, false},
		} {
			t.Run(x.name+", "+tc.name, func(t *testing.T) {
				w, alice := x.coolDown(t, nil)
				began := x.beginWait(w, alice)
				at(w, began.Add(tc.after))
				b := x.walk(w, w.Browser(), alice)
				if got := b.Page() == x.end; got != tc.want {
					t.Errorf("got page %q, want to go on: %v", b.Page(), tc.want)
				}
				if !tc.want && b.Page() != "wait" {
					t.Errorf("got page %q, want wait", b.Page())
				}
			})
		}
	}
	t.Run("not another way", func(t *testing.T) {
		w, alice := waits()[0].coolDown(t, nil, recoverytest.WithPolicy(func(p *recovery.Policy) {
			p.Ways[recovery.GoalBoth] = []recovery.Way{{Proofs: []string{recovery.MailLink}, Wait: recovery.MinWait}}
		}))
		began := waits()[0].beginWait(w, alice)
		at(w, began.Add(25*time.Hour))
		b := w.Browser()
		w.Ask(b, alice)
		b.Want("choice").Submit("choice", "both").Want("wait")
	})
	t.Run("only after all its proofs again", func(t *testing.T) {
		w, alice := waits()[0].coolDown(t, nil)
		began := waits()[0].beginWait(w, alice)
		at(w, began.Add(25*time.Hour))
		b := w.Browser()
		w.Ask(b, alice)
		b.Want("choice").Submit("choice", "second_factor").Want("factor").Submit("password", "wrong horse staple").Want("factor")
	})
}

func TestABrowserThatIsNotSignedInHearsNothing(t *testing.T) {
	x := waits()[0]
	w, alice := x.coolDown(t, noPhone)
	known := enter(t, w, w.Browser(), alice)
	known.Post("/.sparekey/logout", recoverytest.Fields())
	if x.walk(w, w.Browser(), alice).Page() == "wait" {
		t.Error("a wait is offered of which nobody hears")
	}
}
