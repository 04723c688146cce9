package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// unmailed is a place that sends text messages only.
func unmailed() recoverytest.Option { return recoverytest.WithChannels(recovery.ChannelSMS) }

// inPersonFor is what an operator writes who can send mail.
func inPersonFor(g recovery.Goal, proofs ...string) recoverytest.Option {
	return recoverytest.WithPolicy(func(p *recovery.Policy) { p.Ways[g] = []recovery.Way{{Proofs: proofs}} })
}

// hand opens a case for robin and returns the code alice is shown.
func (o *adminWorld) hand(lost string) string {
	o.TB.Helper()
	o.ask(lost).Submit("code", recoverytest.TOTP(o.World, o.alice.Key)).Want("confirm")
	code := strings.Join(o.adminBrowser.All("spoken"), "")
	o.adminBrowser.Submit("choice", "saved").Want("person")
	return code
}

// type enters a code on a new browser.
func (o *adminWorld) enter(code string) *recoverytest.Browser {
	return o.Browser().Get("/.sparekey/link").Want("confirm").Submit("code", code)
}

// The administrator sees a code only where the operator says so or nothing can
// be mailed; everybody else's goes to their own address.
func TestAD04_AdministratorsSeeACodeOnlyUnderAnInPersonPolicy(t *testing.T) {
	written := inPersonFor(recovery.GoalSecondFactor, recovery.Password, recovery.AdminInPerson)
	for _, tc := range []struct {
		name   string
		option recoverytest.Option
		lost   string
		shown  bool
	}{
		{"mail", recoverytest.WithPolicy(func(*recovery.Policy) {}), "second_factor", false},
		{"no mail", unmailed(), "second_factor", true},
		{"no mail, password", unmailed(), "password", true},
		{"written for this", written, "second_factor", true},
		{"written for something else", written, "password", false},
		{"mail, both", written, "both", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newAdminWorld(t, tc.option)
			o.ask(tc.lost).Submit("code", recoverytest.TOTP(o.World, o.alice.Key))
			if got := len(o.adminBrowser.All("spoken")) == 1; got != tc.shown {
				t.Fatalf("got a code shown %v on page %q, want %v", got, o.adminBrowser.Page(), tc.shown)
			}
			if tc.shown {
				o.adminBrowser.Submit("choice", "saved").Want("person")
			}
			mails := len(o.Outbox.To(o.robin.Mail, "admin-case"))
			if want := map[bool]int{true: 0, false: 1}[tc.shown]; mails != want {
				t.Errorf("got %d mails with a link, want %d", mails, want)
			}
			opened, shown := o.Events.Count(recovery.EventCaseOpened), o.Events.Count(recovery.EventCaseShown)
			if opened+shown != 1 || (shown == 1) != tc.shown {
				t.Errorf("got %d cases mailed and %d shown in the log, want one of them", opened, shown)
			}
		})
	}
}

// A code is for one person, one generation, one hour and one use.
func TestAD04_ACodeHandedOverIsBound(t *testing.T) {
	for _, tc := range []struct {
		name string
		then func(o *adminWorld)
		page string
	}{
		{"nothing happens", func(*adminWorld) {}, "choice"},
		{"within the hour", func(o *adminWorld) { o.Clock.Move(59 * time.Minute) }, "choice"},
		{"after the hour", func(o *adminWorld) { o.Clock.Move(61 * time.Minute) }, "confirm"},
		{"the account was closed", func(o *adminWorld) {
			change(t, o.World, "robin", func(a *recovery.Account) { a.State = recovery.StateDisabled })
		}, "confirm"},
		{"a password was changed meanwhile", func(o *adminWorld) {
			change(t, o.World, "robin", func(a *recovery.Account) { a.Generation++ })
		}, "confirm"},
		{"another browser had it first", func(o *adminWorld) {}, "confirm"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newAdminWorld(t, unmailed())
			code := o.hand("second_factor")
			if tc.name == "another browser had it first" {
				o.enter(code).Want("choice")
			}
			tc.then(o)
			o.enter(code).Want(tc.page)
		})
	}
	o := newAdminWorld(t, unmailed())
	code := o.hand("second_factor")
	b := o.enter(code).Want("choice").Submit("choice", "second_factor").Want("factor")
	b.Submit("password", o.alice.Password).Want("factor") // alice's own password is none for robin
	b.Submit("password", o.robin.Password)
	o.Enrol(b, o.robin)
	b.Want("sign-in")
	b.Get("/.sparekey/link").Submit("code", code).Want("confirm")
}

// What a code in person is enough for is what the policy says, and no mailed
// case stands in for it.
func TestAD04_ACodeHandedOverCountsWhereItIsWritten(t *testing.T) {
	o := newAdminWorld(t, inPersonFor(recovery.GoalSecondFactor, recovery.Password, recovery.AdminInPerson))
	code := o.hand("second_factor")
	b := o.enter(code).Want("choice").Submit("choice", "password").Want("sent") // as if there were no code
	b.Get("/.sparekey/link").Submit("code", code).Want("choice").Submit("choice", "second_factor").Want("factor")
	b.Submit("password", o.robin.Password).TakeApp()
	o = newAdminWorld(t, inPersonFor(recovery.GoalSecondFactor, recovery.Password, recovery.AdminInPerson))
	o.ask("password").Submit("code", recoverytest.TOTP(o.World, o.alice.Key)).Want("person")
	mailed := o.enter(recoverytest.Link(t, o.Outbox.Last(t, o.robin.Mail, "admin-case"))).Want("choice")
	mailed.Submit("choice", "second_factor").Want("sent") // the password and this are no way: it goes on as what is enough for both
}

