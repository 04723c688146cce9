package recovery_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

const day = 24 * time.Hour

// longKnown is an account of a month with one browser that it has known for a week.
func longKnown() *recovery.Account {
	a := knownFor(recoverytest.Account(recovery.Password, recovery.TOTP), 7*day)
	a.Created = noon.Add(-30 * day)
	return a
}

// Every condition is just met and just not met; what is not known denies.
func TestDV03_WhoMayLetOthersIn(t *testing.T) {
	t.Parallel()
	first := func(d time.Duration) func(*recovery.Account) {
		return func(a *recovery.Account) { a.Devices[0].First = noon.Add(-d) }
	}
	and := func(list ...func(*recovery.Account)) func(*recovery.Account) {
		return func(a *recovery.Account) {
			for _, do := range list {
				do(a)
			}
		}
	}
	young := func(a *recovery.Account) { a.Created = noon.Add(-day + time.Second) }
	recovered := func(d time.Duration) func(*recovery.Account) {
		return func(a *recovery.Account) { a.Recovered = noon.Add(-d) }
	}
	for _, tc := range []struct {
		name string
		edit func(*recovery.Account)
		want string
	}{
		{"a week", func(*recovery.Account) {}, ""},
		{"a day", first(day), ""},
		{"less than a day", first(day - time.Second), recovery.ProblemDeviceYoung},
		{"an hour, young account", and(young, first(time.Hour)), ""},
		{"less than an hour, young account", and(young, first(time.Hour-time.Second)), recovery.ProblemDeviceYoung},
		{"an hour, account of a day", and(first(time.Hour), func(a *recovery.Account) { a.Created = noon.Add(-day) }), recovery.ProblemDeviceYoung},
		{"since nobody knows when", func(a *recovery.Account) { a.Devices[0].First = time.Time{} }, recovery.ProblemDeviceYoung},
		{"forgotten", func(a *recovery.Account) { a.Devices = nil }, recovery.ProblemDeviceYoung},
		{"session of no browser", func(a *recovery.Account) { a.Sessions[0].Device = "" }, recovery.ProblemDeviceYoung},
		{"let in itself", func(a *recovery.Account) { a.Devices[0].Admitted = noon.Add(time.Second) }, recovery.ProblemAdmitted},
		{"let in a day ago", func(a *recovery.Account) { a.Devices[0].Admitted = noon }, ""},
		{"let in, row gone", func(a *recovery.Account) {
			a.Devices = nil
			a.Sessions[0].Created, a.Sessions[0].Proofs = noon.Add(-time.Hour), []recovery.Proof{{Method: recovery.OtherDevice}}
		}, recovery.ProblemAdmitted},
		{"probation", func(a *recovery.Account) { a.Probation = noon.Add(time.Second) }, recovery.ProblemProbation},
		{"probation over", func(a *recovery.Account) { a.Probation = noon }, ""},
		{"first seen after a rescue", and(recovered(day-time.Second), first(day-time.Second), young, func(a *recovery.Account) { a.Devices[0].First = noon.Add(-2 * time.Hour) }, recovered(3*time.Hour)), recovery.ProblemDeviceYoung},
		{"first seen before a rescue", recovered(time.Hour), ""},
		{"one factor of two", func(a *recovery.Account) { a.Sessions[0].Near = true }, recovery.ProblemFlowExpired},
		{"signed out", func(a *recovery.Account) { a.Sessions = nil }, recovery.ProblemFlowExpired},
		{"session over", func(a *recovery.Account) { a.Sessions[0].End = noon }, recovery.ProblemFlowExpired},
		{"closed account", func(a *recovery.Account) { a.State = recovery.StateFrozen }, recovery.ProblemFlowExpired},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a := longKnown()
			tc.edit(a)
			if got := a.LetsIn(a.SessionByID("s", noon), noon); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// A request is offered only where another browser than the one that asks could
// answer it.
func TestDV03_NobodyIsOfferedABrowserThatCannot(t *testing.T) {
	t.Parallel()
	a := longKnown()
	if !a.Approver(nil, noon) || a.Approver(&a.Devices[0], noon) {
		t.Errorf("got %v from an unknown browser and %v from the only one, want true and false", a.Approver(nil, noon), a.Approver(&a.Devices[0], noon))
	}
	for name, edit := range map[string]func(*recovery.Account){
		"unused for 30 days": func(a *recovery.Account) { a.Devices[0].Seen = noon.Add(-30 * day) },
		"let in itself":      func(a *recovery.Account) { a.Devices[0].Admitted = noon.Add(time.Hour) },
		"on probation":       func(a *recovery.Account) { a.Probation = noon.Add(time.Hour) },
	} {
		b := a.Clone()
		if edit(b); b.Approver(nil, noon) {
			t.Errorf("%s: offered", name)
		}
	}
}

// A browser that was let in is one that the account does not know yet, shows no
// wait, and does nothing that probation forbids.
func TestDV05_WhatABrowserThatWasLetInMayNot(t *testing.T) {
	t.Parallel()
	a := longKnown()
	a.Devices[0].Admitted = noon.Add(time.Hour)
	a.Devices[0].Paged = noon
	a.Waits = []recovery.Wait{{Goal: recovery.GoalPassword, Until: noon.Add(day)}}
	if a.Hears(a.Devices[0], noon) || len(a.Showing("d", noon)) > 0 {
		t.Error("it hears of a wait")
	}
	methods := method.All(method.Set{Has: everything})
	for _, recipe := range recovery.Recipes() {
		if !recipe.SignedIn || recipe.Trial || recipe.Near || recipe.Kind == recovery.KindDrill { // nothing comes of those
			continue
		}
		f := &recovery.Flow{Kind: recipe.Kind, Session: "s"}
		step := recovery.Next(recovery.Facts{Flow: f, Recipe: &recipe, Account: a, Policy: recovery.Default(), Methods: methods, Now: noon})
		if step.Dead == "" {
			t.Errorf("%s: got step %+v, want it refused", recipe.Kind, step)
		}
	}
	s := &a.Sessions[0]
	s.Created, s.Proofs = noon, []recovery.Proof{{Method: recovery.Password}, {Method: recovery.OtherDevice}}
	if methods.TwoFactors(s) || methods.Fresh(a, s, noon.Add(-time.Minute)) {
		t.Error("without a factor shown by who let it in it has two factors, or is fresh")
	}
	if s.Proofs[1].Factor = true; !methods.TwoFactors(s) || methods.Fresh(a, s, noon.Add(-time.Minute)) {
		t.Error("with a factor shown by who let it in it has not two factors, or is fresh")
	}
}
