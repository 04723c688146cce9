package engine_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// mutant is an engine with one mistake seeded from outside: a policy, an
// account, a method or a clock that is not what the lint read.
type mutant struct {
	name  string
	shape lint.Shape
	loose bool // shows with the operator's policy only
	asks  bool // shows where a question is asked

	deviceless bool // shows where no known device stands in a way
	owner      bool // shows when the owner moves

	ways  func(*recovery.Policy)               // what the engine walks
	reads func(*recovery.Account, time.Time)   // what the engine sees of an account
	swap  map[string]func(any) recovery.Method // a method in another's place
}

// policy is a copy that the engine gets, changed.
func (m *mutant) policy(p *recovery.Policy) *recovery.Policy {
	out := *p
	out.Ways = map[recovery.Goal][]recovery.Way{}
	for g, ways := range p.Ways {
		out.Ways[g] = slices.Clone(ways)
	}
	if m.ways != nil {
		m.ways(&out)
	}
	return &out
}

// alteringSealer shows accounts other than they were written.
type alteringSealer struct {
	kv.Sealer
	reads  func(*recovery.Account, time.Time)
	now    func() time.Time
	parsed *recoverytest.Parsed
}

// Open implements [kv.Sealer].
func (s alteringSealer) Open(name string, sealed []byte) ([]byte, error) {
	plain, err := s.Sealer.Open(name, sealed)
	if err != nil || kv.Kind(name) != "account" {
		return plain, err
	}
	var a recovery.Account
	if err := s.parsed.Parse(plain[8:], &a); err != nil {
		return nil, err
	}
	s.reads(&a, s.now())
	body, err := json.Marshal(a)
	return append(plain[:8:8], body...), err
}

func (m *mutant) sealer(s kv.Sealer, now func() time.Time) kv.Sealer {
	if m.reads == nil {
		return s
	}
	return alteringSealer{s, m.reads, now, recoverytest.NewParsed()}
}

func (m *mutant) methods(inst *installation, all *recovery.Methods) *recovery.Methods {
	var list []recovery.Method
	for _, name := range all.Names() {
		x := all.Get(name)
		if swap := m.swap[name]; swap != nil {
			x = swap(x)
		}
		list = append(list, x)
	}
	return recovery.NewMethods(inst.Has, list...)
}

// sender is what the methods that are wrapped can do.
type sender interface {
	recovery.Method
	recovery.Challenger
}

// smsToMailbox sends the code for the number to the mailbox.
type smsToMailbox struct{ sender }

// Challenge implements [recovery.Challenger].
func (m smsToMailbox) Challenge(t recovery.Try) (recovery.Challenge, *recovery.Message, error) {
	s, msg, err := m.sender.Challenge(t)
	msg.To = t.Account.Address(recovery.ChannelMail, t.Now)
	return s, msg, err
}

// mailedFactor takes six mailed digits for a second factor.
type mailedFactor struct{ sender }

// Traits implements [recovery.Method].
func (m mailedFactor) Traits() recovery.Traits {
	t := m.sender.Traits()
	t.Factor = true
	return t
}

// oneContact lets one person stand for two.
type oneContact struct{ method.Contact }

// Times implements [recovery.Counted].
func (oneContact) Times(n int) recovery.Method { return oneContact{method.Contact{N: n}} }

// Verify implements [recovery.Method].
func (oneContact) Verify(_ context.Context, t recovery.Try) (recovery.Verdict, error) {
	return recovery.Verdict{OK: len(t.Answers) > 0}, nil
}

// mutants are the mistakes that show when the attacker alone moves. Each must make
// the proof fail.
func mutants() []mutant {
	return slices.Concat(methodMutants(), accountMutants(), wayMutants())
}

// methodMutants are methods that take one thing for another.
func methodMutants() []mutant {
	usual := lint.Having("totp", "recovery_code", "mail", "sms")
	helped := lint.Having("totp", "recovery_code", "mail", "contact*2")
	return []mutant{
		{name: "the code for the number goes to the mailbox: mail counted twice", shape: usual, swap: map[string]func(any) recovery.Method{
			recovery.SMSCode: func(m any) recovery.Method { return smsToMailbox{m.(sender)} },
		}},
		{name: "six mailed digits are a second factor", shape: usual, swap: map[string]func(any) recovery.Method{
			recovery.MailCode: func(m any) recovery.Method { return mailedFactor{m.(sender)} },
		}},
		{name: "one person vouches for two", shape: helped, swap: map[string]func(any) recovery.Method{
			recovery.VouchedBy: func(any) recovery.Method { return oneContact{} },
		}},
	}
}

// accountMutants are accounts that are read wrong.
func accountMutants() []mutant {
	usual := lint.Having("totp", "recovery_code", "mail", "sms")
	mute := lint.Having("totp", "recovery_code", "mail")
	seated := lint.Having("totp", "mail", "device")
	unposted := lint.Having("totp", "recovery_code", "sms")
	return []mutant{
		{name: "the ban on a recovered password is dropped", shape: usual, loose: true, reads: func(a *recovery.Account, _ time.Time) {
			if c := a.Credential(recovery.Password); c != nil {
				c.NoProofUntil = time.Time{}
			}
		}},
		{name: "a wait is ripe at once", shape: usual, reads: func(a *recovery.Account, now time.Time) {
			for i := range a.Waits {
				a.Waits[i].Began, a.Waits[i].Ready = time.Time{}, now
			}
		}},
		{name: "a wait needs nobody who would hear of it", shape: mute, reads: func(a *recovery.Account, now time.Time) {
			addHearing(a, now)
		}},
		{name: "a new address is a source at once", shape: seated, deviceless: true, reads: func(a *recovery.Account, _ time.Time) {
			for i := range a.Addresses {
				a.Addresses[i].ValidFrom = time.Time{}
			}
			slices.Reverse(a.Addresses)
		}},
		{name: "a known browser is a remembered one", shape: seated, reads: func(a *recovery.Account, now time.Time) {
			for i := range a.Devices {
				a.Devices[i].Remembered, a.Devices[i].Skip = now.Add(time.Hour), secret.Sum(madeUp)
			}
		}},
		{name: "no authenticator, then the password will do", shape: unposted, reads: func(a *recovery.Account, _ time.Time) {
			if a.Name == "alice" && a.State == recovery.StateActive && len(a.Devices) == 0 {
				a.SecondFactor = false
				a.Drop(recovery.TOTP)
			}
		}},
		{name: "the question is not asked", shape: lint.Having("totp", "recovery_code", "mail", "sms", "question"), asks: true, reads: func(a *recovery.Account, _ time.Time) {
			a.Drop(recovery.SecurityQuestion)
		}},
	}
}

