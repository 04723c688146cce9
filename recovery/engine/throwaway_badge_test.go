package engine_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// badge names its account and is both factors at once: nobody types a name.
type badge struct{}

func (badge) Traits() recovery.Traits {
	return recovery.Traits{
		Name: "badge", Source: "badge", Class: recovery.ClassHeld, Factor: true,
		Throttle: recovery.ThrottleCode, Page: recovery.PageFactor, Wrong: recovery.ProblemCode,
	}
}

func (badge) Ready(a *recovery.Account, _ time.Time) bool { return a.Credential("badge") != nil }

// Named implements [recovery.Namer]: "badge ID SECRET".
func (badge) Named(in recovery.Input) string {
	if words := strings.Fields(string(in.Code)); len(words) == 3 && words[0] == "badge" {
		return words[1]
	}
	return ""
}

func (badge) Verify(_ context.Context, t recovery.Try) (recovery.Verdict, error) {
	c := t.Account.Credential("badge")
	words := strings.Fields(string(t.Input.Code))
	var stored string
	if c == nil || json.Unmarshal(c.Data, &stored) != nil || stored != words[len(words)-1] {
		return recovery.Verdict{}, nil
	}
	return recovery.Verdict{OK: true, Credential: c.ID, Version: c.Version, Alone: true}, nil
}

func (badge) EnrollPage() string { return recovery.PageEnroll }

func (badge) Offer(recovery.Try) (json.RawMessage, error) { return json.Marshal(secret.Token(16)) }

func (badge) Confirm(_ context.Context, t recovery.Try, offered json.RawMessage) (json.RawMessage, *recovery.Problem, error) {
	return key{}.Confirm(context.Background(), t, offered)
}

func badgeRecipe() recovery.Recipe {
	return recovery.Recipe{
		Kind: "remove_badge", SignedIn: true, Needs: []recovery.Need{recovery.Settled, recovery.Strong},
		Finish: func(_ recovery.End, a *recovery.Account, eff *recovery.Effects) {
			a.Drop("badge")
			eff.Done("badge_removed")
		},
	}
}

func TestThrowawayProofThatNamesItsAccount(t *testing.T) {
	w := recoverytest.New(t, recoverytest.WithMethod(badge{}), recoverytest.WithRecipe(badgeRecipe()))
	v := robin(w)
	app := v.enrolsApp(recovery.KindActivate)
	v.signsIn().code(recoverytest.TOTP(w, app)).done(recovery.KindLogin)
	w.Clock.Move(totpStep)

	v.begin(recovery.Input{Start: recovery.KindAddFactor}).wants(recovery.TOTP).code(recoverytest.TOTP(w, app))
	made := v.makes("badge").offer("badge")
	v.code(made).keepsCodes(recovery.KindAddFactor)
	shown := recovery.Input{Start: recovery.KindLogin, Code: secret.Text("badge " + v.account().ID + " " + made)}

	visit(w).begin(shown).done(recovery.KindLogin)
	for name, code := range map[string]string{
		"a wrong secret": "badge " + v.account().ID + " wrong", "nobody": "badge " + secret.Token(16) + " " + made, "no account's id": "badge x " + made,
	} {
		t.Run(name, func(t *testing.T) {
			x := visit(w).begin(recovery.Input{Start: recovery.KindLogin, Code: secret.Text(code)}).refused(recovery.ProblemCode)
			if x.at.Account != nil || x.at.Flow.Account != "" || x.at.Step.Ask != recovery.AskWho {
				t.Errorf("got %+v, want a sign-in page that knows nobody", x.at)
			}
		})
	}

	lost := visit(w).begin(recovery.Input{Start: recovery.KindRecover, Name: "robin"})
	lost.code(lost.mailed()).post(recovery.Input{Choice: string(recovery.GoalSecondFactor)}).wants(recovery.Password)
	lost.post(recovery.Input{Password: robinsPassword}).wants(recovery.SMSCode)
	lost.code(w.Outbox.Last(t, "+41791234568", "sms-code").Vars["code"])
	app = lost.enrolsApp(recovery.KindRecover)
	visit(w).begin(shown).refused(recovery.ProblemCode)

	w.Clock.Move(24 * time.Hour) // the account may be changed again
	v.signsIn().code(recoverytest.TOTP(w, app)).done(recovery.KindLogin)
	w.Clock.Move(totpStep)
	v.begin(recovery.Input{Start: recovery.KindAddFactor}).code(recoverytest.TOTP(w, app))
	made = v.makes("badge").offer("badge")
	v.code(made).keepsCodes(recovery.KindAddFactor)
	v.begin(recovery.Input{Start: "remove_badge"}).pick("badge").code(made).done("remove_badge")
	shown.Code = secret.Text("badge " + v.account().ID + " " + made)
	visit(w).begin(shown).refused(recovery.ProblemCode)
}
