package engine_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

func strict(p *recovery.Policy) { p.KnownDevice = true }

// atNewBrowser shows password and app where the account has never been.
func atNewBrowser(t *testing.T, w *recoverytest.World, key string) *visitor {
	t.Helper()
	w.Clock.Move(totpStep)
	return visit(w).signsIn().wants(recovery.TOTP).code(recoverytest.TOTP(w, key))
}

// TestDV07_AKnownDeviceIsAskedWhereThereIsOne that could answer now, in addition to
// the second factor, and what else is left where there is none.
func TestDV07_AKnownDeviceIsAskedWhereThereIsOne(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		edit func(a *recovery.Account, now time.Time)
		want string // empty: nothing is left
	}{
		{"known for a day", func(*recovery.Account, time.Time) {}, recovery.OtherDevice},
		{"not seen for 30 days", func(a *recovery.Account, now time.Time) { a.Devices[0].Seen = now.AddDate(0, 0, -30) }, recovery.MailCode},
		{"known for less than a day", func(a *recovery.Account, now time.Time) { a.Devices[0].First = now.Add(time.Minute - 24*time.Hour) }, recovery.MailCode},
		{"let in itself", func(a *recovery.Account, now time.Time) { a.Devices[0].Admitted = now.Add(time.Hour) }, recovery.MailCode},
		{"on the day of a rescue", func(a *recovery.Account, now time.Time) { a.Recovered = now.Add(time.Minute - 24*time.Hour) }, recovery.MailCode},
		{"none, and no mailbox", func(a *recovery.Account, _ time.Time) { a.Devices, a.Addresses = nil, nil }, recovery.RecoveryCode},
		{"nothing", func(a *recovery.Account, _ time.Time) {
			a.Devices, a.Addresses = nil, nil
			a.Drop(recovery.RecoveryCode)
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := recoverytest.New(t, recoverytest.WithPolicy(strict))
			v, key := made(t, w, robinsPassword)
			w.Clock.Move(48 * time.Hour)
			v.signsIn().wants(recovery.TOTP).code(recoverytest.TOTP(w, key)).done(recovery.KindLogin) // known since set-up
			v.changed(func(a *recovery.Account) { tt.edit(a, w.Clock.Now()) })
			got := atNewBrowser(t, w, key)
			if none := w.Engine.Policy.NoWayIn(w.Engine.Methods, v.account(), w.Clock.Now()); none != (tt.want == "") {
				t.Errorf("got %v of the count of accounts for which nothing is left", none)
			}
			if tt.want == "" {
				got.refused(recovery.ProblemNoKnownDevice)
				return
			}
			got.wants(tt.want)
		})
	}
}

// TestDV07_ACodeForTheFactorIsNotBoth: where no device could answer, the factor itself
// is shown, and something beside it.
func TestDV07_ACodeForTheFactorIsNotBoth(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t, recoverytest.WithPolicy(strict), recoverytest.WithChannels())
	v := invited(w)
	v.post(recovery.Input{NewPassword: robinsPassword})
	key := totpKey(v.wants(recovery.TOTP).at.Flow.Pending[recovery.TOTP].Data)
	v.code(recoverytest.TOTP(w, key)).wants(recovery.RecoveryCode)
	codes := method.Shown(v.at.Flow.Pending[recovery.RecoveryCode].Data)
	v.post(recovery.Input{Choice: "saved"}).done(recovery.KindActivate)
	v.changed(func(a *recovery.Account) { a.Devices = nil })
	w.Clock.Move(totpStep)
	v = visit(w).signsIn().wants(recovery.TOTP).pick(recovery.RecoveryCode).code(codes[0]).wants(recovery.TOTP)
	v.code(recoverytest.TOTP(w, key)).done(recovery.KindLogin)
}

// TestDV07_BothLostForgetsEveryBrowser, and one of the goals does not.
func TestDV07_BothLostForgetsEveryBrowser(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t, recoverytest.WithPolicy(strict))
	v, _ := made(t, w, robinsPassword)
	if n := len(v.account().Devices); n != 1 {
		t.Fatalf("got %d browsers, want that of the activation to be known", n)
	}
	token, err := w.Engine.RescueLink(t.Context(), "robin")
	if err != nil {
		t.Fatal(err)
	}
	lost := visit(w).begin(recovery.Input{Code: secret.Text(token)})
	if lost.at.Step.Ask == recovery.AskGoal {
		lost.post(recovery.Input{Choice: string(recovery.GoalBoth)})
	}
	lost.wants(recovery.Password).post(recovery.Input{NewPassword: robinsPassword + ", new"})
	key := lost.enrolsApp(recovery.KindRecover)
	if a := v.account(); len(a.Devices) != 0 {
		t.Errorf("got %d known browsers, want none", len(a.Devices))
	}
	lost.begin(recovery.Input{Start: recovery.KindLogin, Name: "robin", Password: robinsPassword + ", new"}).wants(recovery.TOTP)
	lost.code(recoverytest.TOTP(w, key)).wants(recovery.MailCode)
	lost.code(w.Outbox.Last(t, "robin@example.org", "mail-code").Vars["code"]).done(recovery.KindLogin)
}
