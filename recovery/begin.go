package recovery

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// begin makes a new flow in memory; it is stored once it has got somewhere.
func (e *Engine) begin(ctx context.Context, c Client, in Input) (*run, *Problem, error) {
	if id, _, ok := strings.Cut(string(in.Code), "."); ok && in.Start == "" {
		return e.resume(ctx, c, id) // a mailed link names its flow
	}
	if in.Start == KindLogin && in.Name == "" && in.Password == "" {
		return nil, problem(ProblemMissing), nil
	}
	if wait := e.flows.allow(c.Network, e.Now()); wait > 0 {
		return nil, tooMany(wait), nil
	}
	if err := e.HearLines(ctx); err != nil {
		return nil, nil, err
	}
	r := &run{Engine: e, client: c, token: e.flowToken()}
	r.flow = &Flow{
		ID: secret.Token(16), Kind: in.Start, Binding: secret.Sum(r.token), Lang: c.Lang,
		Return: in.Return, Since: e.Now(), Expires: e.Now().Add(e.Policy.Lifetimes.Flow),
	}
	switch {
	case in.Start == KindLogin, in.Start == KindRecover, in.Start == KindUnlock:
		return r, nil, nil
	case in.Start.needsSession():
		p, err := r.fromSession(ctx, in)
		if p == nil && err == nil && in.Start == KindOpenCase {
			p, err = r.forWhom(ctx, in)
		}
		return r, p, err
	}
	p, err := r.redeem(ctx, in)
	return r, p, err
}

// flowToken makes a token for the flow cookie. Its second half is a MAC, so
// that what somebody else planted in the cookie is not even carried along.
func (e *Engine) flowToken() string {
	random := secret.Token(32)
	return random + e.flowSign(random)
}

func (e *Engine) flowSign(random string) string {
	return secret.Sum(string(e.Keys.MAC("flow token", random)))[:22]
}

// OwnFlow tells whether a token of the flow cookie was made here.
func (e *Engine) OwnFlow(token string) bool {
	const random = 43
	return len(token) == random+22 && subtle.ConstantTimeCompare([]byte(token[random:]), []byte(e.flowSign(token[:random]))) == 1
}

// fromSession binds a flow to the signed-in person.
func (r *run) fromSession(ctx context.Context, in Input) (*Problem, error) {
	a, s, err := r.Engine.signedIn(ctx, r.client.Session)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return problem(ProblemFlowExpired), nil
	}
	r.flow.Session, r.begun = s.Sum, in.Code == "" // the form of some pages answers the first step at once
	r.flow.Account, r.flow.Generation, r.account = a.ID, a.Generation, a
	return nil, nil
}

// signedIn returns the account and session behind a session cookie, or nils.
func (e *Engine) signedIn(ctx context.Context, cookie string) (*Account, *Session, error) {
	id, sum := splitSession(cookie)
	if id == "" {
		return nil, nil, nil
	}
	a, err := e.account(ctx, id)
	if errors.Is(err, ErrNoAccount) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	s := a.Session(sum, e.Now())
	if s == nil {
		return nil, nil, nil
	}
	return a, s, nil
}

// Ticket is a single-use secret nobody asked for in a browser: set-up, invite,
// rescue, and the "this wasn't me" links. Only its MAC is stored, as the name
// of the record.
type Ticket struct {
	Purpose    string    `json:"purpose"` // SetupTicket, Invite, Rescue, purposeStop
	Account    string    `json:"account"`
	Generation uint64    `json:"generation"`
	Made       time.Time `json:"made"`
	Expires    time.Time `json:"expires"`
	Binding    string    `json:"binding,omitempty"` // the browser that first posted it
	Event      EventName `json:"event,omitempty"`
}

const purposeStop = "stop"

// of is how long a ticket that begins a flow lives.
func (l Lifetimes) of(purpose string) time.Duration {
	switch purpose {
	case SetupTicket:
		return l.Setup
	case Invite:
		return l.Invite
	case Rescue:
		return l.Rescue
	case Admin, AdminInPerson:
		return l.Case
	}
	return 0
}

