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

// proofPolicy is the default with cheap hashes and without throttles. Throttles
// delay an attack and never decide it.
func proofPolicy() *recovery.Policy {
	p := recovery.Default()
	p.Hash = secret.HashParams{Time: 1, Memory: 8, Threads: 1}
	plenty := recovery.Rate{Count: 1e9, Per: time.Minute}
	p.Limits.Posts, p.Limits.Flows, p.Limits.SendsHourly, p.Limits.SendsDaily = plenty, plenty, plenty, plenty
	return p
}

// loosePolicy accepts the mailbox alone for a new password, so that only bans
// and waits protect the second factor.
func loosePolicy() *recovery.Policy {
	p := proofPolicy()
	p.Ways[recovery.GoalPassword] = append(p.Ways[recovery.GoalPassword], recovery.Way{Proofs: []string{recovery.MailLink}, WeakOK: true})
	return p
}

// askingPolicy asks all that an operator can ask in addition.
func askingPolicy() *recovery.Policy {
	p := proofPolicy()
	p.Ask = map[string][]recovery.Kind{recovery.PIN: {recovery.KindChangePassword}, recovery.SecurityQuestion: {recovery.KindRecover}}
	return p
}

// friendsPolicy has people who vouch as the only way when both are lost.
func friendsPolicy() *recovery.Policy {
	p := proofPolicy()
	p.Ways[recovery.GoalBoth] = []recovery.Way{{Proofs: []string{recovery.VouchedBy + "*2", recovery.MailLink}}}
	p.Ways[recovery.GoalSecondFactor] = nil
	return p
}

// proofTable is the policy in the words of the lint, as caddymodule writes it,
// with one source more: a signed-in browser within reach. Changes that no
// recipe of the engine makes are left out.
func proofTable(p *recovery.Policy) lint.Table {
	t := lint.Base()
	methods := method.All(method.Set{})
	built := func(name string) bool { return name == recovery.Factor || methods.Get(name) != nil }
	t.Proofs = slices.DeleteFunc(t.Proofs, func(p lint.Proof) bool { return p.Name != lint.SourceDevice && !built(p.Name) })
	t.Login = slices.DeleteFunc(t.Login, func(s lint.SignIn) bool {
		return slices.ContainsFunc(s.Proofs, func(name string) bool { return !built(name) })
	})
	t.Changes = slices.DeleteFunc(t.Changes, func(c lint.Change) bool { return c.Name == "remove_factor" || c.NoFactorOnly })
	t.Channels = []string{recovery.ChannelMail, recovery.ChannelSMS}
	t.Ban = p.Lifetimes.RecoveredBan
	if slices.Contains(p.Ask[recovery.SecurityQuestion], recovery.KindRecover) {
		t.Ask = []string{recovery.SecurityQuestion}
	}
	for goal := range p.Ways {
		for _, w := range p.Read(goal, true) {
			t.Ways[lint.Goal(goal)] = append(t.Ways[lint.Goal(goal)], lint.Way{
				Proofs: w.Proofs, Wait: w.Wait, WithoutFactor: w.WithoutFactor, WeakOK: w.WeakOK,
			})
		}
	}
	return t
}

// proofShapes are the accounts of the proof.
func proofShapes() []lint.Shape {
	full := fullShape()
	return []lint.Shape{
		full,
		{TOTP: true, Codes: true, Mail: true, Phone: true},
		{TOTP: true, Codes: true, Phone: true, Contacts: 2}, // no mail
		{TOTP: true, Codes: true, Mail: true},               // no channel to announce a wait
		{TOTP: true, Mail: true, Device: true},              // codes lost
		{TOTP: true, Codes: true, Mail: true, Contacts: 2},
		{},
		{Mail: true},
		{Codes: true, Phone: true},
		{Codes: true, Mail: true, Phone: true, Device: true},
	}
}

