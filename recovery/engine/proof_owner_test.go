package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// compareWithOwner lets the owner move. Who signs in fully ends every wait: then no
// chain with one succeeds, and every other still does. Who presses "this
// wasn't me" after a takeover closes the account for whatever it was taken
// over with, for as long as nobody who may vouch helps.
func compareWithOwner(t *testing.T, p *recovery.Policy, m *mutant, shape lint.Shape, n *tally) (holes []string) {
	t.Helper()
	inst := newInstallation(t, p, m)
	begin := inst.openAccount(shape)
	for _, set := range lint.Analyze(proofTable(p), shape).Sets {
		if slices.Contains(set.Sources, lint.SourceDevice) || !shape.Has(lint.SourceTOTP) {
			continue
		}
		n.minimal++
		attacker := inst.attacker(begin, set.Sources)
		x := &search{inst: inst, horizon: horizon, ownerMoves: inst.ownerSignsIn}
		end := x.run(attacker)
		n.states, n.steps = n.states+len(x.seen), n.steps+x.steps
		if got, want := end != nil, !coolsDown(set); got != want {
			holes = append(holes, fmt.Sprintf("%s: %s: got signed in %v although the owner ends every wait, want %v", shape, set, got, want))
		}
		if hole := inst.staysFrozen(shape, set, attacker, n); hole != "" {
			holes = append(holes, hole)
		}
	}
	if shape.Has(lint.SourceTOTP) && shape.Has(lint.SourceMail) && shape.Has(lint.SourceDevice) {
		holes = append(holes, inst.endsSessions(begin)...)
	}
	n.shapes++
	return holes
}

// endsSessions lets the owner replace the password: nobody who sat before a
// signed-in browser is signed in any more.
func (inst *installation) endsSessions(begin *attackState) []string {
	s := inst.attacker(begin, nil)
	s.holdings, s.client = inst.owner, stranger()
	inst.restore(s)
	ok := inst.send(s, recovery.Input{Start: recovery.KindRecover, Name: "alice"})
	for _, proof := range []string{recovery.MailLink, "", recovery.TOTP} {
		in := recovery.Input{Choice: string(recovery.GoalPassword)}
		if proof != "" {
			in, _ = inst.proofForm(s, proof)
		}
		ok = ok && inst.send(s, in)
	}
	if !ok || !inst.enrol(s) || s.flow != nil {
		return []string{fmt.Sprintf("the owner got stuck at %+v, want a new password", s.step)}
	}
	if a, _, err := inst.engine.Account(inst.t.Context(), inst.owner.session); a != nil || err != nil {
		return []string{fmt.Sprintf("got a live session after a recovery (%v), want none", err)}
	}
	return nil
}

// coolsDown tells whether the fastest chain of a set has a cool-down in it.
func coolsDown(set lint.Takeover) bool {
	return slices.ContainsFunc(set.Chain, func(s lint.Step) bool { return strings.Contains(s.Name, " wait ") })
}

// ownerSignsIn lets the owner sign in as soon as there is a wait, if the
// owner's credentials still work.
func (inst *installation) ownerSignsIn(*attackState) {
	if len(inst.account(inst.ownerID).Waits) > 0 {
		inst.signIn(&attackState{holdings: inst.owner})
	}
}

// staysFrozen takes the account over, lets the owner press the button of the newest
// notice, and lets the attacker go on for as long as anything is remembered.
func (inst *installation) staysFrozen(shape lint.Shape, set lint.Takeover, attacker *attackState, n *tally) string {
	x := &search{inst: inst, horizon: horizon}
	taken := x.run(attacker)
	if taken == nil {
		return ""
	}
	inst.restore(taken)
	owner := holdings{reads: []string{aliceMail, alicePhone}}
	notice, told := inst.newest(owner, "notice")
	if !told {
		return "" // nothing has changed but a browser that nobody knew before
	}
	if !inst.stop(notice) {
		return fmt.Sprintf("%s: %s: got a refusal, want the notice to freeze", shape, set)
	}
	if a, _, err := inst.engine.Account(inst.t.Context(), taken.holdings.session); a != nil || err != nil {
		return fmt.Sprintf("%s: %s: got a live session after the account was frozen (%v)", shape, set, err)
	}
	taken.signedIn = false
	inst.save(taken)
	x = &search{inst: inst, horizon: 5 * 24 * time.Hour}
	end := x.run(taken)
	n.states, n.steps = n.states+len(x.seen), n.steps+x.steps
	helped := isSubset([]string{lint.SourceMail, "contact*2"}, set.Sources)
	if got := end != nil; got != helped {
		path := ""
		if end != nil {
			path = strings.Join(end.path[len(taken.path):], ", ") + " after " + end.at.Sub(taken.at).String()
		}
		return fmt.Sprintf("%s: %s: frozen by the owner, got opened again %v, want %v: %s", shape, set, got, helped, path)
	}
	return ""
}

// TestOwnerMoves is the half of the proof in which the owner is awake.
func TestOwnerMoves(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	var n tally
	shapes := proofShapes()
	for _, shape := range shapes {
		for _, hole := range compareWithOwner(t, proofPolicy(), nil, shape, &n) {
			t.Error(hole)
		}
	}
	t.Log(n)
}

// TestAttackerFreezes lets an attacker press "this wasn't me" in notices that can
// be read there. Closing an account must open nothing: no set that the lint
// leaves out gets anywhere by it.
func TestAttackerFreezes(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	var n tally
	shapes := append(proofShapes()[1:6], lint.Having("totp", "recovery_code", "mail", "sms", "contact*2"))
	for _, shape := range shapes {
		inst := newInstallation(t, proofPolicy(), nil)
		begin := inst.openAccount(shape)
		inst.pressesStop = true
		for _, sources := range maximalSets(shape, lint.Analyze(proofTable(proofPolicy()), shape).Sets) {
			n.maximal++
			x := &search{inst: inst, horizon: horizon}
			end := x.run(inst.attacker(begin, sources))
			n.states, n.steps = n.states+len(x.seen), n.steps+x.steps
			if end != nil {
				t.Errorf("%s: %v signed in: %s", shape, sources, strings.Join(end.path, ", "))
			}
		}
		n.shapes++
	}
	t.Log(n)
}
