package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// modelPasskey stands for a passkey: what it signs is left out, and what it is worth
// is not. One that begins with a 'v' verifies its owner, and is both factors then; one
// that begins with a 'd' would, and is in doubt.
type modelPasskey struct{ trusting, doubtless bool }

func (modelPasskey) Traits() recovery.Traits {
	return recovery.Traits{
		Name: recovery.Passkey, Source: "passkey", Class: recovery.ClassHeld, Factor: true, First: true, Several: true, Silent: true,
		Throttle: recovery.ThrottleFlow, Page: recovery.PageFactor, Wrong: recovery.ProblemCode,
	}
}

// proofMethods are all there are, with a model in the place of passkeys: the attackers
// of the proof sign nothing. Where the policy has people make none, there are none.
func proofMethods(p *recovery.Policy, set method.Set) *recovery.Methods {
	all := method.All(set)
	var list []recovery.Method
	for _, name := range all.Names() {
		if name != recovery.Passkey {
			list = append(list, all.Get(name))
		}
	}
	if slices.Contains(p.Enrol, recovery.Passkey) {
		list = append(list, modelPasskey{})
	}
	return recovery.NewMethods(set.Has, list...)
}

func (m modelPasskey) Ready(a *recovery.Account, _ time.Time) bool {
	return slices.ContainsFunc(a.CredentialsOf(recovery.Passkey), func(c recovery.Credential) bool { return !m.Doubted(c) })
}

func (m modelPasskey) Doubted(c recovery.Credential) bool {
	return c.Method == recovery.Passkey && c.Data[1] == 'd' && !m.doubtless
}

func (modelPasskey) Settle(*recovery.Account, []recovery.Proof) {}

func (modelPasskey) Vindicate(a *recovery.Account, credential string) {
	for i, c := range a.Credentials {
		if c.ID == credential {
			a.Credentials[i].Data = json.RawMessage(strings.Replace(string(c.Data), "d", "v", 1))
		}
	}
}

// Named implements [recovery.Namer]: "passkey ID SECRET".
func (m modelPasskey) Named(in recovery.Input) string {
	words := strings.Fields(string(in.Code))
	if len(words) == 3 && words[0] == "passkey" && (m.trusting || words[2][0] == 'v') {
		return words[1]
	}
	return ""
}

func (m modelPasskey) Verify(_ context.Context, t recovery.Try) (recovery.Verdict, error) {
	for _, c := range t.Account.CredentialsOf(recovery.Passkey) {
		var made string
		if json.Unmarshal(c.Data, &made) == nil && !m.Doubted(c) && strings.HasSuffix(string(t.Input.Code), made[1:]) {
			return recovery.Verdict{OK: true, Credential: c.ID, Version: c.Version, Alone: m.trusting || made[0] != 'u'}, nil
		}
	}
	return recovery.Verdict{}, nil
}

func (modelPasskey) EnrollPage() string { return recovery.PageEnroll }

func (modelPasskey) Offer(recovery.Try) (json.RawMessage, error) {
	return json.Marshal("v" + secret.Token(8))
}

func (modelPasskey) Confirm(_ context.Context, t recovery.Try, offered json.RawMessage) (json.RawMessage, *recovery.Problem, error) {
	return key{}.Confirm(context.Background(), t, offered)
}

func (inst *installation) passkeyForm(made string) recovery.Input {
	return recovery.Input{Code: secret.Text("passkey " + inst.ownerID + " " + made)}
}

// fitPasskey takes the passkey of an activation away, or makes it one that verifies
// nobody, or takes the password away, as the shape says.
func (inst *installation) fitPasskey(s *attackState, shape lint.Shape) {
	if shape.Has(lint.TraitNoPassword) {
		inst.drop(s, recovery.Password)
		s.holdings.password = ""
	}
	switch {
	case !shape.Has(lint.SourcePasskey):
		inst.drop(s, recovery.Passkey)
		s.holdings.passkey = ""
	case !shape.Has(lint.TraitVerified):
		s.holdings.passkey = "u" + s.holdings.passkey[1:]
		inst.change(func(a *recovery.Account) {
			a.Credential(recovery.Passkey).Data = json.RawMessage(`"` + s.holdings.passkey + `"`)
		})
	}
}