// ticketKeys names a ticket.
func (e *Engine) ticketKeys(code string) []string { return e.codeKeys("ticket", code) }

// codeKeys names the record behind a code, for each root key. Codes typed by
// people are read kindly, long tokens exactly.
func (e *Engine) codeKeys(kind, code string) []string {
	if len(code) < 40 {
		code = secret.Plain(code)
	}
	if code == "" {
		return nil
	}
	var keys []string
	for _, mac := range e.Keys.MACs(kind, code) {
		keys = append(keys, kind+"/"+secret.Sum(string(mac)))
	}
	return keys
}

func (e *Engine) writeTicket(ctx context.Context, code string, t Ticket) error {
	ok, err := kv.Create(ctx, e.Store, e.ticketKeys(code)[0], t, t.Expires)
	if err == nil && !ok {
		err = errMoved
	}
	return err
}

// ticket finds a ticket and binds it to this browser; another browser's is as
// good as none.
func (r *run) ticket(ctx context.Context, code string) (*Ticket, string, error) {
	for _, key := range r.ticketKeys(code) {
		t, ok, err := kv.Load[Ticket](ctx, r.Store, key)
		if err != nil {
			return nil, "", err
		}
		if !ok || t.Purpose == purposeStop || !r.Now().Before(t.Made.Add(r.Policy.Lifetimes.of(t.Purpose))) {
			continue
		}
		bound, err := kv.Update(ctx, r.Store, key, t.Expires, func(t *Ticket, exists bool) error {
			if !exists || t.Binding != "" && !r.holds(t.Binding) {
				return errMoved
			}
			if t.Binding == "" {
				t.Binding = r.flow.Binding
			}
			return nil
		})
		if errors.Is(err, errMoved) {
			return nil, "", nil
		}
		return &bound, key, err
	}
	return nil, "", nil
}

func (r *run) holds(binding string) bool {
	return slices.ContainsFunc(append([]string{r.token}, r.client.Flows...), func(t string) bool {
		return secret.Sum(t) == binding
	})
}

// redeem begins the flow a ticket is for.
func (r *run) redeem(ctx context.Context, in Input) (*Problem, error) {
	if in.Code == "" {
		return problem(ProblemMissing), nil
	}
	tries := meter{key: r.meterKey("ticket", r.client.Network), rule: backoff(r.Policy.Limits), life: 2*r.Policy.Limits.LastWait + time.Hour}
	if err := r.charge(ctx, []meter{tries}); err != nil {
		if limit, ok := errors.AsType[errLimit](err); ok {
			return tooMany(limit.wait), nil
		}
		return nil, err
	}
	t, key, err := r.ticket(ctx, string(in.Code))
	if err != nil {
		return nil, err
	}
	if t == nil || in.Start != "" && in.Start != ticketKind(t.Purpose) {
		if in.Start == KindSetup {
			return problem(ProblemSetupWrong), nil
		}
		return problem(ProblemLinkExpired), nil
	}
	r.refund(ctx, []meter{tries})
	r.begun = true
	return r.redeemed(ctx, t, key)
}

func ticketKind(purpose string) Kind {
	switch purpose {
	case SetupTicket:
		return KindSetup
	case Invite:
		return KindActivate
	case Rescue, Admin, AdminInPerson:
		return KindRecover
	}
	return ""
}

