package engine_test

import (
	"container/heap"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Addresses of the proof: the owner's, and those only the attacker reads.
const (
	aliceMail  = "alice@example.org"
	alicePhone = "+41791234567"
	evilMail   = "mallory@example.net"
	evilPhone  = "+41790000000"
)

// What is known by heart beside the password.
const (
	alicePIN, aliceAnswer = "284917", "Bello"
	evilPIN, evilAnswer   = "395172", "Minou"
)

// holdings are what somebody can show. The zero value can show nothing.
type holdings struct {
	password string
	totpKey  string // of the authenticator
	passkey  string
	codes    [][]string // recovery codes not used yet, a list for each time they were made, oldest first
	reads    []string   // addresses and numbers
	contacts int        // trusted contacts who vouch when asked
	pin      string
	answer   string // to the security question
	admin    bool   // an honest administrator opens a case whose mail can be read
	inPerson bool   // an administrator opens a case and hands the code over
	session  string // cookie of a signed-in browser
	device   string // and of the same browser being known
}

// installation is an engine with all that an attack can move: store, clock, messages.
type installation struct {
	t             *testing.T
	driver        *memkv.Driver
	store         *kv.Store
	engine        *engine.Engine
	now           time.Time
	outbox        []recovery.Message
	ownerID       string // of the account
	owner         holdings
	namesContacts bool   // the attacker names people who vouch: where no way asks for them that is a waste
	fewChanges    bool   // in a session the attacker leaves out what the proof of the default policy has walked
	knownBrowser  bool   // strangers ask from a browser the account knows
	pressesStop   bool   // the attacker presses "this wasn't me" where it can be read
	mutated       bool   // a mutant: one hole is enough
	noMail        bool   // no mail can be sent
	adminKey      string // authenticator of the administrator
	noText        bool   // no text message can be sent
	most          int    // states of one search; zero: all
	doubted       bool   // the account has a passkey in doubt, and the attacker a copy of it
	closes        bool   // somebody closes the account whenever that helps the attacker

	read    map[string]readAccount // lately, by the record
	fitting map[sheet]bool         // which codes are of which sheet
}

// Queue implements recovery.Notifier.
func (inst *installation) Queue(m recovery.Message) {
	inst.outbox = append(inst.outbox, m)
	if m.Done != nil {
		m.Done(recovery.Delivered)
	}
}

// Has implements recovery.Notifier.
func (inst *installation) Has(channel string) bool {
	return channel == recovery.ChannelMail && !inst.noMail || channel == recovery.ChannelSMS && !inst.noText
}

// attackState is a moment of an attack. The search goes on from it in any order.
type attackState struct {
	at       time.Time
	records  map[string][]byte
	messages []recovery.Message
	holdings holdings
	enrolled holdings // in the flow that is open, held when it finishes
	client   recovery.Client
	flow     *recovery.Flow // nil: none is open
	step     recovery.Step
	signedIn bool // signed in by what began without a session
	path     []string
}

// readAccount is an account as it was read then.
type readAccount struct {
	account *recovery.Account
	at      time.Time
}

func (inst *installation) save(s *attackState) {
	s.records, s.at, s.messages = inst.driver.Moment(), inst.now, slices.Clip(inst.outbox)
}

// restore puts store, clock and messages as they were.
func (inst *installation) restore(s *attackState) {
	inst.driver.Restore(s.records)
	inst.now, inst.outbox = s.at, slices.Clip(s.messages)
}

// mostRead is how many accounts are kept as they were read.
const mostRead = 64

// account is to be read only: as long as nothing has changed it is the one of an
// earlier call, since reading it is most of what a search does.
func (inst *installation) account(id string) *recovery.Account {
	raw, err := inst.driver.Get(inst.t.Context(), "account/"+id)
	if err != nil || raw == nil {
		inst.t.Fatalf("account: got %d bytes, %v", len(raw), err)
	}
	have := inst.read[string(raw)]
	if have.account != nil && (!inst.mutated || have.at.Equal(inst.now)) { // a mutant may read it in another way later
		return have.account
	}
	a, ok, err := kv.Load[recovery.Account](inst.t.Context(), inst.store, "account/"+id)
	if err != nil || !ok {
		inst.t.Fatalf("account: got %v, %v", ok, err)
	}
	if len(inst.read) >= mostRead {
		clear(inst.read)
	}
	inst.read[string(raw)] = readAccount{&a, inst.now}
	return &a
}

func (inst *installation) change(edit func(*recovery.Account)) {
	_, err := kv.Update(inst.t.Context(), inst.store, "account/"+inst.ownerID, time.Time{}, func(a *recovery.Account, _ bool) error {
		edit(a)
		return nil
	})
	if err != nil {
		inst.t.Fatal(err)
	}
}

// stranger is a browser nobody has seen.
func stranger() recovery.Client {
	return recovery.Client{Network: "203.0.113.9", Browser: "Firefox on Linux", Lang: "en", Base: "https://gate.example.org/.sparekey/"}
}

// send posts one form and takes the answer into the state; false: refused.
func (inst *installation) send(s *attackState, in recovery.Input) bool {
	if s.flow != nil {
		in.Flow = s.flow.ID
	}
	o, err := inst.engine.Submit(inst.t.Context(), s.client, in)
	if err != nil {
		inst.t.Fatalf("%s: got error %v", strings.Join(s.path, ", "), err)
	}
	if o.Problem != nil {
		return false
	}
	if o.FlowToken != "" {
		s.client.Flows = append([]string{o.FlowToken}, s.client.Flows...)
	}
	s.flow, s.step = o.Flow, o.Step
	if o.Finished != "" {
		inst.finished(s, o)
	}
	return true
}

// finished hands over what the flow made.
func (inst *installation) finished(s *attackState, o recovery.Outcome) {
	s.signedIn = o.Flow.Session == "" && o.Session != ""
	if s.enrolled.password != "" {
		s.holdings.password = s.enrolled.password
	}
	if s.enrolled.totpKey != "" {
		s.holdings.totpKey = s.enrolled.totpKey
	}
	if s.enrolled.passkey != "" {
		s.holdings.passkey = s.enrolled.passkey
	}
	if s.enrolled.pin != "" {
		s.holdings.pin = s.enrolled.pin
	}
	if s.enrolled.answer != "" {
		s.holdings.answer = s.enrolled.answer
	}
	if s.holdings.codes = slices.Concat(s.holdings.codes, s.enrolled.codes); len(s.holdings.codes) > 3 {
		s.holdings.codes = slices.Delete(s.holdings.codes, 1, 2) // the first may open a frozen account, the last counts now
	}
	s.holdings.reads = slices.Concat(s.holdings.reads, s.enrolled.reads)
	if o.Session != "" {
		s.holdings.session = o.Session
	}
	if o.Device != "" {
		s.holdings.device = o.Device
	}
	s.flow, s.step, s.enrolled = nil, recovery.Step{}, holdings{}
}

func (inst *installation) totpForm(key string) recovery.Input {
	inst.now = inst.now.Add(30 * time.Second) // each step passes once
	code, err := totp.GenerateCode(key, inst.now)
	if err != nil {
		inst.t.Fatal(err)
	}
	return recovery.Input{Code: secret.Text(code)}
}

// enrol confirms new credentials, which are held when the flow finishes.
func (inst *installation) enrol(s *attackState) bool {
	s.path = append(slices.Clip(s.path), "enrol "+s.step.Method)
	return inst.send(s, inst.enrolForm(s))
}

// again makes another password of one. Which of those somebody made up decides
// nothing.
const again = ", again"

// enrolForm is the form for what is to be enrolled.
func (inst *installation) enrolForm(s *attackState) recovery.Input {
	data := s.flow.Pending[s.step.Method].Data
	switch s.step.Method {
	case recovery.Password:
		s.enrolled.password = "a wholly new sentence of somebody"
		for s.enrolled.password == inst.owner.password || s.enrolled.password == s.holdings.password {
			s.enrolled.password += again // the one there is, is refused
		}
		return recovery.Input{NewPassword: secret.Text(s.enrolled.password)}
	case recovery.TOTP:
		s.enrolled.totpKey, _ = method.AuthenticatorKey(data, "", "alice")
		return inst.totpForm(s.enrolled.totpKey)
	case recovery.Passkey:
		s.enrolled.passkey = strings.Trim(string(data), `"`)
		return recovery.Input{Code: secret.Text(s.enrolled.passkey)}
	case recovery.RecoveryCode:
		s.enrolled.codes = [][]string{method.Shown(data)}
	case recovery.PIN:
		s.enrolled.pin = evilPIN
		return recovery.Input{PIN: evilPIN}
	case recovery.SecurityQuestion:
		s.enrolled.answer = evilAnswer
		return recovery.Input{Answer: evilAnswer, Choice: method.Questions()[0]}
	}
	return recovery.Input{Choice: "saved"}
}

// search goes through all that can be done from a state, earliest first, until
// somebody is signed in.
type search struct {
	inst       *installation
	horizon    time.Duration
	ownerMoves func(*attackState)      // made after each move of the attacker
	done       func(*attackState) bool // what is searched for; nil: to be signed in
	seen       map[string]bool
	begin      time.Time
	steps      int
	most       int // states at most; zero: all
	cut        bool
}

func (x *search) run(from *attackState) *attackState {
	x.inst.restore(from)
	x.seen, x.begin = map[string]bool{x.inst.fingerprint(from): true}, from.at
	queue := &byTime{from}
	for queue.Len() > 0 {
		s := heap.Pop(queue).(*attackState)
		if x.found(s) {
			return s
		}
		if x.most > 0 && len(x.seen) > x.most {
			x.cut = true
			return nil
		}
		for _, m := range x.inst.moves(s) {
			next := x.try(s, m)
			if next == nil || next.at.Sub(x.begin) > x.horizon {
				continue
			}
			if key := x.inst.fingerprint(next); x.done == nil && next.signedIn || !x.seen[key] {
				x.seen[key] = true
				heap.Push(queue, next)
			}
		}
	}
	return nil
}

// found tells whether a state is what is searched for.
func (x *search) found(s *attackState) bool {
	if x.done == nil {
		return s.signedIn
	}
	x.inst.restore(s)
	return x.done(s)
}

// try makes one move on a copy; nil: it was refused.
func (x *search) try(s *attackState, m move) *attackState {
	x.inst.restore(s)
	x.steps++
	next := *s
	next.path = append(slices.Clip(s.path), m.name)
	if !m.do(&next) {
		return nil
	}
	for next.flow != nil && next.step.Enroll {
		if !x.inst.enrol(&next) {
			return nil
		}
	}
	if x.ownerMoves != nil {
		x.ownerMoves(&next)
	}
	x.inst.save(&next)
	return &next
}

// byTime is a heap of states. Among equals the one with the fewest moves is first.
type byTime []*attackState

func (q byTime) Len() int      { return len(q) }
func (q byTime) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q byTime) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	return len(q[i].path) < len(q[j].path)
}
func (q *byTime) Push(s any) { *q = append(*q, s.(*attackState)) }
func (q *byTime) Pop() any {
	old := *q
	s := old[len(old)-1]
	*q = old[:len(old)-1]
	return s
}