// addHearing gives the account a browser that shows its owner every wait, and
// that nobody has.
func addHearing(a *recovery.Account, now time.Time) {
	const name = "nobody's"
	a.Devices = slices.DeleteFunc(a.Devices, func(d recovery.Device) bool { return d.ID == name })
	a.Sessions = slices.DeleteFunc(a.Sessions, func(s recovery.Session) bool { return s.Device == name })
	a.Devices = append(a.Devices, recovery.Device{ID: name, Seen: now, Paged: now})
	a.Sessions = append(a.Sessions, recovery.Session{ID: name, Device: name, Generation: a.Generation, Seen: now, Idle: 3600, End: now.Add(time.Hour)})
}

// wayMutants are policies whose ways are walked with less than was written.
func wayMutants() []mutant {
	usual := lint.Having("totp", "recovery_code", "mail", "sms")
	return []mutant{
		{name: "a way loses its wait", shape: usual, ways: func(p *recovery.Policy) {
			ways := p.Ways[recovery.GoalSecondFactor]
			ways[len(ways)-1].Wait = 0
		}},
		{name: "ways without a factor are for everybody", shape: usual, ways: func(p *recovery.Policy) {
			p.Ways[recovery.GoalPassword] = append(p.Ways[recovery.GoalPassword], recovery.Way{Proofs: []string{recovery.MailLink}})
		}},
		{name: "a way that needs less than it says", shape: usual, ways: func(p *recovery.Policy) {
			p.Ways[recovery.GoalBoth][0].Proofs = []string{recovery.RecoveryCode}
		}},
		{name: "one case is enough where a wait was written", shape: lint.Having("totp", "mail", "sms", "admin"), ways: func(p *recovery.Policy) {
			for i := range p.Ways[recovery.GoalBoth] {
				p.Ways[recovery.GoalBoth][i].Wait = 0
			}
		}},
	}
}

// ownerMutants are the mistakes that show when the owner moves.
func ownerMutants() []mutant {
	usual := lint.Having("totp", "recovery_code", "mail", "sms")
	return []mutant{
		{name: "the generation is skipped: sessions outlive a recovery", shape: lint.Having("totp", "recovery_code", "mail", "device"), owner: true, reads: keepSessions()},
		{name: "a frozen account opens like any other", shape: usual, owner: true, reads: func(a *recovery.Account, _ time.Time) {
			if a.State == recovery.StateFrozen {
				a.State = recovery.StateActive
			}
		}},
		{name: "thaw by the new codes", shape: usual, owner: true, reads: func(a *recovery.Account, _ time.Time) {
			if c := a.Credential(recovery.RecoveryCode); c != nil && a.State == recovery.StateFrozen {
				a.UnfreezeWith = &recovery.OldCodes{Codes: c.Data}
			}
		}},
		{name: "a wait outlives the owner's login", shape: usual, owner: true, reads: keepWaits()},
	}
}

// keepWaits puts back the waits that were there once, and forgets what the owner
// did, or that would end the recovery after the wait.
func keepWaits() func(*recovery.Account, time.Time) {
	var last []recovery.Wait
	return func(a *recovery.Account, now time.Time) {
		a.Acts = 0
		if len(a.Waits) > 0 {
			last = slices.Clone(a.Waits)
		}
		if len(last) > 0 && a.Name == "alice" && now.Before(last[0].Until) {
			a.Waits = slices.Clone(last)
		}
	}
}

// keepSessions keeps the first sessions and the generation they belong to.
func keepSessions() func(*recovery.Account, time.Time) {
	var first []recovery.Session
	var generation uint64
	return func(a *recovery.Account, _ time.Time) {
		if len(first) == 0 {
			first, generation = slices.Clone(a.Sessions), a.Generation
		}
		if len(first) > 0 {
			a.Sessions, a.Generation = slices.Clone(first), generation
		}
	}
}

// TestProofSeesMutants seeds the mistakes one by one: what finds none of them
// would prove nothing.
func TestProofSeesMutants(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	list := slices.Concat(mutants(), ownerMutants())
	for _, m := range list {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			p := proofPolicy()
			if m.loose {
				p = loosePolicy()
			}
			if m.asks {
				p = askingPolicy()
			}
			if m.deviceless {
				p = devicelessPolicy()
			}
			var n tally
			look, healthy := compare, []string(nil) // TestLintIsExact says so
			if m.owner {
				look, healthy = compareWithOwner, compareWithOwner(t, p, nil, m.shape, &n)
			}
			holes := slices.DeleteFunc(look(t, p, &m, m.shape, &n), func(f string) bool { return slices.Contains(healthy, f) })
			if len(holes) == 0 {
				t.Fatalf("got no difference between lint and engine in %s, want one", n)
			}
			t.Log(holes[0])
		})
	}
}
