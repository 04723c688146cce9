package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// walk goes through a flow with what is held; false: it got stuck.
func (inst *installation) walk(s *attackState, in recovery.Input, goal recovery.Goal) bool {
	for ok := inst.send(s, in); ok; ok = inst.send(s, in) {
		switch {
		case s.flow == nil:
			return true
		case len(s.step.Choices) > 0:
			in = recovery.Input{Choice: string(goal)}
		case s.step.Enroll:
			in = inst.enrolForm(s)
		default:
			var has bool
			if in, has = inst.proofForm(s, s.step.Method); !has {
				return false
			}
		}
	}
	return false
}

// keeperMoves are what somebody does who has taken an account over and means to
// keep it, each in one go. quiet leaves out all that needs a sign-in.
func (inst *installation) keeperMoves(quiet bool) []move {
	session := func(name string, kind recovery.Kind) move {
		return move{name, func(s *attackState) bool {
			s.client = stranger()
			s.client.Device, s.client.Session = s.holdings.device, s.holdings.session
			return s.holdings.session != "" && inst.walk(s, recovery.Input{Start: kind}, "")
		}}
	}
	out := []move{inst.waitMove(72 * time.Hour), {"replace the authenticator", func(s *attackState) bool {
		s.client = stranger()
		return inst.walk(s, recovery.Input{Start: recovery.KindRecover, Name: "alice"}, recovery.GoalSecondFactor)
	}}}
	if quiet {
		return out
	}
	return append(out, inst.waitMove(24*time.Hour), move{"sign in", func(s *attackState) bool {
		s.client = stranger()
		return inst.walk(s, recovery.Input{Start: recovery.KindLogin, Name: "alice", Password: secret.Text(s.holdings.password)}, "")
	}}, session("make codes", recovery.KindNewCodes), session("a new authenticator in the session", recovery.KindAddFactor))
}

// keeps lists the states that somebody reaches within a time who has taken the
// account over, in up to so many moves.
func (inst *installation) keeps(taken *attackState, quiet bool, moves int, within time.Duration) []*attackState {
	x := &search{inst: inst}
	all, last := []*attackState{taken}, []*attackState{taken}
	for range moves {
		var next []*attackState
		for _, s := range last {
			for _, m := range inst.keeperMoves(quiet) {
				if t := x.try(s, m); t != nil && t.at.Sub(taken.at) < within {
					t.signedIn = false
					next = append(next, t)
				}
			}
		}
		all, last = append(all, next...), next
	}
	return all
}

// closedLater lets somebody replace the authenticator, keep the account for a
// while, and the owner close it then: with the first notice, while that lives,
// or with the newest where the attacker has never signed in. What was made in
// the meantime must not open it.
func closedLater(t *testing.T, m *mutant, n *tally) (holes []string) {
	t.Helper()
	inst := newInstallation(t, proofPolicy(), m)
	begin := inst.openAccount(lint.Having("totp", "recovery_code", "mail", "sms"))
	attacker := inst.attacker(begin, []string{lint.SourceMemory, lint.SourceMail, lint.SourceSMS})
	owner := holdings{reads: []string{aliceMail, alicePhone}}
	inst.restore(attacker)
	told := len(inst.outbox)
	if !inst.keeperMoves(true)[1].do(attacker) {
		t.Fatal("the authenticator was not replaced")
	}
	first := inst.outbox[told+slices.IndexFunc(inst.outbox[told:], func(m recovery.Message) bool { return m.Template == "notice" && m.Vars["stop"] != "" })]
	inst.save(attacker)
	for _, quiet := range []bool{true, false} {
		moves, within := 3, 7*24*time.Hour-time.Hour
		if quiet {
			moves, within = 5, horizon
		}
		for _, s := range inst.keeps(attacker, quiet, moves, within) {
			inst.restore(s)
			newest, _ := inst.newest(owner, "notice")
			for _, notice := range []recovery.Message{first, newest} {
				if m == nil || len(holes) == 0 { // one is enough to be found out
					holes = append(holes, inst.closedBy(notice, *s, quiet, n)...)
				}
			}
		}
	}
	return holes
}

