package engine_test

import (
	"bytes"
	"container/heap"
	"log/slog"
	"maps"
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

// keyring is what somebody can show. The zero value can show nothing.
type keyring struct {
	password string
	key      string     // of the authenticator
	sheets   [][]string // recovery codes not used yet, oldest sheet first
	reads    []string   // addresses and numbers
	friends  int        // accounts that may vouch
	pin      string
	answer   string // to the security question
	cases    bool   // what an administrator sends lands here
	boss     bool   // an administrator does what the holder asks
	session  string // cookie of a signed-in browser
	device   string // and of the same browser being known
}

// lab is an engine with all that an attack can move: store, clock, messages.
type lab struct {
	t      *testing.T
	driver *memkv.Driver
	store  *kv.Store
	engine *engine.Engine
	now    time.Time
	post   []recovery.Message
	alice  string // id
	owner  keyring
	names  bool // the attacker names people who vouch: where no way asks for them that is a waste
	lean   bool // in a session the attacker leaves out what the default policy's proof has walked
	known  bool // strangers ask from a browser the account knows
	stops  bool // the attacker presses "this wasn't me" where it can be read
	odd    bool // a mutant: one fault is enough
	mute   bool // no mail can be sent
}

// Queue implements recovery.Notifier.
func (l *lab) Queue(m recovery.Message) { l.post = append(l.post, m) }

// Has implements recovery.Notifier.
func (l *lab) Has(channel string) bool {
	return channel == recovery.ChannelMail && !l.mute || channel == recovery.ChannelSMS
}

// situation is a moment of an attack, to be gone on from in any order.
type situation struct {
	at      time.Time
	records map[string][]byte
	post    []recovery.Message
	ring    keyring
	next    keyring // enrolled in the flow, owned when it finishes
	client  recovery.Client
	flow    *recovery.Flow // nil: none is open
	step    recovery.Step
	in      bool // signed in by an ordinary login
	path    []string
}

func (l *lab) keep(s *situation) {
	keys, err := l.driver.Keys(l.t.Context(), "")
	if err != nil {
		l.t.Fatal(err)
	}
	s.records = make(map[string][]byte, len(keys))
	for _, key := range keys {
		if s.records[key], err = l.driver.Get(l.t.Context(), key); err != nil {
			l.t.Fatal(err)
		}
	}
	s.at, s.post = l.now, slices.Clip(l.post)
}

// back puts store, clock and messages as they were.
func (l *lab) back(s *situation) {
	keys, err := l.driver.Keys(l.t.Context(), "")
	if err != nil {
		l.t.Fatal(err)
	}
	for _, key := range slices.Concat(keys, slices.Collect(maps.Keys(s.records))) {
		now, err := l.driver.Get(l.t.Context(), key)
		if err != nil {
			l.t.Fatal(err)
		}
		if bytes.Equal(now, s.records[key]) {
			continue
		}
		if ok, err := l.driver.Swap(l.t.Context(), key, now, s.records[key], 0); !ok || err != nil {
			l.t.Fatalf("put %s back: got %v, %v", kv.Kind(key), ok, err)
		}
	}
	l.now, l.post = s.at, slices.Clip(s.post)
}

func (l *lab) account(id string) *recovery.Account {
	a, ok, err := kv.Load[recovery.Account](l.t.Context(), l.store, "account/"+id)
	if err != nil || !ok {
		l.t.Fatalf("account: got %v, %v", ok, err)
	}
	return &a
}

func (l *lab) change(edit func(*recovery.Account)) {
	_, err := kv.Update(l.t.Context(), l.store, "account/"+l.alice, time.Time{}, func(a *recovery.Account, _ bool) error {
		edit(a)
		return nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
}

// stranger is a browser nobody has seen.
func stranger() recovery.Client {
	return recovery.Client{Network: "203.0.113.9", Browser: "Firefox on Linux", Lang: "en", Base: "https://gate.example.org/.sparekey/"}
}

// send posts one form and takes the answer into the situation; false: refused.
func (l *lab) send(s *situation, in recovery.Input) bool {
	if s.flow != nil {
		in.Flow = s.flow.ID
	}
	o, err := l.engine.Submit(l.t.Context(), s.client, in)
	if err != nil {
		l.t.Fatalf("%s: got error %v", strings.Join(s.path, ", "), err)
	}
	if o.Problem != nil {
		return false
	}
	if o.FlowToken != "" {
		s.client.Flows = append([]string{o.FlowToken}, s.client.Flows...)
	}
	s.flow, s.step = o.Flow, o.Step
	if o.Finished != "" {
		l.finished(s, o)
	}
	return true
}

// finished hands over what the flow made.
func (l *lab) finished(s *situation, o recovery.Outcome) {
	s.in = o.Finished == recovery.KindLogin && o.Session != ""
	if s.next.password != "" {
		s.ring.password = s.next.password
	}
	if s.next.key != "" {
		s.ring.key = s.next.key
	}
	if s.next.pin != "" {
		s.ring.pin = s.next.pin
	}
	if s.next.answer != "" {
		s.ring.answer = s.next.answer
	}
	if s.ring.sheets = slices.Concat(s.ring.sheets, s.next.sheets); len(s.ring.sheets) > 3 {
		s.ring.sheets = slices.Delete(s.ring.sheets, 1, 2) // the first may open a frozen account, the last counts now
	}
	s.ring.reads = slices.Concat(s.ring.reads, s.next.reads)
	if o.Session != "" {
		s.ring.session = o.Session
	}
	if o.Device != "" {
		s.ring.device = o.Device
	}
	s.flow, s.step, s.next = nil, recovery.Step{}, keyring{}
}

func (l *lab) code(key string) recovery.Input {
	l.now = l.now.Add(30 * time.Second) // each step passes once
	code, err := totp.GenerateCode(key, l.now)
	if err != nil {
		l.t.Fatal(err)
	}
	return recovery.Input{Code: secret.Text(code)}
}

// enrol confirms new credentials, which are owned when the flow finishes.
func (l *lab) enrol(s *situation) bool {
	s.path = append(slices.Clip(s.path), "enrol "+s.step.Method)
	return l.send(s, l.confirm(s))
}

// again makes another password of one. Which of those somebody made up decides
// nothing.
const again = ", again"

// confirm makes the form for what is to be enrolled.
func (l *lab) confirm(s *situation) recovery.Input {
	data := s.flow.Pending[s.step.Method].Data
	switch s.step.Method {
	case recovery.Password:
		s.next.password = "a wholly new sentence of somebody"
		for s.next.password == l.owner.password || s.next.password == s.ring.password {
			s.next.password += again // the one there is, is refused
		}
		return recovery.Input{NewPassword: secret.Text(s.next.password)}
	case recovery.TOTP:
		s.next.key, _ = method.TOTP{}.Key(data, "alice")
		return l.code(s.next.key)
	case recovery.RecoveryCode:
		s.next.sheets = [][]string{method.Shown(data)}
	case recovery.PIN:
		s.next.pin = evilPIN
		return recovery.Input{PIN: evilPIN}
	case recovery.SecurityQuestion:
		s.next.answer = evilAnswer
		return recovery.Input{Answer: evilAnswer, Choice: method.Questions()[0]}
	}
	return recovery.Input{Choice: "saved"}
}

// search goes through all that can be done from a situation, earliest first,
// until somebody is signed in. It returns nil when nobody ever is.
type search struct {
	lab     *lab
	horizon time.Duration
	after   func(*situation) // the owner's moves, after each of the attacker's
	seen    map[string]bool
	begin   time.Time
	steps   int
}

func (x *search) run(from *situation) *situation {
	x.lab.back(from)
	x.seen, x.begin = map[string]bool{x.lab.facts(from): true}, from.at
	queue := &byTime{from}
	for queue.Len() > 0 {
		s := heap.Pop(queue).(*situation)
		if s.in {
			return s
		}
		for _, m := range x.lab.moves(s) {
			next := x.try(s, m)
			if next == nil || next.at.Sub(x.begin) > x.horizon {
				continue
			}
			if key := x.lab.facts(next); next.in || !x.seen[key] {
				x.seen[key] = true
				heap.Push(queue, next)
			}
		}
	}
	return nil
}

// try makes one move on a copy; nil: it was refused.
func (x *search) try(s *situation, m move) *situation {
	x.lab.back(s)
	x.steps++
	next := *s
	next.path = append(slices.Clip(s.path), m.name)
	if !m.do(&next) {
		return nil
	}
	for next.flow != nil && next.step.Enroll {
		if !x.lab.enrol(&next) {
			return nil
		}
	}
	if x.after != nil {
		x.after(&next)
	}
	x.lab.keep(&next)
	return &next
}

// byTime is a heap of situations, those with the shortest story first among
// equals.
type byTime []*situation

func (q byTime) Len() int      { return len(q) }
func (q byTime) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q byTime) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	return len(q[i].path) < len(q[j].path)
}
func (q *byTime) Push(s any) { *q = append(*q, s.(*situation)) }
func (q *byTime) Pop() any {
	old := *q
	s := old[len(old)-1]
	*q = old[:len(old)-1]
	return s
}

// asksFriends tells whether people who vouch are all there is for a goal.
func asksFriends(p *recovery.Policy) bool {
	ways := p.Ways[recovery.GoalBoth]
	return len(ways) == 1 && slices.Contains(ways[0].Proofs, recovery.VouchedBy+"*2")
}

// newLab starts an engine; odd, if not nil, makes it a wrong one.
func newLab(t *testing.T, p *recovery.Policy, odd *mutant) *lab {
	t.Helper()
	keys, err := secret.NewKeys(secret.NewRoot())
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, driver: memkv.New(), now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), odd: odd != nil, names: asksFriends(p), lean: asksFriends(p) || len(p.Ask) > 0}
	now := func() time.Time { return l.now }
	var sealer kv.Sealer = keys
	methods := method.All(method.Set{Keys: keys, Hasher: secret.NewHasher(p.Hash, 0), Has: l.Has})
	if odd != nil {
		p, sealer, methods = odd.policy(p), odd.sealer(sealer, now), odd.methods(l, methods)
	}
	l.store = &kv.Store{Driver: l.driver, Sealer: sealer, Now: now}
	l.engine, err = engine.New(&engine.Engine{
		Store: l.store, Keys: keys, Policy: p, Methods: methods, Notify: l, Now: now, Log: slog.New(slog.DiscardHandler),
	})
	if err == nil {
		err = engine.Prepare(t.Context(), l.store)
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}
