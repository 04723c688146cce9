package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// changed edits robin's account in the store.
func (v *visitor) changed(edit func(*recovery.Account)) *visitor {
	v.TB.Helper()
	_, err := kv.Update(v.TB.Context(), v.Engine.Store, recovery.AccountKey(v.account().ID), time.Time{}, func(a *recovery.Account, _ bool) error {
		edit(a)
		return nil
	})
	if err != nil {
		v.TB.Fatal(err)
	}
	return v
}

// unsure makes every browser one in which nothing but the password was ever shown.
func unsure(a *recovery.Account) {
	for i := range a.Devices {
		a.Devices[i].Sure = false
	}
}

// addsFactor begins to, and shows the password.
func (v *visitor) addsFactor() *visitor {
	v.TB.Helper()
	return v.begin(recovery.Input{Start: recovery.KindAddFactor}).wants(recovery.Password).post(recovery.Input{Password: robinsPassword})
}

// TestMF14_TheFirstFactorAsksOneThingMore than the password, of all that the account
// could show, and of nothing that it could not.
func TestMF14_TheFirstFactorAsksOneThingMore(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		edit func(*recovery.Account)
		want []string // what would do; none: nothing, and that is said
	}{
		{"mailbox and codes", unsure, []string{recovery.MailCode, recovery.RecoveryCode}},
		{"mailbox that has not answered", func(a *recovery.Account) {
			unsure(a)
			a.Addresses[0].Answered = recovery.AnsweredNo
		}, []string{recovery.RecoveryCode}},
		{"a number, too", func(a *recovery.Account) {
			unsure(a)
			a.AddAddresses("", "+41791234568")
			a.Addresses[1].Answered = recovery.AnsweredYes
		}, []string{recovery.MailCode, recovery.SMSCode, recovery.RecoveryCode}},
		{"mailbox alone", func(a *recovery.Account) {
			unsure(a)
			a.Drop(recovery.RecoveryCode)
		}, []string{recovery.MailCode}},
		{"nothing", func(a *recovery.Account) {
			unsure(a)
			a.Drop(recovery.RecoveryCode)
			a.Addresses = nil
		}, nil},
		{"the password was recovered lately, perhaps by the mailbox", func(a *recovery.Account) {
			a.Credential(recovery.Password).NoProofUntil = a.Created.Add(time.Hour)
			a.Recovered = a.Created.Add(-time.Hour)
		}, []string{recovery.RecoveryCode}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := recoverytest.New(t, recoverytest.WithPolicy(free))
			v := invited(w).goesWithout().changed(tt.edit).addsFactor()
			if tt.want == nil {
				v.refused(recovery.ProblemNothingBeside)
				return
			}
			if got := append([]string{v.at.Step.Method}, v.at.Step.Methods...); v.at.Problem != nil || !slices.Equal(got, tt.want) {
				t.Fatalf("got asked for %q, problem %v, want %q", got, v.at.Problem, tt.want)
			}
			v.post(recovery.Input{Password: robinsPassword}).refused("missing_field")
			v.post(recovery.Input{Choice: recovery.ChoiceSkip}).refused("missing_field")
			v.pick(recovery.TOTP).refused(recovery.ProblemNotAvailable)
			if a := v.account(); a.SecondFactor || a.Credential(recovery.TOTP) != nil {
				t.Error("a second factor is there")
			}
		})
	}
}

// TestMF17_TheMailboxIsNoSecondProofBesideAPasswordItRecovered, nor is a browser
// that has become known since.
func TestMF17_TheMailboxIsNoSecondProofBesideAPasswordItRecovered(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t, recoverytest.WithPolicy(free))
	invited(w).goesWithout().changed(unsure)
	thief := visit(w).begin(recovery.Input{Start: recovery.KindRecover, Name: "robin"})
	thief.code(thief.mailed()).post(recovery.Input{NewPassword: robinsPassword + ", new"}).done(recovery.KindRecover)
	signIn := recovery.Input{Start: recovery.KindLogin, Name: "robin", Password: robinsPassword + ", new"}
	thief.begin(signIn).wants(recovery.MailCode).code(w.Outbox.Last(t, "robin@example.org", "mail-code").Vars["code"]).done(recovery.KindLogin)
	w.Clock.Move(25 * time.Hour)
	thief.begin(signIn).done(recovery.KindLogin)
	thief.begin(recovery.Input{Start: recovery.KindAddFactor}).post(recovery.Input{Password: robinsPassword + ", new"}).wants(recovery.RecoveryCode)
}

// TestMF14_WhatWasShownLetsTheFirstFactorIn: and from then on it is asked for.
func TestMF14_WhatWasShownLetsTheFirstFactorIn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		show func(*visitor)
	}{
		{"a code from the mailbox", func(v *visitor) {
			v.changed(unsure).addsFactor().wants(recovery.MailCode).code(v.Outbox.Take(v.TB, "robin@example.org", "mail-code").Vars["code"])
		}},
		{"a browser of before", func(v *visitor) { v.addsFactor() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := recoverytest.New(t, recoverytest.WithPolicy(free))
			v := invited(w).goesWithout()
			tt.show(v)
			key := v.enrolsApp(recovery.KindAddFactor)
			if n := w.Outbox.Last(t, "robin@example.org", "notice").Vars["event"]; n != string(recovery.EventFactorAdded) {
				t.Errorf("got the notice %q", n)
			}
			other := visit(w).signsIn().wants(recovery.TOTP)
			other.code(recoverytest.TOTP(w, key)).done(recovery.KindLogin)
		})
	}
}

