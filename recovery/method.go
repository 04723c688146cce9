package recovery

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Driller is a method that can check a code without using it up.
type Driller interface {
	Try(a *Account, typed string, now time.Time) bool
}

// Class says what a proof rests on; the lint weighs by it.
type Class string

// The classes.
const (
	ClassHeld      Class = "held"      // a thing only this person has
	ClassIssued    Class = "issued"    // sent to a mailbox or number, or read off another screen
	ClassMemory    Class = "memory"    // memorized; all of it is one source
	ClassAuthority Class = "authority" // somebody vouches
)

// Throttle is how wrong tries of a method are counted: before the check, except
// for [ThrottleSecret].
type Throttle int

// The throttles.
const (
	ThrottleCode     Throttle = iota // guessable: per flow, and per account over all flows
	ThrottleBackoff                  // a few free tries per account and network, then growing waits
	ThrottleDaily                    // three a day: what can be guessed from knowing somebody
	ThrottleFlow                     // 40 bits and more, made for this flow: per flow only
	ThrottleSecret                   // 64 bits and more, kept: looked at whatever others did, only the answer to a wrong one waits
	ThrottlePatience                 // asks whether others have acted: nothing to guess, only requests to bound
)

// Traits are the fixed facts of a method.
type Traits struct {
	Name   string
	Source string // two proofs from one source count once
	Class  Class
	// First says that the proof may come before any other in a recovery: it
	// has 40 bits or more, or names its account itself. Everything shorter is
	// checked only in a flow that already holds a proof.
	First bool
	// Factor says that it is a second factor that a login asks for.
	Factor bool
	// Script tells that only a page with scripts can ask for it.
	Script bool
	// Silent tells that its challenge is only shown: nothing is sent.
	Silent bool
	// Several tells that an account may have more than one of it.
	Several bool
	// Throttle is how wrong tries are counted.
	Throttle Throttle
	// Channel the method needs a notifier for; empty: none.
	Channel string
	// Page that asks for it.
	Page string
	// Field of the form the proof comes in; empty: FieldCode.
	Field Field
	// Wrong is the key of what is said of a wrong one; empty: ProblemCodeUnknown.
	Wrong string
}

// Field of a form that a proof comes in.
type Field string

// The fields.
const (
	FieldCode     Field = ""
	FieldPassword Field = "password"
	FieldPIN      Field = "pin"
	FieldAnswer   Field = "answer"
)

// Try is one attempt to prove something. Account is never nil: for people who
// do not exist it is a decoy without credentials, and Verify costs the same.
type Try struct {
	Account *Account
	Flow    *Flow
	Input   Input
	Now     time.Time
	Policy  *Policy
	Client  Client // that asks; empty: no browser took part
	Browser string // as [Client.Browser]
	// Passkeys is where they are made and shown.
	Passkeys RelyingParty
	Answers  []string // for a Remote method: ids of the accounts that have answered so far
	// Admission is what another browser has answered; nil: nothing, or another
	// method than a [ByBrowser] is asked.
	Admission *Admission
}

// Verdict is what a method found. The zero value means "not proved".
type Verdict struct {
	OK         bool
	Problem    *Problem // why not, or why not any more if it is claimed by another, when that may be said
	Credential string   // id of what was matched
	Version    uint64
	Alone      bool     // it is first and second factor at once
	Factor     bool     // as [Proof.Factor]
	Short      bool     // as [Proof.Short]
	There      []string // as [Proof.There]
	By         string   // as [Proof.By]
	Reserve    *Spent   // single-use thing to be spent when the flow finishes
	// Note is what a proof leaves in the account that was refused, and Tell what
	// the owner hears of it; false: there is nothing left to note. It may run twice.
	Note func(*Account) bool
	Tell EventName
	// Once is a single-use thing that no account holds. It is used up at once, before
	// Claim: whoever shows it again is refused. nil: there is none.
	Once *Spent
	// Rehash stores the same secret at today's cost, after the answer; nil: it
	// has that.
	Rehash Rehash
	// Claim marks something as used at once, inside an account swap (the TOTP
	// step). It may run twice; its error means "not proved after all".
	Claim func(*Account) error
}

