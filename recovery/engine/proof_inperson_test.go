package engine_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// inPersonMove lets an administrator at the attacker's service open a case and
// hand the code over, and begins with it.
func (inst *installation) inPersonMove() move {
	return move{"begin with a code of an administrator", func(s *attackState) bool {
		code := inst.inPersonCode()
		s.client = stranger()
		return code != "" && inst.send(s, recovery.Input{Code: secret.Text(code)})
	}}
}

const adminName = "boss"

// addAdmin makes an administrator, who has a second factor.
func (inst *installation) addAdmin() {
	s := inst.activate(recovery.NewAccount{Name: adminName, Groups: []string{recovery.GroupAdmins}}, contactPassword)
	inst.forget(s)
	inst.adminKey = s.holdings.totpKey
}

// opensCase lets the administrator sign in and open a case for alice; false:
// refused.
func (inst *installation) opensCase() (*attackState, bool) { return inst.asksCase("") }

// asksCase is opensCase with what was chosen.
func (inst *installation) asksCase(choice string) (*attackState, bool) {
	b := &attackState{client: stranger()}
	factor := func(ok bool) bool {
		for ok && b.flow != nil && b.step.Method == recovery.TOTP {
			ok = inst.send(b, inst.totpForm(inst.adminKey))
		}
		return ok
	}
	ok := factor(inst.send(b, recovery.Input{Start: recovery.KindLogin, Name: adminName, Password: contactPassword}))
	b.client.Session, b.client.Device = b.holdings.session, b.holdings.device
	ok = ok && factor(inst.send(b, recovery.Input{Start: recovery.KindOpenCase, Name: "alice", Choice: choice, Reason: "was asked to"}))
	return b, ok
}

// inPersonCode opens a case for alice and returns the code shown.
func (inst *installation) inPersonCode() string {
	b, ok := inst.opensCase()
	if !ok || b.flow == nil {
		return ""
	}
	code := method.Handed(b.flow.Pending[recovery.AdminInPerson].Data)
	if !inst.send(b, recovery.Input{Choice: "saved"}) {
		inst.t.Fatalf("case: got a refusal at %+v, want a code", b.step)
	}
	return code
}

// writtenPolicy has a case in person for one goal only, where mail can be sent.
func writtenPolicy() *recovery.Policy {
	p := proofPolicy()
	p.Ways[recovery.GoalSecondFactor] = []recovery.Way{{Proofs: []string{recovery.Password, recovery.AdminInPerson}}}
	return p
}

// TestLintIsExactInPerson holds lint and engine against each other with an
// administrator among the sources: where no mail can be sent, where the
// operator wrote admin_in_person, and for an account that is itself an
// administrator's. Authority is not compared with the login, but what it can do
// is listed exactly.
func TestLintIsExactInPerson(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	full := lint.Having("totp", "recovery_code", "sms", "admin_in_person")
	shapes := []lint.Shape{
		full,
		lint.Having("totp", "recovery_code", "sms", "admin_in_person", "manages"),
		lint.Having("totp", "recovery_code", "sms", "device", "admin_in_person", "manages"),
		lint.Having("totp", "recovery_code", "admin_in_person"),            // nothing a wait could be told by
		lint.Having("totp", "recovery_code", "admin_in_person", "manages"), // nor an administrator's
		lint.Having("totp", "recovery_code", "sms", "contact*2", "admin_in_person"),
		lint.Having("admin_in_person"),
		lint.Having("recovery_code", "sms", "admin_in_person", "manages"),
	}
	mailed := []lint.Shape{
		lint.Having("totp", "recovery_code", "mail", "sms", "admin_in_person"),
		lint.Having("totp", "recovery_code", "mail", "admin_in_person", "manages"),
	}
	for _, tc := range []struct {
		name   string
		policy *recovery.Policy
		mute   bool
		shapes []lint.Shape
	}{
		{"no mail", proofPolicy(), true, shapes},
		{"written", writtenPolicy(), false, mailed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var n tally
			for _, shape := range tc.shapes {
				for _, hole := range compareInPerson(t, tc.policy, nil, tc.mute, shape, &n) {
					t.Error(hole)
				}
			}
			t.Log(n)
		})
	}
}

// compareInPerson compares with all sets the lint names, those with help included.
func compareInPerson(t *testing.T, p *recovery.Policy, m *mutant, mute bool, shape lint.Shape, n *tally) []string {
	t.Helper()
	inst := newInstallation(t, p, m)
	inst.noMail = mute
	inst.addAdmin()
	r := lint.Analyze(inPersonTable(p, mute), shape)
	return inst.compare(shape, append(r.Sets, r.Helped...), n)
}

// Mistakes about cases in person must make the proof above fail.
func TestProofSeesMutantsInPerson(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	manages := lint.Having("totp", "recovery_code", "mail", "sms", "admin_in_person", "manages")
	mute := lint.Having("totp", "recovery_code", "admin_in_person", "manages")
	list := []mutant{
		{name: "an administrator's code counts at once", shape: manages, reads: func(a *recovery.Account, _ time.Time) {
			if a.Name == "alice" {
				a.Groups = nil
			}
		}},
		{name: "an administrator's code needs nobody who would hear of it", shape: mute, reads: func(a *recovery.Account, now time.Time) {
			if a.Name == "alice" {
				addHearing(a, now)
			}
		}},
		{name: "the code alone replaces the second factor", shape: manages, ways: func(p *recovery.Policy) {
			p.Ways[recovery.GoalSecondFactor] = []recovery.Way{{Proofs: []string{recovery.AdminInPerson}}}
		}},
	}
	for _, m := range list {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			var n tally
			p := proofPolicy()
			if m.shape.Has(lint.SourceMail) {
				p = writtenPolicy()
			}
			holes := compareInPerson(t, p, &m, !m.shape.Has(lint.SourceMail), m.shape, &n)
			if len(holes) == 0 {
				t.Fatalf("got no difference between lint and engine in %s, want one", n)
			}
			t.Log(holes[0])
		})
	}
}

// inPersonTable is the policy as it is read with or without mail.
func inPersonTable(p *recovery.Policy, mute bool) lint.Table {
	t := proofTable(p)
	if !mute {
		return t
	}
	t.Channels = []string{recovery.ChannelSMS}
	t.Ways = map[lint.Goal][]lint.Way{}
	for goal := range p.Ways {
		for _, w := range p.Read(goal, false) {
			t.Ways[lint.Goal(goal)] = append(t.Ways[lint.Goal(goal)], lint.Way{Proofs: w.Proofs, Wait: w.Wait, WithoutFactor: w.WithoutFactor})
		}
	}
	return t
}