// fullShape has everything.
func fullShape() lint.Shape {
	return lint.Shape{TOTP: true, Codes: true, Mail: true, Phone: true, Device: true, Contacts: 2}
}

// open makes the account of a shape by its ordinary activation and takes away
// what the shape lacks.
func (l *lab) open(shape lint.Shape) *situation {
	l.t.Helper()
	others := slices.Clone(friends()[:shape.Contacts])
	if l.names {
		others = append(others, cronies()...)
	}
	if shape.Admin {
		others = append(others, "boss")
	}
	for _, name := range others {
		f := l.activate(recovery.NewAccount{Name: name, Groups: map[string][]string{"boss": {recovery.GroupAdmins}}[name]}, friendPassword)
		l.drop(f, recovery.TOTP, recovery.RecoveryCode)
	}
	n := recovery.NewAccount{Name: "alice"}
	if shape.Mail {
		n.Mail = aliceMail
	}
	if shape.Phone {
		n.Phone = alicePhone
	}
	s := l.activate(n, "")
	l.alice, l.known = l.id("alice"), !shape.TOTP
	if shape.Device || l.known {
		l.signIn(s)
	}
	if !shape.TOTP {
		l.drop(s, recovery.TOTP)
	}
	if !shape.Codes {
		l.drop(s, recovery.RecoveryCode)
	}
	l.change(func(a *recovery.Account) {
		if shape.Manages {
			a.Groups = []string{recovery.GroupAdmins}
		}
		for _, name := range friends()[:shape.Contacts] {
			a.TrustedContacts = append(a.TrustedContacts, recovery.TrustedContact{ID: l.id(name), Name: name})
		}
	})
	l.memorize(s, shape)
	s.ring.reads, s.ring.friends = []string{aliceMail, alicePhone}, shape.Contacts
	l.owner = s.ring
	l.keep(s)
	return s
}

// memorize gives the account the PIN and question of its shape.
func (l *lab) memorize(s *situation, shape lint.Shape) {
	add := func(has bool, name string, in recovery.Input) {
		if !has {
			return
		}
		data, p, err := l.engine.Methods.Get(name).(recovery.Enroller).Confirm(l.t.Context(), recovery.Try{Input: in}, nil)
		if p != nil || err != nil {
			l.t.Fatalf("%s: got %v, %v", name, p, err)
		}
		l.change(func(a *recovery.Account) {
			a.Drop(name)
			a.Credentials = append(a.Credentials, recovery.Credential{ID: name, Method: name, Version: 1, Created: l.now, Data: data})
		})
	}
	add(shape.PIN, recovery.PIN, recovery.Input{PIN: alicePIN})
	add(shape.Question, recovery.SecurityQuestion, recovery.Input{Answer: aliceAnswer, Choice: method.Questions()[0]})
	if shape.PIN {
		s.ring.pin = alicePIN
	}
	if shape.Question {
		s.ring.answer = aliceAnswer
	}
}

func (l *lab) id(name string) string {
	a, err := l.engine.Find(l.t.Context(), name)
	if err != nil {
		l.t.Fatal(err)
	}
	return a.ID
}

func (l *lab) activate(n recovery.NewAccount, password string) *situation {
	l.t.Helper()
	a, token, err := l.engine.AddUser(l.t.Context(), n)
	if err != nil {
		l.t.Fatal(err)
	}
	l.alice = a.ID
	s := &situation{client: stranger()}
	ok := l.send(s, recovery.Input{Code: secret.Text(token)})
	if password != "" {
		s.next.password = password
		ok = ok && l.send(s, recovery.Input{NewPassword: secret.Text(password)})
	}
	for ok && s.flow != nil && s.step.Enroll {
		ok = l.enrol(s)
	}
	if !ok || s.flow != nil {
		l.t.Fatalf("activate %s: got stuck at %+v", n.Name, s.step)
	}
	return s
}

