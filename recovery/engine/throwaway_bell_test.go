package engine_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// bell is answered in another browser of the same account, while this page
// waits.
type bell struct{}

func (bell) Traits() recovery.Traits {
	return recovery.Traits{
		Name: "bell", Source: "bell", Class: recovery.ClassIssued,
		Throttle: recovery.ThrottlePatience, Page: recovery.PageFactor, Wrong: recovery.ProblemContactWaiting,
	}
}

func (bell) Ready(a *recovery.Account, _ time.Time) bool { return a.Credential("bell") != nil }

func (bell) May(a *recovery.Account, id string) bool { return a.ID == id }

func (bell) Call(*recovery.Account, *recovery.Flow) ([]string, string) { return nil, "" }

func (bell) Verify(_ context.Context, t recovery.Try) (recovery.Verdict, error) {
	return recovery.Verdict{OK: len(t.Answers) > 0}, nil
}

func (bell) EnrollPage() string { return recovery.PageConfirm }

func (bell) Offer(recovery.Try) (json.RawMessage, error) { return json.RawMessage(`true`), nil }

func (bell) Confirm(_ context.Context, _ recovery.Try, offered json.RawMessage) (json.RawMessage, *recovery.Problem, error) {
	return offered, nil, nil
}

func bellRecipes() []recovery.Recipe {
	return []recovery.Recipe{
		{
			Kind: "hang_bell", SignedIn: true, Needs: []recovery.Need{recovery.Settled, recovery.Strong, recovery.Enrolled("bell")},
			Finish: func(end recovery.End, a *recovery.Account, _ *recovery.Effects) { end.Install(a, "bell") },
		},
		{
			Kind: "take_bell_off", SignedIn: true, Needs: []recovery.Need{recovery.Settled, recovery.Strong},
			Finish: func(_ recovery.End, a *recovery.Account, _ *recovery.Effects) { a.Drop("bell") },
		},
	}
}

func TestThrowawayProofFromAnotherBrowser(t *testing.T) {
	hang, take := bellRecipes()[0], bellRecipes()[1]
	w := recoverytest.New(t, recoverytest.WithMethod(bell{}), recoverytest.WithRecipe(hang), recoverytest.WithRecipe(take),
		recoverytest.WithPolicy(func(p *recovery.Policy) {
			p.Ways[recovery.GoalSecondFactor] = []recovery.Way{{Proofs: []string{recovery.MailLink, recovery.Password, "bell"}}}
		}))
	v := robin(w)
	app := v.enrolsApp(recovery.KindActivate)
	strong := func() {
		t.Helper()
		v.wants(recovery.TOTP).code(recoverytest.TOTP(w, app))
		w.Clock.Move(totpStep)
	}
	v.signsIn()
	strong()
	v.begin(recovery.Input{Start: "hang_bell"})
	strong()
	v.post(recovery.Input{Choice: "saved"}).done("hang_bell")

	lost := visit(w).begin(recovery.Input{Start: recovery.KindRecover, Name: "robin"})
	lost.code(lost.mailed()).post(recovery.Input{Choice: string(recovery.GoalSecondFactor)})
	lost.post(recovery.Input{Password: robinsPassword}).wants("bell")
	lost.code("check").refused(recovery.ProblemContactWaiting)

	v.begin(recovery.Input{Start: recovery.KindVouch, Code: secret.Text(lost.at.Flow.AskCode)})
	strong()
	v.post(recovery.Input{Choice: "approve"}).done(recovery.KindVouch)
	shown, err := w.Engine.Show(t.Context(), lost.client, lost.at.Flow.ID)
	if err != nil || shown.Step.Method != "bell" {
		t.Fatalf("got step %+v, %v: a page that is only shown accepts nothing", shown.Step, err)
	}
	app = lost.code("check").enrolsApp(recovery.KindRecover)

	w.Clock.Move(24 * time.Hour)
	v.signsIn()
	strong()
	v.begin(recovery.Input{Start: "take_bell_off"})
	strong()
	v.done("take_bell_off")
	lost.begin(recovery.Input{Start: recovery.KindRecover, Name: "robin"})
	lost.code(lost.mailed()).post(recovery.Input{Choice: string(recovery.GoalSecondFactor)})
	if lost.at.Step.Method == "bell" || slices.Contains(lost.at.Step.Methods, "bell") {
		t.Errorf("got step %+v: a bell that was taken off is offered", lost.at.Step)
	}
}
