package recovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Engine runs flows. All fields but the unexported ones are set before first
// use and not changed afterwards.
type Engine struct {
	Store   *kv.Store
	Keys    *secret.Keys
	Policy  *Policy
	Methods *Methods
	Notify  Notifier         // nil: nothing can be sent
	Now     func() time.Time // time.Now outside tests
	Audit   func(Event)      // nil: events are dropped
	Log     *slog.Logger     // nil: slog.Default()

	name         string // of this process, for what it takes on
	posts, flows gauge
	settled      atomic.Bool // an account exists; it stays so
	lines        atomic.Bool // somebody is known by a main number; it stays so
	linesAsked   atomic.Int64
}

// New checks the policy and returns an engine.
func New(e *Engine) (*Engine, error) {
	if err := e.Policy.Validate(e.Methods); err != nil {
		return nil, err
	}
	e.name = secret.Token(9)
	e.posts.rate, e.flows.rate = e.Policy.Limits.Posts, e.Policy.Limits.Flows
	return e, nil
}

func (e *Engine) log() *slog.Logger {
	if e.Log == nil {
		return slog.Default()
	}
	return e.Log
}

func (e *Engine) audit(ev Event) {
	ev.At = e.Now()
	if e.Audit != nil {
		e.Audit(ev)
	}
}

// Errors of the engine. Anything else that it returns means "cannot tell" and
// is answered with 503.
var (
	// ErrNoAccount says that there is no such account.
	ErrNoAccount = errors.New("no such account")
	// ErrNameTaken says that a name, address or number belongs to another account.
	ErrNameTaken = errors.New("already taken by another account")
	// ErrAddressTaken says beside ErrNameTaken that it is not the name that is taken.
	ErrAddressTaken = errors.New("address or number already taken by another account")
	// ErrSetUp says that the first account exists already.
	ErrSetUp = errors.New("there is an account already")
)

// errMoved says that a flow or account changed under a request: nothing was
// done, the person sees where things stand.
var errMoved = errors.New("changed meanwhile")

// run is one request at work on one flow.
type run struct {
	*Engine
	client  Client
	flow    *Flow
	account *Account
	since   uint64 // version of the stored flow
	stored  bool
	token   string // new flow token for the browser
	begun   bool   // beginning it was all this form is for
	queue   []Message
	said    string // notice for the page
}

func (r *run) facts() Facts {
	f := Facts{Flow: r.flow, Account: r.account, Policy: r.Policy, Methods: r.Methods, Now: r.Now()}
	if r.account != nil {
		f.Device = r.account.Device(r.client.Device)
	}
	return f
}

func (r *run) event(name EventName) Event {
	ev := Event{Name: name, Network: r.client.Network, Flow: r.flow.ID[:min(8, len(r.flow.ID))]}
	if r.account != nil && !r.flow.decoy() {
		ev.Account, ev.Person = r.account.ID, r.account.Name
	}
	return ev
}

func (r *run) try(in Input) Try {
	return Try{Account: r.account, Flow: r.flow, Input: in, Now: r.Now(), Policy: r.Policy}
}

// outcome is the page for where the flow stands now.
func (r *run) outcome(p *Problem) Outcome {
	o := Outcome{Flow: r.flow, Stored: r.stored, Step: Next(r.facts()), Problem: p, FlowToken: r.token, Notice: r.said}
	o.Unready = r.stored && !r.flow.ready(o.Step)
	if (len(r.flow.Proofs) > 0 || r.flow.Session != "") && !r.flow.decoy() {
		o.Account = r.account
	}
	return o
}

// account loads an account by id; a missing one is [ErrNoAccount].
func (e *Engine) account(ctx context.Context, id string) (*Account, error) {
	a, ok, err := kv.Load[Account](ctx, e.Store, accountKey(id))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrNoAccount
	}
	return &a, nil
}

func accountKey(id string) string { return "account/" + id }

// edit changes an account in one write. change works on a copy and may run
// twice; its error leaves the account as it was.
func (e *Engine) edit(ctx context.Context, id string, change func(a *Account) error) (*Account, error) {
	a, err := kv.Update(ctx, e.Store, accountKey(id), time.Time{}, func(a *Account, exists bool) error {
		if !exists {
			return ErrNoAccount
		}
		c := a.clone()
		if err := change(c); err != nil {
			return err
		}
		*a = *c
		return nil
	})
	return &a, err
}

// standIn is nobody's account: no credentials, so that every check fails after
// the same work. Its id only names meters.
func (e *Engine) standIn(name string) *Account {
	return &Account{ID: "nobody-" + e.meterKey("nobody", name), State: StateActive, Name: name}
}

// open finds the flow a form belongs to, or begins one.
func (e *Engine) open(ctx context.Context, c Client, in Input) (*run, *Problem, error) {
	if in.Flow == "" {
		return e.begin(ctx, c, in)
	}
	return e.resume(ctx, c, in.Flow)
}

func (e *Engine) resume(ctx context.Context, c Client, id string) (*run, *Problem, error) {
	f, ok, err := kv.Load[Flow](ctx, e.Store, flowKey(id))
	if err != nil {
		return nil, nil, err
	}
	if !ok || f.Ask == "" && !e.Now().Before(f.Since.Add(e.Policy.Lifetimes.Flow)) { // shorter now than when it was promised
		return nil, problem(ProblemFlowExpired), nil
	}
	if !f.bound(c.Flows) {
		return nil, problem(ProblemOtherBrowser), nil
	}
	r := &run{Engine: e, client: c, flow: &f, since: f.Version, stored: true}
	p, err := r.attach(ctx)
	return r, p, err
}

// attach loads the account of a flow and checks that the flow still fits it.
func (r *run) attach(ctx context.Context) (*Problem, error) {
	switch {
	case r.flow.decoy():
		r.account = r.standIn(r.flow.Nobody)
		return nil, nil
	case r.flow.Account == "" || r.flow.Kind == KindSetup:
		if r.flow.Kind == KindSetup {
			r.account = &Account{ID: r.flow.Account, Name: r.flow.Name}
		}
		return nil, nil
	}
	a, err := r.Engine.account(ctx, r.flow.Account)
	if errors.Is(err, ErrNoAccount) {
		r.audit(r.event(EventAlarm))
		return problem(ProblemFlowExpired), nil
	}
	if err != nil {
		return nil, err
	}
	r.account = a
	if err := r.fits(a); err != nil {
		return problem(ProblemFlowExpired), nil
	}
	return nil, nil
}

// fits refuses a flow whose account has changed since the proofs were given:
// another generation, another version of a credential, a spent reservation,
// or a session that ended.
func (r *run) fits(a *Account) error {
	if a.Generation != r.flow.Generation {
		return fmt.Errorf("%w: generation", errMoved)
	}
	for _, p := range r.flow.Proofs {
		if p.Credential != "" && !holds(a, p) {
			return fmt.Errorf("%w: credential", errMoved)
		}
	}
	if r.flow.Session != "" {
		id, sum := splitSession(r.client.Session)
		if id != a.ID || sum != r.flow.Session || a.Session(sum, r.Now()) == nil {
			return fmt.Errorf("%w: session", errMoved)
		}
	}
	return nil
}

func holds(a *Account, p Proof) bool {
	for _, c := range a.Credentials {
		if c.ID == p.Credential && c.Version == p.Version {
			return true
		}
	}
	return false
}