// closedBy lets the owner press a notice in a state, and the attacker go on.
// Quiet: nothing may have been told for so long that no notice works any more.
func (inst *installation) closedBy(notice recovery.Message, s attackState, quiet bool, n *tally) []string {
	inst.restore(&s)
	if !inst.stop(notice) {
		if quiet {
			return nil
		}
		return []string{strings.Join(s.path, ", ") + ": the owner could not close it"}
	}
	inst.save(&s)
	x := &search{inst: inst, horizon: horizon}
	end := x.run(&s)
	n.maximal, n.states, n.steps = n.maximal+1, n.states+len(x.seen), n.steps+x.steps
	if end == nil {
		return nil
	}
	return []string{"closed by the owner and opened again: " + strings.Join(end.path, ", ")}
}

// voided is an account whose owner has made new codes because the old ones may
// be in other hands. Whoever has those, and the mailbox, closes it.
func voided(t *testing.T, m *mutant, n *tally) (holes []string) {
	t.Helper()
	inst := newInstallation(t, proofPolicy(), m)
	begin := inst.openAccount(lint.Having("totp", "recovery_code", "mail", "sms"))
	inst.restore(begin)
	inst.change(func(*recovery.Account) {}) // as it is read by now
	attacker := inst.attacker(begin, []string{lint.SourceCodes, lint.SourceMail})
	s := &attackState{holdings: inst.owner}
	if !inst.signIn(s) {
		t.Fatal("the owner is not signed in")
	}
	s.client.Device, s.client.Session = s.holdings.device, s.holdings.session
	for _, in := range []recovery.Input{{Start: recovery.KindNewCodes}, inst.totpForm(s.holdings.totpKey), {Choice: "saved", VoidCodes: true}} {
		if !inst.send(s, in) {
			t.Fatalf("the owner got stuck at %+v", s.step)
		}
	}
	inst.save(attacker)
	inst.pressesStop = true
	x := &search{inst: inst, horizon: horizon}
	if end := x.run(attacker); end != nil {
		holes = append(holes, "opened with codes that are void: "+strings.Join(end.path, ", "))
	}
	n.maximal, n.states, n.steps = n.maximal+1, n.states+len(x.seen), n.steps+x.steps
	return holes
}

// watched is an account whose owner signs in after each proof that somebody else
// has shown: no recovery gets to its end.
func watched(t *testing.T, m *mutant, n *tally) []string {
	t.Helper()
	inst := newInstallation(t, proofPolicy(), m)
	begin := inst.openAccount(lint.Having("totp", "recovery_code", "mail", "sms"))
	x := &search{inst: inst, horizon: 2 * 24 * time.Hour, ownerMoves: func(s *attackState) {
		if s.flow != nil && len(s.flow.Proofs) > 0 {
			inst.signIn(&attackState{holdings: inst.owner})
		}
	}}
	end := x.run(inst.attacker(begin, []string{lint.SourceMemory, lint.SourceMail, lint.SourceSMS}))
	n.minimal, n.states, n.steps = n.minimal+1, n.states+len(x.seen), n.steps+x.steps
	if end == nil {
		return nil
	}
	return []string{"recovered although the owner signed in: " + strings.Join(end.path, ", ")}
}

// closingPolicies are those that closing could help to walk around.
func closingPolicies() map[string]*recovery.Policy {
	waited := proofPolicy()
	waited.Ways[recovery.GoalPassword] = nil
	waited.Ways[recovery.GoalBoth] = []recovery.Way{{Proofs: []string{recovery.RecoveryCode, recovery.MailLink}, Wait: recovery.MinWait}}
	off := proofPolicy()
	off.Ways[recovery.GoalBoth] = nil
	return map[string]*recovery.Policy{"codes and mailbox wait": waited, "both off": off}
}

// closing lets an attacker press "this wasn't me" who holds a minimal set: that
// opens nothing any sooner, and nothing that the lint leaves out.
func closing(t *testing.T, p *recovery.Policy, m *mutant, shape lint.Shape, n *tally) []string {
	t.Helper()
	inst := newInstallation(t, p, m)
	inst.pressesStop = true
	found := lint.Analyze(proofTable(p), shape)
	return inst.compare(shape, slices.Concat(found.Sets, found.Helped), n)
}

// TestClosedAccounts is the part of the proof that is about closed accounts.
func TestClosedAccounts(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	for name, look := range map[string]func(*testing.T, *mutant, *tally) []string{
		"closed by the owner later": closedLater, "codes that are void": voided, "the owner acts": watched,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n tally
			for _, hole := range look(t, nil, &n) {
				t.Error(hole)
			}
			t.Log(n)
		})
	}
	for name, p := range closingPolicies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n tally
			for _, shape := range []lint.Shape{lint.Having("totp", "recovery_code", "mail", "sms"), lint.Having("totp", "recovery_code", "mail")} {
				for _, hole := range closing(t, p, nil, shape, &n) {
					t.Error(hole)
				}
			}
			t.Log(n)
		})
	}
}