// drop removes credentials, so that nobody can use them.
func (l *lab) drop(s *situation, methods ...string) {
	l.change(func(a *recovery.Account) {
		a.Drop(methods...)
		a.SecondFactor = a.Credential(recovery.TOTP) != nil
	})
	if slices.Contains(methods, recovery.TOTP) {
		s.ring.key = ""
	}
	if slices.Contains(methods, recovery.RecoveryCode) {
		s.ring.sheets = nil
	}
}

// signIn is an ordinary login on a new browser, if the credentials still work.
func (l *lab) signIn(s *situation) bool {
	s.client = stranger()
	ok := l.send(s, recovery.Input{Start: recovery.KindLogin, Name: "alice", Password: secret.Text(s.ring.password)})
	if ok && s.flow != nil {
		in, has := l.show(s, s.step.Method)
		ok = has && l.send(s, in)
	}
	return ok && s.in
}

// thief is somebody who holds some of the owner's sources and nothing else.
func (l *lab) thief(s *situation, sources []string) *situation {
	out := &situation{at: s.at, records: s.records, post: s.post}
	for _, source := range sources {
		name, n, _ := strings.Cut(source, "*")
		switch name {
		case lint.SourceMemory:
			out.ring.password, out.ring.pin, out.ring.answer = l.owner.password, l.owner.pin, l.owner.answer
		case lint.SourceTOTP:
			out.ring.key = l.owner.key
		case lint.SourceCodes:
			out.ring.sheets = l.owner.sheets
		case lint.SourceMail:
			out.ring.reads = append(out.ring.reads, aliceMail)
		case lint.SourceSMS:
			out.ring.reads = append(out.ring.reads, alicePhone)
		case lint.SourceDevice:
			out.ring.session, out.ring.device = l.owner.session, l.owner.device
		case lint.SourceContact:
			out.ring.friends, _ = strconv.Atoi("0" + n)
			out.ring.friends = max(out.ring.friends, 1)
		case lint.SourceInPerson:
			out.ring.boss = true
		case lint.SourceAdmin:
			out.ring.cases = true
		default:
			l.t.Fatalf("source %q: nobody here can hold it", source)
		}
	}
	return out
}

// isPart tells whether a set of sources is contained in another.
func isPart(a, b []string) bool {
	return !slices.ContainsFunc(a, func(x string) bool {
		return !slices.Contains(b, x) && (x != "contact" || !slices.Contains(b, "contact*2"))
	})
}

// harmless lists the maximal sets of a shape's sources that contain none of
// the minimal ones.
func harmless(s lint.Shape, minimal []lint.Takeover) [][]string {
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
	add(true, lint.SourceMemory)
	add(s.TOTP, lint.SourceTOTP)
	add(s.Codes, lint.SourceCodes)
	add(s.Mail, lint.SourceMail)
	add(s.Phone, lint.SourceSMS)
	add(s.Device, lint.SourceDevice)
	add(s.Contacts == 2, "contact", "contact*2")
	add(s.InPerson, lint.SourceInPerson)
	add(s.Admin, lint.SourceAdmin)
	sets = slices.DeleteFunc(sets, func(set []string) bool {
		return slices.ContainsFunc(minimal, func(x lint.Takeover) bool { return isPart(x.Sources, set) })
	})
	return slices.DeleteFunc(slices.Clone(sets), func(set []string) bool {
		return slices.ContainsFunc(sets, func(more []string) bool {
			return len(more)+len(fmt.Sprint(more)) > len(set)+len(fmt.Sprint(set)) && isPart(set, more)
		})
	})
}

// tally counts what was explored.
type tally struct{ shapes, minimal, maximal, situations, steps int }

func (n tally) String() string {
	return fmt.Sprintf("%d shapes, %d minimal and %d maximal sets, %d situations, %d steps", n.shapes, n.minimal, n.maximal, n.situations, n.steps)
}

// horizon is longer than any chain of waits and bans the lint knows here.
const horizon = 10 * 24 * time.Hour