// onlyContacts tells whether people who vouch are all there is for a goal.
func onlyContacts(p *recovery.Policy) bool {
	ways := p.Ways[recovery.GoalBoth]
	return len(ways) == 1 && slices.Contains(ways[0].Proofs, recovery.VouchedBy+"*2")
}

// newInstallation starts an engine; m, if not nil, makes it a wrong one.
func newInstallation(t *testing.T, p *recovery.Policy, m *mutant) *installation {
	t.Helper()
	keys, err := secret.NewKeys(secret.NewRoot())
	if err != nil {
		t.Fatal(err)
	}
	inst := &installation{t: t, driver: memkv.New(), read: map[string]readAccount{}, fitting: map[sheet]bool{}, now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), mutated: m != nil, namesContacts: onlyContacts(p), fewChanges: onlyContacts(p) || len(p.Ask) > 0}
	now := func() time.Time { return inst.now }
	var sealer kv.Sealer = keys
	methods := proofMethods(p, method.Set{Keys: keys, Hasher: secret.NewHasher(p.Hash, 0), Has: inst.Has})
	if m != nil {
		p, sealer, methods = m.policy(p), m.sealer(sealer, now), m.methods(inst, methods)
	}
	inst.store = &kv.Store{Driver: inst.driver, Sealer: sealer, Now: now, Parse: recoverytest.NewParsed().Parse}
	inst.engine, err = engine.New(&engine.Engine{
		Store: inst.store, Keys: keys, Policy: p, Methods: methods, Notify: inst, Now: now, Log: slog.New(slog.DiscardHandler),
	})
	if err == nil {
		err = engine.Prepare(t.Context(), inst.store, keys)
	}
	if err != nil {
		t.Fatal(err)
	}
	return inst
}
