package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// address fills in the fields that every message has.
func (r *run) address(m recovery.Message) recovery.Message {
	m.ID = secret.Token(9)
	m.Lang = cmp.Or(r.account.Lang, r.flow.Lang) // the recipient's language, not that of the asking browser
	if m.Vars == nil {
		m.Vars = map[string]string{}
	}
	m.Vars["browser"], m.Vars["site"] = r.client.Browser, r.Policy.Site
	m.Vars["host"] = hostOf(r.client.Base)
	if link := m.Vars["link"]; link != "" {
		m.Vars["link"] = ""
		if r.client.Base != "" && !r.lost(link) {
			m.Vars["link"] = r.client.Base + link
		}
	}
	return m
}

// lost tells that a link belongs to this flow, which only the asking browser can
// go on with, and would lead it to a host that does not know it.
func (r *run) lost(link string) bool {
	return r.client.Elsewhere && strings.HasPrefix(link, "link#"+r.flow.ID+".")
}

// run is one request that works on one flow.
type run struct {
	*Engine
	client  recovery.Client
	flow    *recovery.Flow
	account *recovery.Account
	since   uint64 // version of the stored flow
	stored  bool
	token   string // new flow token for the browser
	begun   bool   // the form only began the flow
	// What the flow began with, to be bound to the browser once the flow is
	// written; empty: no ticket.
	ticketKey  string
	ticketEnds time.Time
	link       string // the group's link in place of a ticket; empty: none
	queue      []recovery.Message
	admins     []recovery.Recipient // who is told of a new administrator
	said       string               // notice for the page
	done       []recovery.Event     // what finishing the flow did
	postponed  bool                 // the account does not owe their records: they follow
}

func (r *run) facts() recovery.Facts {
	f := recovery.Facts{Flow: r.flow, Recipe: recovery.RecipeOf(r.Recipes, r.flow.Kind), Account: r.account, Policy: r.Policy, Methods: r.Methods, Now: r.Now(), Near: r.client.OneFactor(), Client: r.client}
	if r.account != nil {
		f.Device = r.account.Device(r.client.Device)
	}
	return f
}

// recipe is that of the flow; one that is no kind needs nothing and does
// nothing, and [recovery.Next] leads it nowhere.
func (r *run) recipe() *recovery.Recipe {
	if recipe := recovery.RecipeOf(r.Recipes, r.flow.Kind); recipe != nil {
		return recipe
	}
	return &recovery.Recipe{}
}

func (r *run) event(name recovery.EventName) recovery.Event {
	ev := recovery.Event{Name: name, Method: recovery.MethodLine(r.flow.Proofs), Network: r.client.Network, Browser: r.client.Browser, Flow: r.flowID()}
	if r.account != nil && !r.flow.IsDecoy() {
		ev.Account, ev.Person = r.account.ID, r.account.Name
		if len(r.flow.Proofs) > 0 || r.flow.Session != "" { // before that anybody may have typed the name
			ev.ActorID, ev.Actor = r.account.ID, r.account.Name
		}
	}
	return ev
}

// flowID is the part of the flow's id that may be shown.
func (r *run) flowID() string { return r.flow.ID[:min(8, len(r.flow.ID))] }

func (r *run) try(in recovery.Input) recovery.Try {
	return recovery.Try{Account: r.account, Flow: r.flow, Input: in, Now: r.Now(), Policy: r.Policy, Client: r.client, Browser: r.client.Browser, Passkeys: r.client.Passkeys}
}

// outcome describes the page of the flow's current step.
func (r *run) outcome(p *recovery.Problem) recovery.Outcome {
	o := recovery.Outcome{Flow: r.flow, Stored: r.stored, Step: recovery.Next(r.facts()), Problem: p, FlowToken: r.token, Notice: r.said}
	o.Unready = r.stored && !r.flow.Prepared(o.Step)
	if (len(r.flow.Proofs) > 0 || r.flow.Session != "") && !r.flow.IsDecoy() {
		o.Account = r.account
	}
	return o
}

// decoy is an account for a name that nobody has. It has no credentials, so
// that every check fails after the same work. Its id only names meters.
func (e *Engine) decoy(name string) *recovery.Account {
	return &recovery.Account{ID: "nobody-" + e.meterKey("nobody", name), State: recovery.StateActive, Name: name}
}

func (e *Engine) resume(ctx context.Context, c recovery.Client, id string) (*run, *recovery.Problem, error) {
	f, ok, err := kv.Load[recovery.Flow](ctx, e.Store, flowKey(id))
	if err != nil {
		return nil, nil, err
	}
	if !ok || e.over(&f) {
		return nil, recovery.NewProblem(recovery.ProblemFlowExpired), nil
	}
	if f.Over {
		return nil, &recovery.Problem{Key: recovery.ProblemFlowFinished, Args: map[string]string{"return": f.Return}}, nil
	}
	if !f.BoundTo(c.Flows) {
		return nil, recovery.NewProblem(recovery.ProblemOtherBrowser), nil
	}
	r := &run{Engine: e, client: c, flow: &f, since: f.Version, stored: true}
	p, err := r.attach(ctx)
	return r, p, err
}