// Method is one way to prove something. Each has one file in package method.
type Method interface {
	Traits() Traits
	// Ready reports whether the account can show this proof at all. It is not
	// asked before the first proof of a flow.
	Ready(a *Account, now time.Time) bool
	// Verify checks the input. A wrong proof is Verdict{} and no error; an
	// error is technical and denies.
	Verify(ctx context.Context, t Try) (Verdict, error)
}

// Challenger is a method that makes something before it can be answered: a
// code that is sent, or a challenge that only the page shows.
type Challenger interface {
	// Challenge makes a new one. A message is queued only after the flow that
	// holds its MAC has been written; nil: nothing is sent.
	Challenge(t Try) (Challenge, *Message, error)
}

// Lasting is a method whose challenge lives for a time that the policy sets.
// Pages show that time and not the one of what was really sent: who has proved
// nothing must not learn whether anything was.
type Lasting interface {
	Life(l Lifetimes) time.Duration
}

// Keyed is a method that keeps something in the account that only the root key of
// then can check, so that a change of the key needs the owner.
type Keyed interface {
	// KeysOf names the root keys of what the account holds; an empty name: it is
	// from before keys were noted.
	KeysOf(a *Account) []string
}

// Namer is a method whose proof says whose it is, so that nobody types a name:
// it may be the first thing that a flow is shown.
type Namer interface {
	Method
	// Named reads the account's id out of a form; empty: the form holds no such
	// proof. Nothing is believed yet: Verify follows.
	Named(in Input) string
}

// Settler is a method whose credentials may be in doubt until another proof is shown.
type Settler interface {
	Method
	// Settle ends what the second factors and recovery codes that were shown for a
	// finished flow end.
	Settle(a *Account, shown []Proof)
	// Doubted tells whether a credential is in doubt, and Vindicate ends that: its
	// owner says so, with another proof.
	Doubted(c Credential) bool
	Vindicate(a *Account, credential string)
}

// Rehash does the work, and returns the edit of the account. The edit may run
// twice, and does nothing where the secret has changed meanwhile.
type Rehash func(ctx context.Context) (func(*Account) error, error)

// Costed is a method whose check takes as long as the credential was made to
// cost.
type Costed interface {
	// Cost names what a credential costs that is made now.
	Cost() string
	// CostOf names what that of an account costs; empty: it has none.
	CostOf(a *Account) string
	// Match makes every check, also one for nobody, cost all of these together,
	// in one order.
	Match(costs []string)
}

// Queued is a method whose check has to wait its turn. The place is taken before
// anything is charged, so that nothing is written for a try that finds none.
type Queued interface {
	// Queue takes a place, which the context carries to Verify; leave gives it
	// back where it was not used. The error says that there is none.
	Queue(ctx context.Context) (placed context.Context, leave func(), err error)
}

// Remote is a method whose proof is given elsewhere while this browser waits.
// The engine keeps a request for it, which is found by a code.
type Remote interface {
	Method
	// May tells whether the account behind an id may answer a request of a.
	May(a *Account, id string) bool
	// Call lists the accounts that are to hear that a request of the flow may
	// reach them, and the template of the mail.
	Call(a *Account, f *Flow) (ids []string, template string)
}

// ByBrowser is a method whose proof another browser of the same account gives,
// which finds the request by itself. The engine keeps one for each account.
type ByBrowser interface {
	Method
	// AskedPage shows the number and waits.
	AskedPage() string
}

// Enroller is a method whose credential a person can replace.
type Enroller interface {
	// Offer makes what the page shows (a secret, codes); nil for nothing.
	Offer(t Try) (json.RawMessage, error)
	// Confirm checks the person's answer and returns the data to store.
	Confirm(ctx context.Context, t Try, offered json.RawMessage) (json.RawMessage, *Problem, error)
	// Page that shows the offer.
	EnrollPage() string
}

// Placed is a method whose credentials are on one thing or another: what it would
// take with it, if that was lost, is a matter of where they are.
type Placed interface {
	Method
	// Places says it of the account's, in the words of a shape of the lint; none for an
	// account without any.
	Places(a *Account) []string
}

// Local is a method that not every browser can enrol, by the address it is at.
type Local interface {
	Enroller
	// Here tells whether a browser can. Nothing of it depends on an account.
	Here(c Client) bool
}