// closedMutants are the mistakes about closed accounts.
func closedMutants() map[string]struct {
	look  func(*testing.T, *mutant, *tally) []string
	reads func(*recovery.Account, time.Time)
} {
	type mistake = struct {
		look  func(*testing.T, *mutant, *tally) []string
		reads func(*recovery.Account, time.Time)
	}
	counts := func(when func(a *recovery.Account, c *recovery.Credential, now time.Time) bool) func(*recovery.Account, time.Time) {
		return func(a *recovery.Account, now time.Time) {
			if c := a.Credential(recovery.RecoveryCode); c != nil && a.State == recovery.StateActive && when(a, c, now) {
				c.Opens = true
			}
		}
	}
	waited := func(t *testing.T, m *mutant, n *tally) []string {
		t.Helper()
		return closing(t, closingPolicies()["codes and mailbox wait"], m, lint.Having("totp", "recovery_code", "mail", "sms"), n)
	}
	return map[string]mistake{
		"the act is that of a factor from the same recovery": {closedLater, counts(func(a *recovery.Account, c *recovery.Credential, _ time.Time) bool {
			return a.Credential(recovery.TOTP) != nil && a.Credential(recovery.TOTP).Created.Equal(c.Created)
		})},
		"the act comes within the seven days": {closedLater, counts(func(a *recovery.Account, c *recovery.Credential, _ time.Time) bool {
			return a.LastAct.SignIn && a.LastAct.At.After(c.Created)
		})},
		"time is enough": {closedLater, counts(func(_ *recovery.Account, c *recovery.Credential, now time.Time) bool {
			return now.Sub(c.Created) >= 7*24*time.Hour
		})},
		"codes made after a replaced factor age into the old ones": {closedLater, keepLastSheet()},
		"the old sheet is kept though void":                        {voided, keepFirstSheet()},
		"nobody counts the acts of the owner":                      {watched, func(a *recovery.Account, _ time.Time) { a.Acts = 0 }},
		"a closed account waits for nothing": {waited, func(a *recovery.Account, now time.Time) {
			for i := range a.Waits {
				if a.State == recovery.StateFrozen {
					a.Waits[i].Began, a.Waits[i].Ready = time.Time{}, now
				}
			}
		}},
	}
}

// keepLastSheet keeps the sheet before the present one, whether it counts or not.
func keepLastSheet() func(*recovery.Account, time.Time) {
	var seen []recovery.Credential
	return func(a *recovery.Account, _ time.Time) {
		c := a.Credential(recovery.RecoveryCode)
		if c == nil || a.Name != "alice" {
			return
		}
		if !slices.ContainsFunc(seen, func(x recovery.Credential) bool { return x.ID == c.ID }) {
			seen = append(seen, *c)
		}
		for _, x := range seen {
			if a.State == recovery.StateActive && x.Version+1 == c.Version && x.Created.Before(c.Created) {
				a.OldCodes = &recovery.OldCodes{Made: x.Created, Codes: x.Data}
			}
		}
	}
}

// keepFirstSheet keeps the first sheet there was.
func keepFirstSheet() func(*recovery.Account, time.Time) {
	var first *recovery.Credential
	return func(a *recovery.Account, _ time.Time) {
		c := a.Credential(recovery.RecoveryCode)
		if c == nil || a.Name != "alice" {
			return
		}
		if first == nil {
			first = new(recovery.Credential)
			*first = *c
		}
		if a.State == recovery.StateActive && c.ID != first.ID {
			a.OldCodes = &recovery.OldCodes{Made: first.Created, Codes: first.Data}
		}
	}
}

// TestProofSeesMutantsOfClosedAccounts seeds the mistakes about closed accounts.
func TestProofSeesMutantsOfClosedAccounts(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	for name, x := range closedMutants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n tally
			holes := x.look(t, &mutant{name: name, reads: x.reads}, &n)
			if len(holes) == 0 {
				t.Fatalf("got no difference in %s, want one", n)
			}
			t.Log(holes[0])
		})
	}
}