// doubtedPasskey is one of the owner that is in doubt, of which the attacker has a copy.
const doubtedPasskey = "dOfBothOfThem"

// addDoubted adds that to the account.
func (inst *installation) addDoubted() {
	inst.change(func(a *recovery.Account) {
		a.Credentials = append(a.Credentials, recovery.Credential{ID: "doubted", Method: recovery.Passkey, Version: 1, Data: json.RawMessage(`"` + doubtedPasskey + `"`)})
	})
}

// oneMoves are what can be done in a session to one of several passkeys: take it off,
// and say that a doubted one is one's own.
func (inst *installation) oneMoves(c recovery.Client) (out []move) {
	a := inst.account(inst.ownerID)
	for _, p := range a.CredentialsOf(recovery.Passkey) {
		if inst.engine.Methods.Spares(a, p.ID, inst.now) {
			out = append(out, inst.beginMove(c, p.ID+" in the session", recovery.Input{Start: recovery.KindDropOne, Choice: p.ID}))
		}
		if x, ok := inst.engine.Methods.Get(recovery.Passkey).(recovery.Settler); ok && x.Doubted(p) {
			out = append(out, inst.beginMove(c, p.ID+" in the session", recovery.Input{Start: recovery.KindTakeOne, Choice: p.ID}))
		}
	}
	return out
}

// passkeyPolicy has people make passkeys.
func passkeyPolicy() *recovery.Policy {
	p := proofPolicy()
	p.Enrol = []string{recovery.Passkey}
	return p
}

func passkeyShapes() []lint.Shape {
	return []lint.Shape{
		lint.Having("passkey", "verified", "recovery_code", "mail", "sms"),
		lint.Having("passkey", "recovery_code", "mail", "sms"),
		lint.Having("passkey", "verified", "recovery_code", "mail"),
		lint.Having("passkey", "verified", "mail", "device"),
		lint.Having("passkey", "recovery_code", "mail", "contact*2"),
		lint.Having("passkey", "recovery_code", "mail"),
		lint.Having("passkey", "verified", "no_password", "recovery_code", "mail", "sms"),
		lint.Having("passkey", "verified", "no_password", "recovery_code", "mail", "device"),
	}
}

// TestLintIsExactWithPasskeys is the proof for accounts whose second factor is a
// passkey, which verifies its owner or does not.
func TestLintIsExactWithPasskeys(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	var n tally
	for _, shape := range passkeyShapes() {
		for _, hole := range compare(t, passkeyPolicy(), nil, shape, &n) {
			t.Error(hole)
		}
	}
	t.Log(n)
}

// eitherPolicy has people make an app or a passkey. The owner has an app, and whoever
// comes by a session and a proof can add a passkey beside it.
func eitherPolicy() *recovery.Policy {
	p := proofPolicy()
	p.Enrol = []string{recovery.TOTP, recovery.Passkey}
	return p
}

// TestLintIsExactWhereAPasskeyCanBeAdded is the proof for accounts with an app.
func TestLintIsExactWhereAPasskeyCanBeAdded(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	var n tally
	for _, shape := range []lint.Shape{
		lint.Having("totp", "recovery_code", "mail", "device"),
		lint.Having("totp", "recovery_code", "mail", "sms"),
	} {
		for _, hole := range compare(t, eitherPolicy(), nil, shape, &n) {
			t.Error(hole)
		}
	}
	for _, hole := range compareDoubted(t, nil, &n) {
		t.Error(hole)
	}
	t.Log(n)
}