// Timed is a method whose offer of an enrolment is good for a short time.
type Timed interface {
	Enroller
	// Good tells whether what was offered can still be answered.
	Good(offered []byte, t Try) bool
}

// AtHome is a method whose credentials can be shown at some addresses only.
type AtHome interface {
	Method
	// AtHome tells whether one of the account's can be in a browser.
	AtHome(a *Account, c Client) bool
}

// Methods is the registry, in order of preference.
type Methods struct {
	list   []Method
	byName map[string]Method
	has    func(channel string) bool
}

// NewMethods builds the registry; has tells which channels have a notifier
// (nil: none).
func NewMethods(has func(channel string) bool, list ...Method) *Methods {
	if has == nil {
		has = func(string) bool { return false }
	}
	m := &Methods{list: list, byName: make(map[string]Method, len(list)), has: has}
	for _, x := range slices.Backward(list) { // of several with one name the first counts
		m.byName[x.Traits().Name] = x
	}
	return m
}

// With is the registry with more methods, which come after those there are.
func (m *Methods) With(more ...Method) *Methods {
	return NewMethods(m.has, slices.Concat(m.list, more)...)
}

// Get returns a method by name, or nil.
func (m *Methods) Get(name string) Method {
	if x := m.byName[name]; x != nil {
		return x
	}
	bare, count, _ := strings.Cut(name, "*")
	if c, ok := m.byName[bare].(Counted); ok {
		if n, err := strconv.Atoi(count); err == nil && n > 0 && n <= maxCounted {
			return c.Times(n)
		}
	}
	return nil
}

const maxCounted = 5

// Counted is a method that can be asked for several times at once: contact*2.
type Counted interface {
	Method
	// Times returns the method that needs n of them.
	Times(n int) Method
}

// proof reports whether a name may stand in a way.
func (m *Methods) proof(name string) bool {
	x := m.Get(name)
	return x != nil && x.Traits().Class != ""
}

// proofs lists what may stand in a way.
func (m *Methods) proofs() []string {
	out := []string{Factor}
	for _, name := range m.Names() {
		if m.proof(name) {
			out = append(out, name)
		}
	}
	return out
}

// Has reports whether messages for a channel can be sent here.
func (m *Methods) Has(channel string) bool { return m.has(channel) }

// Names lists all methods.
func (m *Methods) Names() []string {
	var names []string
	for _, x := range m.list {
		names = append(names, x.Traits().Name)
	}
	return names
}

// Offered tells whether this installation can ask for the proof at all.
func (m *Methods) Offered(name string) bool {
	x := m.Get(name)
	return x != nil && (x.Traits().Channel == "" || m.has(x.Traits().Channel))
}

// ready is offered and usable by this account now.
func (m *Methods) ready(name string, a *Account, now time.Time) bool {
	return m.Offered(name) && m.Get(name).Ready(a, now)
}

// here tells whether a browser can enrol a method.
func (m *Methods) here(name string, c Client) bool {
	x, ok := m.Get(name).(Enroller)
	local, bound := x.(Local)
	return ok && (!bound || local.Here(c))
}

// expand replaces the word "factor" by the second factors there are.
func (m *Methods) expand(name string) []string {
	if name != Factor {
		return []string{name}
	}
	var out []string
	for _, x := range m.list {
		if x.Traits().Factor {
			out = append(out, x.Traits().Name)
		}
	}
	return out
}

// Unguessable reports whether a proof is one that nobody can come by through
// trying, and that cannot be asked for by typing a name: a recovery code or
// ticket, a passkey, other people who vouched.
func (m *Methods) Unguessable(p Proof) bool {
	x := m.Get(p.Method)
	if x == nil {
		return false
	}
	t := x.Traits()
	return p.Alone || t.Throttle == ThrottleSecret || t.First && t.Class == ClassHeld
}

// HasFactor reports whether an account signs in with a second factor.
func (m *Methods) HasFactor(a *Account) bool {
	return a.SecondFactor || slices.ContainsFunc(a.Credentials, func(c Credential) bool {
		x := m.Get(c.Method)
		return x != nil && x.Traits().Factor
	})
}
