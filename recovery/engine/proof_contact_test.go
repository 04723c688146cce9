package engine_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// contactPolicy is a policy with one way for both, which nothing but people who
// vouch can begin, and one for the second factor that cannot begin by itself.
func contactPolicy(both ...string) *recovery.Policy {
	p := proofPolicy()
	p.Ways = map[recovery.Goal][]recovery.Way{
		recovery.GoalPassword:     {{Proofs: []string{recovery.TOTP, recovery.SMSCode}}},
		recovery.GoalSecondFactor: {{Proofs: []string{recovery.Password, recovery.SMSCode}}},
		recovery.GoalBoth:         {{Proofs: both}},
	}
	return p
}

// contactPolicies are those in which people are asked before anything is shown.
func contactPolicies() map[string]*recovery.Policy {
	return map[string]*recovery.Policy{
		"people alone":            contactPolicy("contact*2"),
		"people and the password": contactPolicy("contact*2", recovery.Password),
		"people and the number":   contactPolicy("contact*2", recovery.SMSCode),
	}
}

func contactShapes() []lint.Shape {
	return []lint.Shape{
		lint.Having("totp", "recovery_code", "sms", "contact*2"),
		lint.Having("totp", "mail", "sms", "contact*2"),
		lint.Having("totp", "recovery_code", "contact*2"),
		lint.Having("totp", "sms"),
		lint.Having("contact*2"),
	}
}

// TestLintIsExactFromContacts holds lint and engine against each other where a
// recovery can begin with people who vouch.
func TestLintIsExactFromContacts(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	var n tally
	shapes := contactShapes()
	for name, p := range contactPolicies() {
		for _, shape := range shapes {
			for _, hole := range compare(t, p, nil, shape, &n) {
				t.Errorf("%s: %s", name, hole)
			}
		}
	}
	t.Log(n)
}

// TestAttackerFreezesFromContacts lets those who vouch be the attacker's friends: an
// account that was closed asks for no less of them than it did when it was open.
func TestAttackerFreezesFromContacts(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	var n tally
	for name, p := range contactPolicies() {
		for _, shape := range contactShapes()[:2] {
			inst := newInstallation(t, p, nil)
			begin := inst.openAccount(shape)
			inst.pressesStop = true
			for _, sources := range maximalSets(shape, lint.Analyze(proofTable(p), shape).Sets) {
				if !slices.Contains(sources, "contact*2") {
					continue
				}
				n.maximal++
				x := &search{inst: inst, horizon: horizon}
				end := x.run(inst.attacker(begin, sources))
				n.states, n.steps = n.states+len(x.seen), n.steps+x.steps
				if end != nil {
					t.Errorf("%s: %s: %v signed in: %s", name, shape, sources, strings.Join(end.path, ", "))
				}
			}
			n.shapes++
		}
	}
	if n.maximal == 0 {
		t.Error("got no set to try, want some")
	}
	t.Log(n)
}