// over tells whether a flow has lasted longer than a flow may today: when it
// began it may have been more.
func (e *Engine) over(f *recovery.Flow) bool {
	return f.AskCode == "" && !e.Now().Before(f.Since.Add(e.Policy.Lifetimes.Flow))
}

// attach loads the account of a flow and checks that the flow still fits it.
func (r *run) attach(ctx context.Context) (*recovery.Problem, error) {
	switch {
	case r.flow.IsDecoy():
		r.account = r.decoy(r.flow.Decoy)
		return nil, nil
	case r.recipe().Creates:
		r.account = &recovery.Account{ID: r.flow.Account, Name: r.flow.Name, State: r.recipe().States[0], Groups: r.flow.Groups}
		r.account.AddAddresses(r.flow.Mail, r.flow.Phone)
		return nil, nil
	case r.flow.Account == "":
		return nil, nil
	}
	a, err := r.Engine.account(ctx, r.flow.Account)
	if errors.Is(err, recovery.ErrNoAccount) {
		r.audit(r.event(recovery.EventAlarm))
		return recovery.NewProblem(recovery.ProblemFlowExpired), nil
	}
	if err != nil {
		return nil, err
	}
	r.account = a
	if len(r.flow.Proofs) == 0 {
		r.flow.Acts = a.Acts // nothing was proved yet, so this is a beginning, and tells nobody that the owner was here
	}
	return r.ended(r.fits(a)), nil
}

// ended is what is said of a flow that does not fit its account any more.
func (r *run) ended(err error) *recovery.Problem {
	switch act := r.account.LastAct; {
	case err == nil:
		return nil
	case !errors.Is(err, errActed):
		return recovery.NewProblem(recovery.ProblemFlowExpired)
	case act.SignIn:
		return &recovery.Problem{Key: recovery.ProblemOwnerSignedIn, Args: map[string]string{"time": act.At.UTC().Format(time.RFC3339)}}
	default:
		return &recovery.Problem{Key: recovery.ProblemOwnerChanged, Args: map[string]string{"time": act.At.UTC().Format(time.RFC3339)}}
	}
}

// errActed says that the owner acted after the flow's first proof.
var errActed = fmt.Errorf("%w: the owner has acted", recovery.ErrMoved)

// fits refuses a flow whose account has changed since the proofs were given:
// another generation, an act of the owner, another version of a credential, or
// a session that ended. The operator's rescue goes on whatever the owner does.
func (r *run) fits(a *recovery.Account) error {
	if a.Generation != r.flow.Generation {
		return fmt.Errorf("%w: generation", recovery.ErrMoved)
	}
	if r.recipe().Yields && a.Acts != r.flow.Acts && !r.flow.Has(recovery.Rescue) {
		return errActed
	}
	for _, p := range r.flow.Proofs {
		if p.Credential != "" && !holds(a, p) {
			return fmt.Errorf("%w: credential", recovery.ErrMoved)
		}
	}
	if r.flow.Session != "" {
		id, sum := recovery.SplitSession(r.client.Session)
		if s := a.Session(sum, r.Now()); id != a.ID || s == nil || !s.Is(r.flow.Session) {
			return fmt.Errorf("%w: session", recovery.ErrMoved)
		}
	}
	return nil
}

func holds(a *recovery.Account, p recovery.Proof) bool {
	for _, c := range a.Credentials {
		if c.ID == p.Credential && c.Version == p.Version {
			return true
		}
	}
	return false
}

func flowKey(id string) string { return "flow/" + secret.Sum(id) }

func hostOf(base string) string {
	_, rest, _ := strings.Cut(base, "://")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

// Recoverable reports whether there is any way back a person could begin.
func (e *Engine) Recoverable() bool { return len(recovery.FirstProofs(e.Policy, e.Methods)) > 0 }

func tooMany(wait time.Duration) *recovery.Problem {
	return &recovery.Problem{Key: recovery.ProblemTooMany, Wait: max(wait.Round(time.Second), time.Second)}
}

// frozen sets the goal for an account that a notice has frozen. What else is
// lost is unknown then, so everything is replaced.
func (r *run) frozen() {
	if r.account.State == recovery.StateFrozen && r.Methods.HasFactor(r.account) {
		r.flow.Goal = recovery.GoalBoth
	}
}

func (r *run) pend(method string, p recovery.Pending) {
	if r.flow.Pending == nil {
		r.flow.Pending = map[string]recovery.Pending{}
	}
	r.flow.Pending[method] = p
}

func (r *run) flush() {
	for _, m := range r.queue {
		if r.Notify != nil {
			r.Notify.Queue(m)
		}
	}
	r.queue = nil
}
