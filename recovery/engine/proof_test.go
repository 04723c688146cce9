package engine_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// openAccount makes the account of a shape by its ordinary activation and takes away
// what the shape lacks: the browser in which that ended signed in, too.
func (inst *installation) openAccount(shape lint.Shape) *attackState {
	inst.t.Helper()
	others := slices.Clone(contacts()[:shape.Count(lint.SourceContact)])
	if inst.namesContacts {
		others = append(others, accomplices()...)
	}
	if shape.Has(lint.SourceAdmin) {
		inst.addAdmin()
	}
	for _, name := range others {
		f := inst.activate(recovery.NewAccount{Name: name}, contactPassword)
		inst.forget(f)
		inst.drop(f, recovery.TOTP, recovery.Passkey, recovery.RecoveryCode)
	}
	n := recovery.NewAccount{Name: "alice"}
	if shape.Has(lint.SourceMail) {
		n.Mail = aliceMail
	}
	if shape.Has(lint.SourceSMS) {
		n.Phone = alicePhone
	}
	s := inst.activate(n, "")
	inst.ownerID, inst.knownBrowser = inst.idOf("alice"), !shape.Has(lint.SourceTOTP) && !shape.Has(lint.SourcePasskey)
	if !shape.Has(lint.SourceDevice) && !inst.knownBrowser {
		inst.forget(s)
	}
	if !shape.Has(lint.SourceTOTP) {
		inst.drop(s, recovery.TOTP)
	}
	inst.fitPasskey(s, shape)
	if inst.doubted {
		inst.addDoubted()
	}
	if !shape.Has(lint.SourceCodes) {
		inst.drop(s, recovery.RecoveryCode)
	}
	inst.change(func(a *recovery.Account) {
		if shape.Has(lint.TraitManages) {
			a.Groups = []string{recovery.GroupAdmins}
		}
		for _, name := range contacts()[:shape.Count(lint.SourceContact)] {
			a.TrustedContacts = append(a.TrustedContacts, recovery.TrustedContact{ID: inst.idOf(name), Name: name})
		}
	})
	inst.settle()
	inst.addMemorized(s, shape)
	s.holdings.reads, s.holdings.contacts = []string{aliceMail, alicePhone}, shape.Count(lint.SourceContact)
	inst.owner = s.holdings
	inst.now = inst.now.Add(time.Minute) // what is told from here on is younger than the codes
	inst.save(s)
	return s
}

// addMemorized gives the account the PIN and question of its shape.
func (inst *installation) addMemorized(s *attackState, shape lint.Shape) {
	add := func(has bool, name string, in recovery.Input) {
		if !has {
			return
		}
		data, p, err := inst.engine.Methods.Get(name).(recovery.Enroller).Confirm(inst.t.Context(), recovery.Try{Input: in}, nil)
		if p != nil || err != nil {
			inst.t.Fatalf("%s: got %v, %v", name, p, err)
		}
		inst.change(func(a *recovery.Account) {
			a.Drop(name)
			a.Credentials = append(a.Credentials, recovery.Credential{ID: name, Method: name, Version: 1, Created: inst.now.AddDate(0, -1, 0), Data: data})
		})
	}
	add(shape.Has(recovery.PIN), recovery.PIN, recovery.Input{PIN: alicePIN})
	add(shape.Has(recovery.SecurityQuestion), recovery.SecurityQuestion, recovery.Input{Answer: aliceAnswer, Choice: method.Questions()[0]})
	if shape.Has(recovery.PIN) {
		s.holdings.pin = alicePIN
	}
	if shape.Has(recovery.SecurityQuestion) {
		s.holdings.answer = aliceAnswer
	}
}

func (inst *installation) idOf(name string) string {
	a, err := inst.engine.Find(inst.t.Context(), name)
	if err != nil {
		inst.t.Fatal(err)
	}
	return a.ID
}

func (inst *installation) activate(n recovery.NewAccount, password string) *attackState {
	inst.t.Helper()
	a, token, err := inst.engine.AddUser(inst.t.Context(), n)
	if err != nil {
		inst.t.Fatal(err)
	}
	inst.ownerID = a.ID
	s := &attackState{client: stranger()}
	ok := inst.send(s, recovery.Input{Code: secret.Text(token)})
	if s.step.Ask == recovery.AskFactor {
		ok = ok && inst.send(s, recovery.Input{Method: s.step.Methods[0]})
	}
	if password != "" {
		s.enrolled.password = password
		ok = ok && inst.send(s, recovery.Input{NewPassword: secret.Text(password)})
	}
	for ok && s.flow != nil && (s.step.Enroll || s.step.Optional || s.step.Ask == recovery.AskFactor) {
		if s.step.Enroll {
			ok = inst.enrol(s)
			continue
		}
		if s.step.Ask == recovery.AskFactor {
			ok = inst.send(s, recovery.Input{Method: s.step.Methods[0]})
			continue
		}
		ok = inst.send(s, recovery.Input{Code: secret.Text(inst.outbox[len(inst.outbox)-1].Vars["code"])})
	}
	inst.outbox = slices.DeleteFunc(slices.Clone(inst.outbox), func(m recovery.Message) bool { return m.Template == "contact-code" })
	if !ok || s.flow != nil || s.holdings.session == "" {
		inst.t.Fatalf("activate %s: got stuck at %+v, signed in %v", n.Name, s.step, s.holdings.session != "")
	}
	return s
}

