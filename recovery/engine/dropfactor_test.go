package engine_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// made accepts an invitation with a password and an app.
func made(t *testing.T, w *recoverytest.World, password string, groups ...string) (v *visitor, key string) {
	t.Helper()
	v = invited(w, groups...)
	if v.at.Step.Ask == recovery.AskFactor {
		v.pick(recovery.TOTP)
	}
	v.wants(recovery.Password).post(recovery.Input{NewPassword: secret.Text(password)})
	v.wants(recovery.ConfirmMail).code(w.Outbox.Take(t, "robin@example.org", "contact-code").Vars["code"])
	return v, v.enrolsApp(recovery.KindActivate)
}

// drops shows the app to take it off.
func (v *visitor) drops(key string) *visitor {
	v.TB.Helper()
	v.begin(recovery.Input{Start: recovery.KindDropFactor}).wants(recovery.TOTP)
	return v.code(recoverytest.TOTP(v.World, key))
}

// TestMF16_TakingTheLastFactorOff asks that factor and nothing else for it, ends all
// other sign-ins and tells the owner.
func TestMF16_TakingTheLastFactorOff(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t, recoverytest.WithPolicy(free))
	v, key := made(t, w, robinsPassword)
	other := visit(w).signsIn()
	other.code(recoverytest.TOTP(w, key)).done(recovery.KindLogin)
	w.Clock.Move(totpStep)
	v.begin(recovery.Input{Start: recovery.KindDropFactor}).wants(recovery.TOTP).pick(recovery.RecoveryCode).refused(recovery.ProblemNotAvailable)
	v.drops(key).done(recovery.KindDropFactor)
	a := v.account()
	if a.SecondFactor || a.Credential(recovery.TOTP) != nil || len(a.Sessions) != 1 {
		t.Errorf("got %+v, want no factor and this sign-in alone", a)
	}
	if n := w.Outbox.Last(t, "robin@example.org", "notice").Vars["event"]; n != string(recovery.EventFactorRemoved) {
		t.Errorf("got the notice %q", n)
	}
	v.signsIn().done(recovery.KindLogin)
}

// TestMF16_WhereItIsRequiredItStays: who must have one may not take it off.
func TestMF16_WhereItIsRequiredItStays(t *testing.T) {
	t.Parallel()
	for _, group := range []string{"staff", recovery.GroupAdmins} {
		w := recoverytest.New(t, recoverytest.WithPolicy(free))
		v, _ := made(t, w, robinsPassword, group)
		v.begin(recovery.Input{Start: recovery.KindDropFactor}).refused(recovery.ProblemFactorRequired)
		if !v.account().SecondFactor {
			t.Error("it is gone")
		}
	}
}

// TestAShortPasswordDoesNotStandAlone: with the factor taken off another one is
// made, of 15 characters. Of one from before that was noted it is not known.
func TestAShortPasswordDoesNotStandAlone(t *testing.T) {
	t.Parallel()
	for _, password := range []string{"elmyfish9", robinsPassword} {
		w := recoverytest.New(t, recoverytest.WithPolicy(free))
		v, key := made(t, w, password)
		if password == robinsPassword {
			v.changed(func(a *recovery.Account) {
				c := a.Credential(recovery.Password)
				c.Data = bytes.ReplaceAll(c.Data, []byte(`,"long":true`), nil)
			})
		}
		v.drops(key).wants(recovery.Password)
		if !v.account().SecondFactor {
			t.Fatal("it is gone before there is a longer password")
		}
		v.post(recovery.Input{NewPassword: "elmyfish9 anew"}).refused(recovery.ProblemShort)
		v.at.Problem = nil
		v.post(recovery.Input{NewPassword: "elmyfish9 and anew"}).done(recovery.KindDropFactor)
		v.begin(recovery.Input{Start: recovery.KindLogin, Name: "robin", Password: "elmyfish9 and anew"}).done(recovery.KindLogin)
	}
}

// TestMF16_ANoticePutsTheFactorBack for 72 hours, with all that it opened before.
func TestMF16_ANoticePutsTheFactorBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		after time.Duration
		back  bool
	}{{0, true}, {72*time.Hour - time.Minute, true}, {72*time.Hour + time.Minute, false}} {
		w := recoverytest.New(t, recoverytest.WithPolicy(free))
		v, key := made(t, w, robinsPassword)
		v.drops(key).done(recovery.KindDropFactor)
		stop := w.Outbox.Last(t, "robin@example.org", "notice").Vars["stop"]
		_, token, _ := strings.Cut(stop, "#")
		w.Clock.Move(tt.after)
		if ok, err := w.Engine.Stop(t.Context(), token, v.client); !ok || err != nil {
			t.Fatalf("got %v, %v, want the account closed", ok, err)
		}
		if a := v.account(); a.SecondFactor != tt.back || (a.Credential(recovery.TOTP) != nil) != tt.back {
			t.Errorf("after %s: got a factor %v, want %v", tt.after, a.SecondFactor, tt.back)
		}
	}
}