// For an administrator the code counts after a day, where that one would hear
// of it, and the notice stops it.
func TestAD05_ACodeForAnAdministratorWaitsADay(t *testing.T) {
	lone := func(a *recovery.Account) { a.Addresses, a.Devices = nil, nil }
	for _, tc := range []struct {
		name string
		edit func(*recovery.Account)
		page string
	}{
		{"not an administrator", func(a *recovery.Account) { a.Groups = nil }, "enroll"},
		{"told by phone", func(*recovery.Account) {}, "wait"},
		{"told by nothing", lone, "refused"},
		{"a browser used lately", func(a *recovery.Account) {
			lone(a)
			watched(a, time.Now())
		}, "wait"},
		{"a browser used long ago", func(a *recovery.Account) {
			lone(a)
			watched(a, time.Now().Add(-15*24*time.Hour))
		}, "refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newAdminWorld(t, unmailed())
			change(t, o.World, "robin", func(a *recovery.Account) {
				a.Groups = []string{recovery.GroupAdmins}
				a.Drop(recovery.RecoveryCode)
				tc.edit(a)
			})
			b := o.enter(o.hand("second_factor"))
			if b.Page() != "refused" {
				b.Want("choice").Submit("choice", "second_factor").Want("factor").Submit("password", o.robin.Password)
			}
			b.Want(tc.page)
		})
	}
}

func TestMF07_TheNoticeOfACaseStopsItsWait(t *testing.T) {
	o := newAdminWorld(t, unmailed())
	change(t, o.World, "robin", func(a *recovery.Account) {
		a.Groups = []string{recovery.GroupAdmins}
		a.Drop(recovery.RecoveryCode)
	})
	b := o.enter(o.hand("second_factor")).Submit("choice", "second_factor").Submit("password", o.robin.Password).Want("wait")
	b.Submit("choice", "wait").Want("wait")
	stop := o.Outbox.Last(t, o.robin.Phone, "notice").Vars["stop"]
	owner := o.Browser().Follow(stop).Want("stop")
	owner.Post("/.sparekey/stop", owner.Hidden("")).Want("stop")
	o.Clock.Move(25 * time.Hour)
	o.SignIn(o.adminBrowser, o.alice, "/")

	// The account is closed now. A code opens it, again only after a day, and
	// everything is made new.
	again := o.enter(o.hand("both")).Want("wait").Submit("choice", "wait").Want("wait")
	if again.Has("new_password") {
		t.Fatal("a closed administrator's account was opened at once")
	}
	o.Clock.Move(25 * time.Hour)
	o.SignIn(o.adminBrowser, o.alice, "/")
	o.enter(o.hand("both")).Want("new-password")
}

// A person who is no administrator and whose account a notice has closed is
// let in again by a code in person, after its wait, with everything new; not by one that the
// operator wrote for something less.
func TestThawInPerson(t *testing.T) {
	less := newAdminWorld(t, inPersonFor(recovery.GoalSecondFactor, recovery.Password, recovery.AdminInPerson))
	code := less.hand("second_factor")
	disable(t, less.World, "robin", recovery.StateFrozen)
	if b := less.enter(code); b.Has("new_password") || b.Has("password") {
		t.Errorf("got %q, want a closed account to stay closed", b.Text())
	}
	o := newAdminWorld(t, unmailed())
	disable(t, o.World, "robin", recovery.StateFrozen)
	o.enter(o.hand("both")).Want("wait").Submit("choice", "wait").Want("wait")
	o.Clock.Move(25 * time.Hour)
	o.SignIn(o.adminBrowser, o.alice, "/")
	b := o.enter(o.hand("both")).Want("new-password").Submit("new_password", "another horse battery")
	o.robin.Password = "another horse battery"
	o.Enrol(b, o.robin)
	b.Want("sign-in")
	o.SignIn(o.Browser(), o.robin, "/")
}

// Without a mailed or handed case there is the operator's rescue.
func TestCaseForSomebodyWithoutAddress(t *testing.T) {
	o := newAdminWorld(t)
	change(t, o.World, "robin", func(a *recovery.Account) { a.Addresses = nil })
	o.Clock.Move(time.Minute)
	o.adminBrowser.Get("/.sparekey/people/"+o.robinID+"?do=case").Submit("reason", "stood before me", "choice", "second_factor").Want("person")
	if o.adminBrowser.Status != 422 || o.Events.Count(recovery.EventCaseOpened) != 0 {
		t.Errorf("got status %d and %d cases, want 422 and none", o.adminBrowser.Status, o.Events.Count(recovery.EventCaseOpened))
	}
}

// The code is in the sealed flow only, and in no log.
func TestAD01_TheCodeIsInNoEvent(t *testing.T) {
	var details strings.Builder
	o := newAdminWorld(t, unmailed())
	o.Engine.Audit = func(e recovery.Event) { details.WriteString(e.Detail + e.Method + e.Person) }
	code := o.hand("second_factor")
	if s := details.String(); strings.Contains(s, code) || strings.Contains(s, strings.ReplaceAll(code, "-", "")) || !strings.Contains(s, "with a passport") {
		t.Errorf("got %q in the log, want the reason and not the code", s)
	}
}
