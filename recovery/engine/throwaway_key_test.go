package engine_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// key is a second factor of which an account may have several. Its challenge is
// shown on the page, and nothing is sent.
type key struct{}

func (key) Traits() recovery.Traits {
	return recovery.Traits{
		Name: "key", Source: "key", Class: recovery.ClassHeld, Factor: true, Several: true, Silent: true,
		Throttle: recovery.ThrottleCode, Page: recovery.PageFactor, Wrong: recovery.ProblemCode,
	}
}

func (key) Ready(a *recovery.Account, _ time.Time) bool { return a.Credential("key") != nil }

// signature is what a key answers a challenge with.
func signature(challenge []byte, key string) string { return secret.Sum(string(challenge) + key) }

func (key) Challenge(t recovery.Try) (recovery.Challenge, *recovery.Message, error) {
	return recovery.Challenge{Code: []byte(secret.Token(16)), At: t.Now, Expires: t.Now.Add(2 * time.Minute)}, nil, nil
}

func (key) Verify(_ context.Context, t recovery.Try) (recovery.Verdict, error) {
	c := t.Flow.Challenges["key"]
	if !c.Live(t.Now) {
		return recovery.Verdict{}, nil
	}
	for _, x := range t.Account.CredentialsOf("key") {
		var stored string
		if json.Unmarshal(x.Data, &stored) == nil && string(t.Input.Code) == signature(c.Code, stored) {
			return recovery.Verdict{OK: true, Credential: x.ID, Version: x.Version}, nil
		}
	}
	return recovery.Verdict{}, nil
}

func (key) EnrollPage() string { return recovery.PageEnroll }

func (key) Offer(recovery.Try) (json.RawMessage, error) { return json.Marshal(secret.Token(16)) }

func (key) Confirm(_ context.Context, t recovery.Try, offered json.RawMessage) (json.RawMessage, *recovery.Problem, error) {
	var made string
	if json.Unmarshal(offered, &made) != nil || string(t.Input.Code) != made {
		return nil, recovery.NewProblem(recovery.ProblemCode), nil
	}
	return offered, nil, nil
}

// keyRecipe removes every key but the one shown in the flow.
func keyRecipe() recovery.Recipe {
	return recovery.Recipe{
		Kind: "remove_keys", SignedIn: true, Needs: []recovery.Need{recovery.Settled, recovery.Proved("key")},
		Finish: func(end recovery.End, a *recovery.Account, eff *recovery.Effects) {
			kept := a.CredentialsOf("key")
			a.Drop("key")
			for _, c := range kept {
				if c.ID == end.Flow.Proofs[0].Credential {
					a.Credentials = append(a.Credentials, c)
				}
			}
			eff.Done("key_removed")
		},
	}
}

func (v *visitor) answersWith(made string) *visitor {
	v.TB.Helper()
	return v.code(signature(v.wants("key").at.Flow.Challenges["key"].Code, made))
}

// enrolsKey takes a new key, and not the app.
func (v *visitor) enrolsKey(kind recovery.Kind) (made string) {
	v.TB.Helper()
	made = v.makes("key").offer("key")
	v.code(made).keepsCodes(kind)
	return made
}

func TestThrowawayFactorWithTwoCredentials(t *testing.T) {
	w := recoverytest.New(t, recoverytest.WithMethod(key{}), recoverytest.WithRecipe(keyRecipe()))
	v := robin(w)
	first := v.enrolsKey(recovery.KindActivate)
	v.signsIn().answersWith("another key").refused(recovery.ProblemCode)
	v.answersWithAgain(first).done(recovery.KindLogin)
	if all, notices := w.Outbox.To("", ""), w.Outbox.To("", "notice"); len(all) != len(notices) {
		t.Errorf("got %d messages, %d of them notices: a challenge that is only shown sends nothing", len(all), len(notices))
	}

	v.begin(recovery.Input{Start: recovery.KindAddFactor}).answersWith(first)
	second := v.enrolsKey(recovery.KindAddFactor)
	if n := len(v.account().CredentialsOf("key")); n != 2 {
		t.Fatalf("got %d keys, want 2", n)
	}
	for name, made := range map[string]string{"first": first, "second": second} {
		if v.signsIn().answersWith(made); v.at.Finished != recovery.KindLogin {
			t.Errorf("the %s key does not sign in: %+v", name, v.at.Problem)
		}
	}

	v.begin(recovery.Input{Start: "remove_keys"}).answersWith(second).done("remove_keys")
	v.signsIn().answersWith(first).refused(recovery.ProblemCode)
	v.signsIn().answersWith(second).done(recovery.KindLogin)

	lost := visit(w).begin(recovery.Input{Start: recovery.KindRecover, Name: "robin"})
	lost.code(lost.mailed()).post(recovery.Input{Choice: string(recovery.GoalSecondFactor)}).wants(recovery.Password)
	lost.post(recovery.Input{Password: robinsPassword}).wants(recovery.SMSCode)
	lost.code(w.Outbox.Last(t, "+41791234568", "sms-code").Vars["code"])
	third := lost.enrolsKey(recovery.KindRecover)
	if keys := v.account().CredentialsOf("key"); len(keys) != 1 {
		t.Errorf("got %d keys after the recovery, want the new one alone", len(keys))
	}
	v.signsIn().answersWith(second).refused(recovery.ProblemCode)
	v.signsIn().answersWith(third).done(recovery.KindLogin)
}

// answersWithAgain answers the challenge that a wrong answer has left.
func (v *visitor) answersWithAgain(made string) *visitor {
	v.TB.Helper()
	v.at.Problem = nil
	return v.answersWith(made)
}