// forget signs the account out on every browser, which it knows no more.
func (inst *installation) forget(s *attackState) {
	inst.change(func(a *recovery.Account) { a.Sessions, a.Devices = nil, nil })
	s.holdings.session, s.holdings.device = "", ""
}

// drop removes credentials, so that nobody can use them.
func (inst *installation) drop(s *attackState, methods ...string) {
	inst.change(func(a *recovery.Account) {
		a.Drop(methods...)
		a.SecondFactor = a.Credential(recovery.TOTP) != nil || a.Credential(recovery.Passkey) != nil
	})
	if slices.Contains(methods, recovery.TOTP) {
		s.holdings.totpKey = ""
	}
	if slices.Contains(methods, recovery.RecoveryCode) {
		s.holdings.codes = nil
	}
}

// signIn is an ordinary login on a new browser, if the credentials still work.
func (inst *installation) signIn(s *attackState) bool {
	s.client = stranger()
	ok := inst.send(s, recovery.Input{Start: recovery.KindLogin, Name: "alice", Password: secret.Text(s.holdings.password)})
	if ok && s.flow != nil {
		in, has := inst.proofForm(s, s.step.Method)
		ok = has && inst.send(s, in)
	}
	return ok && s.signedIn
}

// attacker is somebody who holds some of the owner's sources and nothing else.
func (inst *installation) attacker(s *attackState, sources []string) *attackState {
	out := &attackState{at: s.at, records: s.records, messages: s.messages}
	if inst.doubted {
		out.holdings.passkey = "v" + doubtedPasskey[1:]
	}
	for _, source := range sources {
		name, n, _ := strings.Cut(source, "*")
		switch name {
		case lint.SourceMemory:
			out.holdings.password, out.holdings.pin, out.holdings.answer = inst.owner.password, inst.owner.pin, inst.owner.answer
		case lint.SourceTOTP:
			out.holdings.totpKey = inst.owner.totpKey
		case lint.SourcePasskey:
			out.holdings.passkey = inst.owner.passkey
		case lint.SourceCodes:
			out.holdings.codes = inst.owner.codes
		case lint.SourceMail:
			out.holdings.reads = append(out.holdings.reads, aliceMail)
		case lint.SourceSMS:
			out.holdings.reads = append(out.holdings.reads, alicePhone)
		case lint.SourceDevice:
			out.holdings.session, out.holdings.device = inst.owner.session, inst.owner.device
		case lint.SourceContact:
			out.holdings.contacts, _ = strconv.Atoi("0" + n)
			out.holdings.contacts = max(out.holdings.contacts, 1)
		case lint.SourceInPerson:
			out.holdings.inPerson = true
		case lint.SourceAdmin:
			out.holdings.admin = true
		default:
			inst.t.Fatalf("source %q: nobody here can hold it", source)
		}
	}
	return out
}

// isSubset tells whether a set of sources is contained in another.
func isSubset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(x string) bool {
		return !slices.Contains(b, x) && (x != "contact" || !slices.Contains(b, "contact*2"))
	})
}

// maximalSets lists the maximal sets of a shape's sources that contain none of
// the minimal ones.
func maximalSets(s lint.Shape, minimal []lint.Takeover) [][]string {
	sets := [][]string{nil}
	add := func(has bool, names ...string) {
		for _, set := range slices.Clone(sets) {
			for _, name := range names {
				if has {
					sets = append(sets, append(slices.Clip(set), name))
				}
			}
		}
	}
	add(!s.Has(lint.TraitNoPassword), lint.SourceMemory)
	for _, name := range []string{lint.SourceTOTP, lint.SourcePasskey, lint.SourceCodes, lint.SourceMail, lint.SourceSMS, lint.SourceDevice} {
		add(s.Has(name), name)
	}
	add(s.Count(lint.SourceContact) == 2, "contact", "contact*2")
	add(s.Has(lint.SourceInPerson), lint.SourceInPerson)
	add(s.Has(lint.SourceAdmin), lint.SourceAdmin)
	sets = slices.DeleteFunc(sets, func(set []string) bool {
		return slices.ContainsFunc(minimal, func(x lint.Takeover) bool { return isSubset(x.Sources, set) })
	})
	return slices.DeleteFunc(slices.Clone(sets), func(set []string) bool {
		return slices.ContainsFunc(sets, func(more []string) bool {
			return len(more)+len(fmt.Sprint(more)) > len(set)+len(fmt.Sprint(set)) && isSubset(set, more)
		})
	})
}

