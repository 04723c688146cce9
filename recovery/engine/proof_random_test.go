package engine_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// randomCase is a policy that the grammar can write, and an account under it.
type randomCase struct {
	policy         *recovery.Policy
	shape          lint.Shape
	noMail, noText bool // nothing sends it
}

// drawCase draws the case of a seed: always the same.
func drawCase(seed uint64) randomCase {
	r := rand.New(rand.NewPCG(seed, 0))
	for {
		c := randomCase{policy: drawPolicy(r), noMail: r.IntN(8) == 0, noText: r.IntN(4) == 0}
		if refused := slices.ContainsFunc(lint.Check(c.table()), func(f lint.Finding) bool { return f.Severity == lint.Error }); refused {
			continue
		}
		c.shape = c.drawShape(r)
		return c
	}
}

// table is what the lint reads.
func (c randomCase) table() lint.Table {
	t := proofTable(c.policy)
	t.Channels = nil
	if !c.noMail {
		t.Channels = append(t.Channels, recovery.ChannelMail)
	}
	if !c.noText {
		t.Channels = append(t.Channels, recovery.ChannelSMS)
	}
	t.Ways = map[lint.Goal][]lint.Way{}
	for goal := range c.policy.Ways {
		for _, w := range c.policy.Read(goal, !c.noMail) {
			t.Ways[lint.Goal(goal)] = append(t.Ways[lint.Goal(goal)], lint.Way{Proofs: w.Proofs, Wait: w.Wait, WithoutFactor: w.WithoutFactor, WeakOK: w.WeakOK})
		}
	}
	return t
}

// drawPolicy takes some ways of the default, or writes some.
func drawPolicy(r *rand.Rand) *recovery.Policy {
	p := proofPolicy()
	for _, goal := range recovery.Goals() {
		switch r.IntN(4) {
		case 0:
			p.Ways[goal] = nil
		case 1:
		default:
			p.Ways[goal] = nil
			for range 1 + r.IntN(3) {
				p.Ways[goal] = append(p.Ways[goal], drawWay(r, goal))
			}
		}
	}
	if r.IntN(6) == 0 {
		p.Ask = map[string][]recovery.Kind{recovery.SecurityQuestion: {recovery.KindRecover}}
	}
	return p
}

func drawWay(r *rand.Rand, goal recovery.Goal) recovery.Way {
	words := []string{
		recovery.MailLink, recovery.MailLink, recovery.MailCode, recovery.SMSCode, recovery.RecoveryCode, recovery.RecoveryCode,
		recovery.Password, recovery.TOTP, recovery.Factor, recovery.VouchedBy + "*2", recovery.PIN, recovery.Admin,
	}
	var w recovery.Way
	for n := 1 + r.IntN(3); len(w.Proofs) < n; {
		if word := words[r.IntN(len(words))]; !slices.Contains(w.Proofs, word) {
			w.Proofs = append(w.Proofs, word)
		}
	}
	w.Wait = []time.Duration{0, 0, recovery.MinWait, 2 * recovery.MinWait}[r.IntN(4)]
	w.WithoutFactor = goal == recovery.GoalPassword && r.IntN(3) == 0
	return w
}

func (c randomCase) drawShape(r *rand.Rand) lint.Shape {
	var words []string
	add := func(of int, word string) {
		if r.IntN(of) > 0 {
			words = append(words, word)
		}
	}
	add(5, lint.SourceTOTP)
	add(4, lint.SourceCodes)
	add(5, lint.SourceMail)
	add(2, lint.SourceSMS)
	add(2, lint.SourceDevice)
	if c.asks(recovery.VouchedBy+"*2", recovery.VouchedBy) {
		add(2, lint.SourceContact+"*2")
	}
	if c.asks(recovery.PIN) || len(c.policy.Ask[recovery.PIN]) > 0 {
		add(4, recovery.PIN)
	}
	if len(c.policy.Ask[recovery.SecurityQuestion]) > 0 {
		add(4, recovery.SecurityQuestion)
	}
	return lint.Having(words...)
}

// asks tells whether a way asks for one of the words.
func (c randomCase) asks(words ...string) bool {
	return slices.ContainsFunc(recovery.Goals(), func(g recovery.Goal) bool {
		return slices.ContainsFunc(c.policy.Ways[g], func(w recovery.Way) bool {
			return slices.ContainsFunc(words, func(word string) bool { return slices.Contains(w.Proofs, word) })
		})
	})
}

// String tells the case as a Caddyfile would.
func (c randomCase) String() string {
	var out []string
	for _, goal := range recovery.Goals() {
		if len(c.policy.Ways[goal]) == 0 {
			out = append(out, fmt.Sprintf("%s off", goal))
		}
		for _, w := range c.policy.Ways[goal] {
			s := fmt.Sprintf("%s: %s", goal, strings.Join(w.Proofs, " "))
			if w.Wait > 0 {
				s += " wait " + lint.Delay(w.Wait).String()
			}
			if w.WithoutFactor {
				s += " without_factor"
			}
			if w.WeakOK {
				s += " weak_ok"
			}
			out = append(out, s)
		}
	}
	return fmt.Sprintf("%s; ask %v; no mail %v, no text %v; %s", strings.Join(out, "; "), c.policy.Ask, c.noMail, c.noText, c.shape)
}