// redeemed binds the flow to the ticket's account.
func (r *run) redeemed(ctx context.Context, t *Ticket, key string) (*Problem, error) {
	r.flow.Kind = ticketKind(t.Purpose)
	r.flow.Account, r.flow.Generation = t.Account, t.Generation
	if t.Purpose == SetupTicket {
		if done, err := r.HasAccounts(ctx); done || err != nil {
			return problem(ProblemSetupDone), err
		}
	}
	p, err := r.attach(ctx)
	if p != nil || err != nil {
		return problem(ProblemLinkExpired), err
	}
	if r.account.State == StateInvited != (t.Purpose == Invite) || r.account.State == StateDisabled {
		return problem(ProblemLinkExpired), nil
	}
	r.flow.Name = r.account.Name
	r.frozen()
	r.flow.prove(Proof{Method: t.Purpose, Source: t.Purpose, At: r.Now()})
	r.flow.Reserved = append(r.flow.Reserved, Spent{ID: key, Until: t.Expires.Add(r.Policy.Lifetimes.Flow)})
	return nil, nil
}

// prepare makes what the next step needs: an offer to enrol, or a code on its
// way. again voids what was sent before and sends anew.
func (r *run) prepare(ctx context.Context, again bool) error {
	step := Next(r.facts())
	if step.Dead != "" && r.flow.Kind == KindLogin {
		r.audit(r.event(EventAlarm)) // a second factor is due and none is there (MF-13)
	}
	if step.Done || step.Dead != "" || step.Method == "" {
		return nil
	}
	if e, ok := r.Methods.Get(step.Method).(Enroller); ok && step.Enroll {
		if r.flow.Pending[step.Method].Data != nil {
			return nil
		}
		data, err := e.Offer(r.try(Input{}))
		if err == nil {
			r.pend(step.Method, Pending{Data: data})
		}
		return err
	}
	if kindOf(step.Method) == VouchedBy {
		return r.askVouchers(ctx)
	}
	ch, ok := r.Methods.Get(step.Method).(Challenger)
	if !ok || r.account == nil || !again && r.flow.Sent[step.Method].live(r.Now()) {
		return nil
	}
	return r.send(ctx, step.Method, ch, again)
}

func (s Sent) live(now time.Time) bool { return now.Before(s.Expires) }

// send makes a new code, unless the account or the number had its share: then
// silently not, and what was sent before stays the newest.
func (r *run) send(ctx context.Context, method string, ch Challenger, again bool) error {
	sent, msg, err := ch.Challenge(r.try(Input{}), r.Policy)
	if err != nil {
		return err
	}
	if again {
		r.said = "resent"
	}
	err = r.charge(ctx, r.shares(method, msg))
	if _, ok := errors.AsType[errLimit](err); ok {
		return nil
	}
	if err != nil {
		return err
	}
	if r.flow.Sent == nil {
		r.flow.Sent = map[string]Sent{}
	}
	r.flow.Sent[method] = sent
	r.queue = append(r.queue, r.address(msg))
	return nil
}

// shares is what a message is charged to: the account, and a number whoever it
// was asked for, so that many accounts cannot have one phone ring or one purse
// emptied (TH-08).
func (r *run) shares(method string, m Message) []meter {
	l := r.Policy.Limits
	both := func(kind string, parts ...string) []meter {
		return []meter{
			{key: r.meterKey(kind+" hour", parts...), rule: window(l.SendsHourly), life: l.SendsHourly.Per},
			{key: r.meterKey(kind+" day", parts...), rule: window(l.SendsDaily), life: l.SendsDaily.Per},
		}
	}
	out := both("send", r.account.ID, method)
	if m.Channel == ChannelSMS {
		out = append(out, both("send number", cmp.Or(m.To, r.account.ID))...)
	}
	return out
}

// address fills in what every message has.
func (r *run) address(m Message) Message {
	m.ID = secret.Token(9)
	m.Lang = cmp.Or(r.account.Lang, r.flow.Lang) // the reader's, not that of whoever asked
	if m.Vars == nil {
		m.Vars = map[string]string{}
	}
	m.Vars["browser"], m.Vars["site"] = r.client.Browser, r.Policy.Site
	m.Vars["host"] = hostOf(r.client.Base)
	if link := m.Vars["link"]; link != "" {
		m.Vars["link"] = ""
		if r.client.Base != "" {
			m.Vars["link"] = r.client.Base + "/.sparekey/" + link
		}
	}
	return m
}