// slack is what hands and authenticators need beside waits and bans.
const slack = 3 * time.Hour

// compare checks lint and engine against each other for one shape: each minimal
// set signs in, and not before its delay; no maximal set without one does.
func compare(t *testing.T, p *recovery.Policy, odd *mutant, shape lint.Shape, n *tally) (faults []string) {
	t.Helper()
	found := lint.Analyze(proofTable(p), shape)
	return newLab(t, p, odd).compare(shape, slices.Concat(found.Sets, found.Helped), n)
}

// compare is that for one lab and the minimal sets the lint names.
func (l *lab) compare(shape lint.Shape, sets []lint.Takeover, n *tally) (faults []string) {
	l.t.Helper()
	begin := l.open(shape)
	look := func(sources []string) *situation {
		x := &search{lab: l, horizon: horizon}
		end := x.run(l.thief(begin, sources))
		n.situations, n.steps = n.situations+len(x.seen), n.steps+x.steps
		return end
	}
	for _, set := range sets {
		if l.odd && len(faults) > 0 {
			return faults // one is enough to be found out
		}
		n.minimal++
		end := look(set.Sources)
		if end == nil {
			faults = append(faults, fmt.Sprintf("%s: %s: nobody signs in, the lint says after %s by %v", shape, set, set.Delay, set.Chain))
			continue
		}
		if took, want := end.at.Sub(begin.at), time.Duration(set.Delay); took < want || took > want+slack {
			faults = append(faults, fmt.Sprintf("%s: %s: signed in after %s, the lint says %s: %s", shape, set, took, set.Delay, strings.Join(end.path, ", ")))
		}
	}
	for _, sources := range harmless(shape, sets) {
		n.maximal++
		if end := look(sources); end != nil {
			faults = append(faults, fmt.Sprintf("%s: %v: signed in, the lint says never: %s", shape, sources, strings.Join(end.path, ", ")))
		}
	}
	n.shapes++
	return faults
}

// rarely takes the first few shapes only under the race detector.
func rarely(n int, shapes []lint.Shape) []lint.Shape {
	if recoverytest.UnderRace {
		return shapes[:n]
	}
	return shapes
}

// TestLintIsExact proves that the engine does what the lint computes from the
// policy.
func TestLintIsExact(t *testing.T) {
	recoverytest.Slow(t)
	shapes := proofShapes()
	if recoverytest.UnderRace {
		shapes = shapes[1:4]
	}
	for _, tc := range []struct {
		name   string
		policy *recovery.Policy
		shapes []lint.Shape
	}{
		{"default", proofPolicy(), shapes},
		{"mailbox for the password", loosePolicy(), shapes[1:3]},
		{"PIN and question asked", askingPolicy(), rarely(1, []lint.Shape{
			{TOTP: true, Codes: true, Mail: true, Phone: true, PIN: true, Question: true},
			{TOTP: true, Codes: true, Mail: true, Phone: true, PIN: true}, // the same without a question
			{TOTP: true, Mail: true, Device: true, Question: true},
			{TOTP: true, Codes: true, Mail: true, Contacts: 2, Question: true},
			{Mail: true, PIN: true, Question: true},
		})},
		{"nobody but friends for both", friendsPolicy(), rarely(1, []lint.Shape{
			{TOTP: true, Mail: true, Contacts: 2},
			{TOTP: true, Mail: true, Device: true},
		})},
		{"an administrator opens cases", proofPolicy(), rarely(2, []lint.Shape{
			{Mail: true, Admin: true},
			{TOTP: true, Mail: true, Admin: true}, // no channel to announce a wait
			{TOTP: true, Mail: true, Phone: true, Admin: true},
		})},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var n tally
			for _, shape := range tc.shapes {
				for _, fault := range compare(t, tc.policy, nil, shape, &n) {
					t.Error(fault)
				}
			}
			t.Log(n)
		})
	}
}