// compare holds lint and engine against each other in the case, with an attacker
// for whom the account is closed whenever that helps.
func (c randomCase) compare(t *testing.T, m *mutant, n *tally) []string {
	t.Helper()
	inst := newInstallation(t, c.policy, m)
	inst.noMail, inst.noText, inst.closes, inst.fewChanges = c.noMail, c.noText, true, !c.asks(recovery.TOTP, recovery.Factor)
	// A search that is not at its end by then is counted as such and proves nothing.
	inst.most, inst.namesContacts = 1500, c.asks(recovery.VouchedBy+"*2", recovery.VouchedBy) && c.shape.Has(lint.SourceDevice)
	found := lint.Analyze(c.table(), c.shape)
	return inst.compare(c.shape, slices.Concat(found.Sets, found.Helped), n)
}

// keptCases are those that failed once, or that somebody has broken.
func keptCases() map[string]randomCase {
	ways := func(second, both string, wait time.Duration) *recovery.Policy {
		p := proofPolicy()
		p.Ways[recovery.GoalSecondFactor] = []recovery.Way{{Proofs: strings.Fields(second), Wait: wait}}
		p.Ways[recovery.GoalBoth] = nil
		if both != "" {
			p.Ways[recovery.GoalBoth] = []recovery.Way{{Proofs: strings.Fields(both), Wait: wait}}
		}
		return p
	}
	off := ways("password recovery_code", "mail_link sms_code recovery_code", 0)
	off.Ways[recovery.GoalPassword] = nil
	return map[string]randomCase{
		// Every notice of the wait went to the mailbox that the thief had begun with.
		"a wait that only the first proof would hear of": {policy: ways("password", "", recovery.MinWait), shape: lint.Having("totp", "mail")},
		"a wait that a browser hears of":                 {policy: ways("password", "", recovery.MinWait), shape: lint.Having("totp", "mail", "device")},
		"a closed account has no browser that hears":     {policy: ways("password", "recovery_code mail_link", recovery.MinWait), shape: lint.Having("totp", "recovery_code", "mail")},
		"closing opens what is off for the password":     {policy: off, shape: lint.Having("recovery_code", "mail", "sms")},
		"a case is enough for a closed account":          {policy: ways("password recovery_code", "", 0), shape: lint.Having("totp", "mail", "sms", "admin")},
		"a case waits as long as the policy says":        {policy: ways("password recovery_code", "admin mail_link", 2*recovery.MinWait), shape: lint.Having("totp", "mail", "sms", "admin")},
		"without a second factor":                        {policy: ways("password recovery_code", "", 0), shape: lint.Having("mail", "admin")},
	}
}

// TestLintIsExactForKeptPolicies holds lint and engine against each other in them.
func TestLintIsExactForKeptPolicies(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	for name, c := range keptCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.explore(t)
		})
	}
}

// Mistakes about closing and waiting must show in them.
func TestProofSeesMutantsInKeptPolicies(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	for name, m := range map[string]mutant{
		"a case waits as long as the policy says": {name: "a closed account waits for nothing", reads: func(a *recovery.Account, now time.Time) {
			for i := range a.Waits {
				if a.State == recovery.StateFrozen {
					a.Waits[i].Began, a.Waits[i].Ready = time.Time{}, now
				}
			}
		}},
		"a wait that only the first proof would hear of": {name: "somebody always hears", reads: func(a *recovery.Account, now time.Time) {
			addHearing(a, now)
		}},
		"closing opens what is off for the password": {name: "any way opens a closed account", ways: func(p *recovery.Policy) {
			p.Ways[recovery.GoalBoth] = append(p.Ways[recovery.GoalBoth], recovery.Way{Proofs: []string{recovery.RecoveryCode, recovery.MailLink}})
		}},
	} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			var n tally
			holes := keptCases()[name].compare(t, &m, &n)
			if len(holes) == 0 {
				t.Fatalf("got no difference in %s, want one", n)
			}
			t.Log(holes[0])
		})
	}
}

// fixedSeeds are the dozen of "make test": of the quick ones, those with most sets.
func fixedSeeds() []uint64 { return []uint64{5, 6, 7, 8, 9, 10, 16, 24, 25, 29, 30, 31} }

// TestLintIsExactForRandomPolicies draws policies and accounts.
func TestLintIsExactForRandomPolicies(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	seeds := fixedSeeds()
	for _, seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			drawCase(seed).explore(t)
		})
	}
}

// TestSoakLintIsExactForRandomPolicies draws 200 of them.
func TestSoakLintIsExactForRandomPolicies(t *testing.T) {
	if os.Getenv("SPAREKEY_SOAK") == "" {
		t.Skip("make soak runs it")
	}
	for seed := range uint64(200) {
		t.Run(fmt.Sprint(seed+1), func(t *testing.T) {
			t.Parallel()
			drawCase(seed + 1).explore(t)
		})
	}
}

// explore compares, and prints the figures.
func (c randomCase) explore(t *testing.T) {
	t.Helper()
	var n tally
	begun := time.Now()
	for _, hole := range c.compare(t, nil, &n) {
		t.Errorf("%s\n%s", c, hole)
	}
	t.Log(t.Name(), n, time.Since(begun).Round(time.Millisecond), c)
}