// compareDoubted is compare for an account with an app and a doubted passkey, which is
// worth nothing to who has a copy of it, until its owner has said otherwise.
func compareDoubted(t *testing.T, m *mutant, n *tally) []string {
	t.Helper()
	shape := lint.Having("totp", "recovery_code", "mail", "device")
	inst := newInstallation(t, eitherPolicy(), m)
	inst.doubted = true
	found := lint.Analyze(proofTable(eitherPolicy()), shape)
	return inst.compare(shape, slices.Concat(found.Sets, found.Helped), n)
}

// ownerRecovers lets the owner get the account back by a code and the mailbox, with
// a new password and a new factor.
func (inst *installation) ownerRecovers(begin *attackState) *attackState {
	inst.t.Helper()
	s := inst.attacker(begin, nil)
	s.holdings, s.client = inst.owner, stranger()
	inst.restore(begin)
	ok := inst.send(s, recovery.Input{Start: recovery.KindRecover, Name: "alice"})
	for _, proof := range []string{recovery.MailLink, "", recovery.RecoveryCode} {
		in := recovery.Input{Choice: string(recovery.GoalBoth)}
		if proof != "" {
			in, _ = inst.proofForm(s, proof)
		}
		ok = ok && inst.send(s, in)
	}
	for ok && s.flow != nil && s.step.Enroll {
		ok = inst.enrol(s)
	}
	if !ok || s.flow != nil {
		inst.t.Fatalf("the owner got stuck at %+v", s.step)
	}
	inst.owner = s.holdings
	inst.now = inst.now.Add(4 * 24 * time.Hour) // the ban is over
	inst.save(s)
	return s
}

// afterRecovery lists what signs in that should not, after the owner has recovered.
func afterRecovery(t *testing.T, m *mutant, shape lint.Shape) (holes []string) {
	inst := newInstallation(t, passkeyPolicy(), m)
	begin := inst.ownerRecovers(inst.openAccount(shape))
	shape = shape.With(lint.TraitVerified) // the new one is
	for _, sources := range maximalSets(shape, lint.Analyze(proofTable(passkeyPolicy()), shape).Sets) {
		x := &search{inst: inst, horizon: horizon}
		if end := x.run(inst.attacker(begin, sources)); end != nil {
			holes = append(holes, fmt.Sprintf("%s: %v: signed in, the lint says never: %s", shape, sources, strings.Join(end.path, ", ")))
			if m != nil {
				return holes
			}
		}
	}
	return holes
}

// TestProofSeesMutantsOfPasskeys seeds the mistakes that passkeys make possible.
func TestProofSeesMutantsOfPasskeys(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	unverified := lint.Having("passkey", "recovery_code", "mail")
	var n tally
	twice := mutant{name: "a passkey that verifies nobody is counted twice", swap: map[string]func(any) recovery.Method{
		recovery.Passkey: func(any) recovery.Method { return modelPasskey{trusting: true} },
	}}
	if holes := compare(t, passkeyPolicy(), &twice, unverified, &n); len(holes) == 0 {
		t.Errorf("%s: got no difference between lint and engine", twice.name)
	}
	taken := mutant{name: "a doubted passkey is taken", swap: map[string]func(any) recovery.Method{
		recovery.Passkey: func(any) recovery.Method { return modelPasskey{doubtless: true} },
	}}
	if holes := compareDoubted(t, &taken, &n); len(holes) == 0 {
		t.Errorf("%s: got no difference between lint and engine", taken.name)
	}
	none := mutant{name: "a recovery leaves no second factor", reads: func(a *recovery.Account, _ time.Time) {
		if !a.Recovered.IsZero() {
			a.Drop(recovery.TOTP, recovery.Passkey)
			a.SecondFactor = false
		}
	}}
	if healthy := afterRecovery(t, nil, unverified); len(healthy) > 0 {
		t.Errorf("got %q of an engine without a mistake", healthy)
	}
	if holes := afterRecovery(t, &none, unverified); len(holes) == 0 {
		t.Errorf("%s: got no difference between lint and engine", none.name)
	}
}