// TestMF14_ABrowserThatShowedThePasswordAloneIsNone of before: without a mailbox it
// is let in by that, and stays what it is however long it is known.
func TestMF14_ABrowserThatShowedThePasswordAloneIsNone(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t, recoverytest.WithPolicy(free), recoverytest.WithChannels())
	v := invited(w)
	v.pick(recovery.Later).post(recovery.Input{NewPassword: robinsPassword}).keepsCodes(recovery.KindActivate)
	v.changed(func(a *recovery.Account) { a.Drop(recovery.RecoveryCode) })
	thief := visit(w).signsIn().done(recovery.KindLogin)
	w.Clock.Move(30 * 24 * time.Hour)
	thief.signsIn().done(recovery.KindLogin)
	thief.addsFactor().refused(recovery.ProblemNothingBeside)
	v.signsIn().done(recovery.KindLogin)
	v.addsFactor().enrolsApp(recovery.KindAddFactor)
}

// TestMF14_TheMailboxAndThePasswordTakeItOffAgain for 72 hours.
func TestMF14_TheMailboxAndThePasswordTakeItOffAgain(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t, recoverytest.WithPolicy(free))
	v := invited(w).goesWithout()
	v.addsFactor().enrolsApp(recovery.KindAddFactor)
	lost := visit(w).begin(recovery.Input{Start: recovery.KindRecover, Name: "robin"})
	lost.code(lost.mailed()).post(recovery.Input{Choice: string(recovery.GoalSecondFactor)}).wants(recovery.Password)
	lost.post(recovery.Input{Password: robinsPassword}).wants(recovery.TOTP)
	if !slices.Contains(lost.at.Step.Methods, recovery.Later) {
		t.Fatalf("got %+v, want to go without again", lost.at.Step)
	}
	lost.pick(recovery.Later).keepsCodes(recovery.KindRecover)
	if a := v.account(); a.SecondFactor || a.Credential(recovery.TOTP) != nil || len(a.Sessions) > 0 {
		t.Errorf("got %+v, want no factor and nobody signed in", a)
	}

	visit(w).signsIn()
	w.Clock.Move(25 * time.Hour) // no change sooner
	v = visit(w).signsIn().wants(recovery.MailCode).code(w.Outbox.Last(t, "robin@example.org", "mail-code").Vars["code"]).done(recovery.KindLogin)
	v.addsFactor().enrolsApp(recovery.KindAddFactor)
	w.Policy.FactorFor = nil // where it is required another one is made
	lost = visit(w).begin(recovery.Input{Start: recovery.KindRecover, Name: "robin"})
	lost.code(lost.mailed()).post(recovery.Input{Choice: string(recovery.GoalSecondFactor)}).post(recovery.Input{Password: robinsPassword})
	lost.wants(recovery.TOTP).pick(recovery.Later).refused(recovery.ProblemNotAvailable)

	w.Policy.FactorFor = []string{recovery.GroupAdmins}
	w.Clock.Move(72 * time.Hour)
	lost = visit(w).begin(recovery.Input{Start: recovery.KindRecover, Name: "robin"})
	lost.code(lost.mailed()).post(recovery.Input{Choice: string(recovery.GoalSecondFactor)}).post(recovery.Input{Password: robinsPassword})
	if lost.at.Step.Enroll {
		t.Errorf("got %+v after 72 hours, want more to be asked", lost.at.Step)
	}
}

// TestMF14_NothingThatStandsBesideIsMadeByThePasswordAlone: codes or an address of
// one's own would be the one thing more.
func TestMF14_NothingThatStandsBesideIsMadeByThePasswordAlone(t *testing.T) {
	t.Parallel()
	for _, kind := range []recovery.Kind{recovery.KindAddFactor, recovery.KindNewCodes, recovery.KindChangeMail, recovery.KindChangePhone} {
		w := recoverytest.New(t, recoverytest.WithPolicy(free))
		v := invited(w).goesWithout().changed(unsure)
		v.begin(recovery.Input{Start: kind}).wants(recovery.Password).post(recovery.Input{Password: robinsPassword}).wants(recovery.MailCode)
	}
}

// TestMF03_AChangeOfThePasswordDoesNotEndTheBan of a recovered one, unless the second
// factor was shown for it.
func TestMF03_AChangeOfThePasswordDoesNotEndTheBan(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t, recoverytest.WithPolicy(free))
	v := invited(w).goesWithout()
	barred := w.Clock.Now().Add(72 * time.Hour)
	v.changed(func(a *recovery.Account) { a.Credential(recovery.Password).NoProofUntil = barred })
	v.begin(recovery.Input{Start: recovery.KindChangePassword}).wants(recovery.Password).post(recovery.Input{Password: robinsPassword})
	v.wants(recovery.Password).post(recovery.Input{NewPassword: robinsPassword + ", new"}).done(recovery.KindChangePassword)
	if got := v.account().Credential(recovery.Password).NoProofUntil; !got.Equal(barred) {
		t.Errorf("got %s, want %s", got, barred)
	}
}
