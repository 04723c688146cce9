package engine_test

import (
	"slices"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// localKey is a key that is made at one address only.
type localKey struct{ key }

func (localKey) Here(c recovery.Client) bool { return c.Host == "gate.example.org" }

// TestMF05_TheChosenFactorIsMade holds that a second factor of any method is
// chosen where one is made, may be changed until it is there, and ends all others
// in a recovery.
func TestMF05_TheChosenFactorIsMade(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t, recoverytest.WithMethod(localKey{}))
	v := robin(w)
	if v.at.Step.Ask != "" || v.at.Step.Method != recovery.TOTP || len(v.at.Step.Methods) != 0 {
		t.Errorf("got step %+v: at an address without keys only the app can be made", v.at.Step)
	}
	v.client.Host = "gate.example.org"
	v.post(recovery.Input{})
	if s := v.at.Step; s.Ask != recovery.AskFactor || !slices.Equal(s.Methods, []string{recovery.TOTP, "key"}) {
		t.Fatalf("got step %+v, want to be asked", s)
	}
	w.Policy.Enrol = []string{"key"}
	if s := v.post(recovery.Input{}).at.Step; s.Ask != "" || s.Method != "key" || len(s.Methods) != 0 {
		t.Errorf("got step %+v, want what the operator offers and no question", s)
	}
	w.Policy.Enrol = nil
	v.post(recovery.Input{Code: "123456"}).refused(recovery.ProblemMissing)
	v.pick(recovery.Password).refused(recovery.ProblemNotAvailable)
	v.pick("key").wants("key").pick(recovery.TOTP).wants(recovery.TOTP).pick("key")
	made := v.enrolsKey(recovery.KindActivate)

	v.begin(recovery.Input{Start: recovery.KindAddFactor}).answersWith(made)
	app := v.enrolsApp(recovery.KindAddFactor)
	v.signsIn().pick(recovery.TOTP).code(recoverytest.TOTP(w, app)).done(recovery.KindLogin)
	w.Clock.Move(totpStep)

	lost := visit(w).begin(recovery.Input{Start: recovery.KindRecover, Name: "robin"})
	lost.client.Host = "gate.example.org"
	lost.code(lost.mailed()).post(recovery.Input{Choice: string(recovery.GoalSecondFactor)})
	lost.post(recovery.Input{Password: robinsPassword}).code(w.Outbox.Last(t, "+41791234568", "sms-code").Vars["code"])
	lost.pick(recovery.TOTP).pick("key") // the offer of the one that was not made is left behind
	lost.enrolsKey(recovery.KindRecover)
	if a := v.account(); a.Credential(recovery.TOTP) != nil || len(a.CredentialsOf("key")) != 1 {
		t.Errorf("got %+v, want the key of the recovery alone", a.Credentials)
	}
}
