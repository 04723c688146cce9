package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// leaveRecipe removes its own account.
func leaveRecipe() recovery.Recipe {
	return recovery.Recipe{
		Kind: "leave", SignedIn: true, Needs: []recovery.Need{recovery.Settled, recovery.Strong},
		Finish: func(_ recovery.End, _ *recovery.Account, eff *recovery.Effects) {
			eff.Remove = true
			eff.Done("account_removed")
		},
		After: recovery.After{To: recovery.ToSignIn},
	}
}

func TestThrowawayFlowThatRemovesItsAccount(t *testing.T) {
	w := recoverytest.New(t, recoverytest.WithRecipe(leaveRecipe()))
	v := robin(w)
	app := v.enrolsApp(recovery.KindActivate)
	v.signsIn().code(recoverytest.TOTP(w, app)).done(recovery.KindLogin)
	w.Clock.Move(totpStep)
	meanwhile := visit(w).begin(recovery.Input{Start: recovery.KindRecover, Name: "robin"})
	id := v.account().ID

	v.begin(recovery.Input{Start: "leave"}).code(recoverytest.TOTP(w, app)).done("leave")

	if _, err := w.Engine.Person(t.Context(), id); !errors.Is(err, recovery.ErrNoAccount) {
		t.Errorf("got %v, want no account", err)
	}
	if a, _, err := w.Engine.Account(t.Context(), v.client.Session); a != nil || err != nil {
		t.Errorf("the session lives on: %v %v", a, err)
	}
	people, err := w.Engine.People(t.Context())
	if err != nil || len(people) != 0 {
		t.Errorf("got %v, %v: a removed account is listed", people, err)
	}
	if n := len(w.Outbox.To("robin@example.org", "notice")); n != 1 {
		t.Errorf("got %d notices of the removal, want 1", n)
	}
	if meanwhile.code(meanwhile.mailed()); meanwhile.at.Problem == nil {
		t.Errorf("got step %+v: a recovery of a removed account goes on", meanwhile.at.Step)
	}
	v.signsIn().refused(recovery.ProblemNameOrPassword)

	w.Clock.Move(10 * time.Minute)
	if _, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "robin", Mail: "robin@example.org"}); err != nil {
		t.Errorf("the name is not free again: %v", err)
	}
}
