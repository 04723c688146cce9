package engine_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// errLost is a crash before a write, or a reply lost after it.
var errLost = errors.New("lost")

// randomPosts are two browsers that post whatever they like, legal or not, over a
// store that fails now and then.
type randomPosts struct {
	inst     *installation
	browsers [2]*attackState
	flows    []string        // every flow there was, to be posted to by the wrong browser
	spent    map[string]bool // single-use things that ended a flow
	done     map[recovery.Kind]int
	steps    int
}

// post sends one form and remembers what came of it.
func (x *randomPosts) post(t *rapid.T, s *attackState, in recovery.Input) {
	x.steps++
	o, err := x.inst.engine.Submit(x.inst.t.Context(), s.client, in)
	if err != nil && !errors.Is(err, errLost) {
		t.Fatalf("got error %v, want none but lost writes", err)
	}
	if o.FlowToken != "" {
		s.client.Flows = append([]string{o.FlowToken}, s.client.Flows...)
	}
	if o.Flow != nil && o.Finished == "" {
		s.flow, s.step, x.flows = o.Flow, o.Step, append(x.flows, o.Flow.ID)
	}
	if o.Finished == "" {
		return
	}
	x.done[o.Finished]++
	x.inst.finished(s, o)
	for _, b := range x.browsers {
		b.holdings = s.holdings // one person
	}
	for _, once := range o.Flow.Reserved {
		if x.spent[once.ID] {
			t.Fatalf("got a second success with %s, want one", once.ID)
		}
		x.spent[once.ID] = true
	}
	if o.Session == "" {
		return
	}
	has := o.Flow.Has
	if o.Finished != recovery.KindLogin || !has(recovery.Password) || !has(recovery.TOTP) && !has(recovery.RecoveryCode) {
		t.Fatalf("got a session from %s with %v, want password and a second factor", o.Finished, o.Flow.Proofs)
	}
}

// anyForm is a form that may or may not fit the step shown.
func (x *randomPosts) anyForm(t *rapid.T, s *attackState) recovery.Input {
	inst := x.inst
	var in recovery.Input
	if rapid.IntRange(0, 9).Draw(t, "legal") > 0 {
		return x.legalForm(t, s)
	}
	proofs := []string{recovery.Password, recovery.TOTP, recovery.RecoveryCode, recovery.MailLink, recovery.SMSCode, recovery.MailCode}
	switch rapid.IntRange(0, 6).Draw(t, "form") {
	case 0:
		in = recovery.Input{Start: rapid.SampledFrom([]recovery.Kind{recovery.KindLogin, recovery.KindRecover, recovery.KindUnlock, recovery.KindNewCodes, recovery.KindSetup}).Draw(t, "kind"), Name: "alice"}
		return in
	case 1:
		in.Choice = rapid.SampledFrom([]string{"password", "second_factor", "both", "wait", "saved", "approve"}).Draw(t, "choice")
	case 2:
		in.Method = rapid.SampledFrom(append(proofs, recovery.Rescue, recovery.Admin)).Draw(t, "method")
	case 3:
		in.NewPassword = "some new sentence that is long"
	case 4:
		in.Code = secret.Text(rapid.SampledFrom([]string{"000000", "ABCD-EFGH", "0000-0000-0000-0000"}).Draw(t, "wrong"))
	default:
		proof := s.step.Method
		if rapid.Bool().Draw(t, "other proof") {
			proof = rapid.SampledFrom(proofs).Draw(t, "proof")
		}
		lists := s.holdings.codes
		in, _ = inst.proofForm(s, proof)
		s.holdings.codes = lists // the same code again and again
	}
	if s.flow != nil {
		in.Flow = s.flow.ID
	}
	if len(x.flows) > 0 && rapid.IntRange(0, 4).Draw(t, "other flow") == 0 {
		in.Flow = rapid.SampledFrom(x.flows).Draw(t, "flow")
	}
	return in
}

// legalForm is the form that the step asks for.
func (x *randomPosts) legalForm(t *rapid.T, s *attackState) (in recovery.Input) {
	if s.flow == nil {
		if rapid.Bool().Draw(t, "recover") {
			return recovery.Input{Start: recovery.KindRecover, Name: "alice"}
		}
		return recovery.Input{Start: recovery.KindLogin, Name: "alice", Password: secret.Text(s.holdings.password)}
	}
	lists := s.holdings.codes
	switch {
	case s.step.Enroll:
		in = x.inst.enrolForm(s)
	case len(s.step.Choices) > 0:
		in.Choice = string(rapid.SampledFrom(s.step.Choices).Draw(t, "goal"))
	case len(s.step.Methods) > 0 && rapid.IntRange(0, 2).Draw(t, "pick") == 0:
		in.Method = recovery.Bare(rapid.SampledFrom(s.step.Methods).Draw(t, "method"))
	default:
		in, _ = x.inst.proofForm(s, s.step.Method)
	}
	s.holdings.codes, in.Flow = lists, s.flow.ID
	return in
}

// TestIllegalSteps lets two browsers do anything in any order.
func TestIllegalSteps(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	steps, done := 0, map[recovery.Kind]int{}
	inst := newInstallation(t, proofPolicy(), nil)
	begin := inst.openAccount(lint.Having("totp", "recovery_code", "mail", "sms"))
	rapid.Check(t, func(t *rapid.T) {
		inst.restore(begin)
		x := &randomPosts{inst: inst, spent: map[string]bool{}, done: done}
		for i := range x.browsers {
			x.browsers[i] = &attackState{holdings: inst.owner, client: stranger()}
		}
		for range rapid.IntRange(5, 40).Draw(t, "steps") {
			s := x.browsers[rapid.IntRange(0, 1).Draw(t, "browser")]
			in := x.anyForm(t, s)
			fail := rapid.IntRange(0, 30).Draw(t, "fail at write")
			lost := func(op, _ string) error {
				if fail--; op == memkv.OpSwap && fail == 0 {
					return errLost
				}
				return nil
			}
			faulty := &memkv.Faulty{Driver: inst.driver}
			if rapid.Bool().Draw(t, "reply lost") {
				faulty.After = lost
			} else {
				faulty.Before = lost
			}
			inst.store.Driver = faulty
			x.post(t, s, in)
			inst.store.Driver = inst.driver
			x.checkAccount(t)
		}
		steps += x.steps
	})
	t.Logf("%d steps, %d logins, %d recoveries", steps, done[recovery.KindLogin], done[recovery.KindRecover])
	if done[recovery.KindLogin] == 0 || done[recovery.KindRecover] == 0 {
		t.Errorf("got %v, want some of each: nothing was tried", done)
	}
}

// checkAccount holds whatever happens: the account keeps its password, and the
// second factor it signs in with.
func (x *randomPosts) checkAccount(t *rapid.T) {
	a := x.inst.account(x.inst.ownerID)
	if a.Credential(recovery.Password) == nil {
		t.Fatalf("got an account without password")
	}
	if !a.SecondFactor || a.Credential(recovery.TOTP) == nil {
		t.Fatalf("got an account without its second factor")
	}
	if len(a.Sessions) > 0 && slices.ContainsFunc(a.Sessions, func(s recovery.Session) bool { return len(s.Proofs) < 2 }) {
		t.Fatalf("got a session with one proof")
	}
}
