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

// Whoever has the password of an account without a second factor is in: that is its
// login. What the proof is about here is who can make a factor of their own, with
// which the owner would be locked out.

// firstHorizon is longer than the ban of a recovered password.
const firstHorizon = 80 * time.Hour

// hasOwnFactor tells that the account has a second factor, and the attacker has it.
func (inst *installation) hasOwnFactor(s *attackState) bool {
	a := inst.account(inst.ownerID)
	c := a.Credential(recovery.TOTP)
	return s.flow == nil && a.SecondFactor && c != nil && inst.fits(*c, s.holdings)
}

// firstFactorSets are the minimal sets of sources that make one, as the changes of
// the lint have it: the password and one thing more, or what gives a new password
// and is shown once more, when that is no longer barred.
func firstFactorSets(t *testing.T, shape lint.Shape) (out [][]string) {
	t.Helper()
	for _, c := range lint.Base().Changes {
		if slices.ContainsFunc(c.Gives, func(g string) bool {
			return slices.Contains([]string{lint.WordFactor, recovery.RecoveryCode, recovery.MailCode}, g)
		}) && !slices.Contains(c.Proofs, lint.WordBeside) {
			t.Errorf("the change %s of the lint asks nothing beside the password", c.Name)
		}
	}
	add := func(sources ...string) {
		if !slices.ContainsFunc(sources, func(x string) bool { return x != lint.SourceMemory && !shape.Has(x) }) {
			out = append(out, sources)
		}
	}
	add(lint.SourceMail)
	add(lint.SourceMemory, lint.SourceSMS)
	add(lint.SourceMemory, lint.SourceDevice)
	if shape.Has(lint.SourceMail) { // a browser that is not known needs a code that is sent
		add(lint.SourceCodes, lint.SourceSMS)
	} else {
		add(lint.SourceCodes)
	}
	return out
}

// compareFirst checks for one shape that each minimal set makes a factor, and that no
// maximal set without one does.
func compareFirst(t *testing.T, m *mutant, shape lint.Shape, n *tally) (holes []string) {
	inst := newInstallation(t, freePolicy(), m)
	begin := inst.openAccount(shape)
	inst.knownBrowser, inst.fewChanges = false, false
	sets := firstFactorSets(t, shape)
	look := func(sources []string) *attackState {
		x := &search{inst: inst, horizon: firstHorizon, done: inst.hasOwnFactor}
		end := x.run(inst.attacker(begin, sources))
		n.states, n.steps = n.states+len(x.seen), n.steps+x.steps
		return end
	}
	var minimal []lint.Takeover
	for _, set := range sets {
		if inst.mutated && len(holes) > 0 {
			return holes // one is enough to be found out
		}
		minimal = append(minimal, lint.Takeover{Sources: set})
		n.minimal++
		switch end := look(set); {
		case end == nil:
			holes = append(holes, fmt.Sprintf("%s: %v: makes no factor", shape, set))
		case slices.Equal(set, []string{lint.SourceMail}) && end.at.Sub(begin.at) < inst.engine.Policy.Lifetimes.RecoveredBan:
			holes = append(holes, fmt.Sprintf("%s: %v: makes a factor before the ban of the password is over: %s", shape, set, strings.Join(end.path, ", ")))
		}
	}
	for _, sources := range maximalSets(shape, minimal) {
		if n.maximal++; len(sources) == 0 {
			continue
		}
		if end := look(sources); end != nil {
			holes = append(holes, fmt.Sprintf("%s: %v: makes a factor: %s", shape, sources, strings.Join(end.path, ", ")))
		}
	}
	n.shapes++
	return holes
}

func firstShapes() []lint.Shape {
	return []lint.Shape{
		{},
		lint.Having("mail", "device"),
		lint.Having("recovery_code", "sms"),
	}
}

// TestMF14_ProofOfTheFirstFactor walks everything that somebody can do who holds some
// of what an account without a second factor has.
func TestMF14_ProofOfTheFirstFactor(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	var n tally
	for _, shape := range firstShapes() {
		for _, hole := range compareFirst(t, nil, shape, &n) {
			t.Error(hole)
		}
	}
	t.Log(n)
}

// TestProofSeesMutantsOfTheFirstFactor seeds the mistake that it is there to prevent.
func TestProofSeesMutantsOfTheFirstFactor(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	var n tally
	alone := mutant{name: "first factor by password alone", reads: func(a *recovery.Account, _ time.Time) {
		for i := range a.Devices {
			a.Devices[i].Sure = true
		}
	}}
	unbarred := mutant{name: "the mailbox stands beside a password that it has recovered", reads: func(a *recovery.Account, _ time.Time) {
		if c := a.Credential(recovery.Password); c != nil {
			c.NoProofUntil = time.Time{}
		}
	}}
	for shape, m := range map[lint.Shape]*mutant{{}: &alone, lint.Having("mail"): &unbarred} {
		if holes := compareFirst(t, m, shape, &n); len(holes) == 0 {
			t.Errorf("%s: got no difference", m.name)
		}
	}
}
