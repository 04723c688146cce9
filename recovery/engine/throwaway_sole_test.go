package engine_test

import (
	"slices"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// soleBadge is a badge beside which an account needs no password.
type soleBadge struct{ badge }

func (soleBadge) Alone(a *recovery.Account) (n int, apart bool) {
	return len(a.CredentialsOf("badge")), false
}

// soles is somebody with app, badge and codes, signed in.
func soles(w *recoverytest.World) (v *visitor, app, made string, codes []string) {
	v = robin(w)
	app = v.enrolsApp(recovery.KindActivate)
	v.begin(recovery.Input{Start: recovery.KindAddFactor}).pick(recovery.TOTP).code(recoverytest.TOTP(w, app))
	made = v.makes("badge").offer("badge")
	v.code(made).done(recovery.KindAddFactor)
	w.Clock.Move(totpStep)
	v.begin(recovery.Input{Start: recovery.KindNewCodes}).pick(recovery.TOTP).code(recoverytest.TOTP(w, app))
	codes = method.Shown(v.wants(recovery.RecoveryCode).at.Flow.Pending[recovery.RecoveryCode].Data)
	v.post(recovery.Input{Choice: "saved"}).done(recovery.KindNewCodes)
	w.Clock.Move(totpStep)
	return v, app, made, codes
}

// TestThrowawayAccountWithoutAPassword signs in, changes everything and comes back.
func TestThrowawayAccountWithoutAPassword(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t, recoverytest.WithMethod(soleBadge{}))
	v, app, made, codes := soles(w)
	shown := recovery.Input{Start: recovery.KindLogin, Code: secret.Text("badge " + v.account().ID + " " + made)}

	drop := func() {
		t.Helper()
		v.begin(recovery.Input{Start: recovery.KindDropPassword}).pick(recovery.TOTP).code(recoverytest.TOTP(w, app))
		w.Clock.Move(totpStep)
		if v.at.Step.Ask != recovery.AskTrial {
			t.Fatalf("got step %+v, want a recovery code to be tried", v.at.Step)
		}
		v.code("ABCD-EFGH-JKLM-NPQR").refused(recovery.ProblemDrillWrong)
		v.code(codes[0]).done(recovery.KindDropPassword)
	}
	drop()
	if v.account().Credential(recovery.Password) != nil {
		t.Fatal("the password is still there")
	}
	visit(w).begin(recovery.Input{Start: recovery.KindLogin, Name: "robin", Password: robinsPassword}).refused(recovery.ProblemNameOrPassword)
	visit(w).begin(shown).done(recovery.KindLogin)

	v.begin(recovery.Input{Start: recovery.KindChangePassword}).pick(recovery.TOTP).code(recoverytest.TOTP(w, app))
	w.Clock.Move(totpStep)
	v.wants(recovery.Password).post(recovery.Input{NewPassword: robinsPassword}).done(recovery.KindChangePassword)
	drop()

	lost := visit(w).begin(recovery.Input{Start: recovery.KindRecover, Name: "robin"})
	lost.code(lost.mailed())
	if c := lost.at.Step.Choices; slices.Contains(c, recovery.GoalSecondFactor) || !slices.Contains(c, recovery.GoalBoth) {
		t.Fatalf("got the choices %v: a new factor alone would leave nothing that signs in", c)
	}
	lost.post(recovery.Input{Choice: string(recovery.GoalBoth)}).wants(recovery.RecoveryCode).code(codes[1])
	lost.wants(recovery.Password).post(recovery.Input{NewPassword: "another long sentence of robin"})
	app = lost.enrolsApp(recovery.KindRecover)
	visit(w).begin(shown).refused(recovery.ProblemCode)
	v.begin(recovery.Input{Start: recovery.KindLogin, Name: "robin", Password: "another long sentence of robin"})
	v.code(recoverytest.TOTP(w, app)).done(recovery.KindLogin)
}

// TestThePasswordStaysWhereNothingSignsInAlone holds that it stays where nothing signs in alone.
func TestThePasswordStaysWhereNothingSignsInAlone(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t, recoverytest.WithMethod(soleBadge{}))
	v := robin(w)
	v.enrolsApp(recovery.KindActivate)
	v.begin(recovery.Input{Start: recovery.KindDropPassword}).refused(recovery.ProblemNeedsPassword)
}