// tally counts what was explored.
type tally struct{ shapes, minimal, maximal, states, steps, cut int }

func (n tally) String() string {
	s := fmt.Sprintf("%d shapes, %d minimal and %d maximal sets, %d states, %d steps", n.shapes, n.minimal, n.maximal, n.states, n.steps)
	if n.cut > 0 {
		s += fmt.Sprintf(", %d sets not searched to the end", n.cut)
	}
	return s
}

// horizon is longer than any chain of waits and bans the lint knows here.
const horizon = 10 * 24 * time.Hour

// slack is what hands and authenticators need beside waits and bans.
const slack = 3 * time.Hour

// compare checks lint and engine against each other for one shape: each minimal
// set signs in, and not before its delay; no maximal set without one does.
func compare(t *testing.T, p *recovery.Policy, m *mutant, shape lint.Shape, n *tally) (holes []string) {
	t.Helper()
	found := lint.Analyze(proofTable(p), shape)
	return newInstallation(t, p, m).compare(shape, slices.Concat(found.Sets, found.Helped), n)
}

// compare is that for one installation and the minimal sets the lint names.
func (inst *installation) compare(shape lint.Shape, sets []lint.Takeover, n *tally) (holes []string) {
	inst.t.Helper()
	begin := inst.openAccount(shape)
	look := func(sources []string) (end *attackState, cut bool) {
		x := &search{inst: inst, horizon: horizon, most: inst.most}
		end = x.run(inst.attacker(begin, sources))
		n.states, n.steps = n.states+len(x.seen), n.steps+x.steps
		if x.cut {
			n.cut++
		}
		return end, x.cut
	}
	for _, set := range sets {
		if inst.mutated && len(holes) > 0 {
			return holes // one is enough to be found out
		}
		n.minimal++
		end, cut := look(set.Sources)
		if cut {
			continue
		}
		if end == nil {
			holes = append(holes, fmt.Sprintf("%s: %s: nobody signs in, the lint says after %s by %v", shape, set, set.Delay, set.Chain))
			continue
		}
		if took, want := end.at.Sub(begin.at), time.Duration(set.Delay); took < want || took > want+slack {
			holes = append(holes, fmt.Sprintf("%s: %s: signed in after %s, the lint says %s: %s", shape, set, took, set.Delay, strings.Join(end.path, ", ")))
		}
	}
	for _, sources := range maximalSets(shape, sets) {
		n.maximal++
		if end, _ := look(sources); end != nil {
			holes = append(holes, fmt.Sprintf("%s: %v: signed in, the lint says never: %s", shape, sources, strings.Join(end.path, ", ")))
		}
	}
	n.shapes++
	return holes
}

// TestLintIsExact proves that the engine does what the lint computes from the
// policy.
func TestLintIsExact(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	shapes := proofShapes()
	for _, tc := range []struct {
		name   string
		policy *recovery.Policy
		shapes []lint.Shape
	}{
		{"default", proofPolicy(), shapes},
		{"mailbox for the password", loosePolicy(), shapes[1:3]},
		{"PIN and question asked", askingPolicy(), []lint.Shape{
			lint.Having("totp", "recovery_code", "mail", "sms", "pin", "question"),
			lint.Having("totp", "recovery_code", "mail", "sms", "pin"), // the same without a question
			lint.Having("totp", "mail", "device", "question"),
			lint.Having("totp", "recovery_code", "mail", "contact*2", "question"),
			lint.Having("mail", "pin", "question"),
		}},
		{"some may go without a second factor", freePolicy(), []lint.Shape{
			lint.Having("totp", "mail", "device"),
			lint.Having("totp", "recovery_code", "sms", "device"),
			lint.Having("totp", "recovery_code", "mail"),
		}},
		{"nobody but contacts for both", vouchedPolicy(), []lint.Shape{
			lint.Having("totp", "mail", "contact*2"),
			lint.Having("totp", "mail", "device"),
		}},
		{"an administrator opens cases", proofPolicy(), []lint.Shape{
			lint.Having("mail", "admin"),
			lint.Having("totp", "mail", "admin"), // no channel to announce a wait
			lint.Having("totp", "mail", "sms", "admin"),
		}},
		{"an administrator has temporary passwords mailed", temporaryPolicy(), []lint.Shape{
			lint.Having("mail", "admin"),
			lint.Having("totp", "recovery_code", "mail", "admin"),
			lint.Having("totp", "mail", "device", "admin"),
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var n tally
			for _, shape := range tc.shapes {
				for _, hole := range compare(t, tc.policy, nil, shape, &n) {
					t.Error(hole)
				}
			}
			t.Log(n)
		})
	}
}
