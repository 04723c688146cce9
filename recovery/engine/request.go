package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// request is what a [recovery.Remote] proof waits for. It is found by a code
// that one person gives to another, and holds who has answered.
type request struct {
	Method  string    `json:"method"`
	Account string    `json:"account"`
	Name    string    `json:"name"`
	Flow    string    `json:"flow"`
	Acts    uint64    `json:"acts,omitempty"`  // of the account then: an act of its owner ends the request
	Trial   bool      `json:"trial,omitempty"` // nothing is lost: somebody tries out who could help
	Expires time.Time `json:"expires"`
	By      []string  `json:"by,omitempty"`
}

// openRequest makes the request. Its code is only shown to the person who asks,
// who hands it on. Before the first proof that is all: nobody is written to
// because a stranger typed a name, and nothing that is done or shown depends on
// whether there is such an account, or anybody who may answer.
func (r *run) openRequest(ctx context.Context, m recovery.Remote) error {
	if !r.Now().Before(r.flow.AskEnds) {
		code := secret.Code(8)
		end := r.Now().Add(requestLife)
		q := request{
			Method: recovery.Bare(m.Traits().Name), Account: r.account.ID, Name: r.account.Name, Flow: r.flow.ID, Acts: r.account.Acts, Trial: r.flow.Trial, Expires: end,
		}
		if _, err := kv.Create(ctx, r.Store, r.requestKeys(code)[0], q, end); err != nil {
			return err
		}
		r.flow.AskCode, r.flow.AskEnds, r.flow.AskTold = code, end, false
	}
	if r.flow.AskEnds.After(r.flow.Expires) {
		r.flow.Expires = r.flow.AskEnds
	}
	if len(r.flow.Proofs) == 0 && !r.flow.Trial || r.flow.AskTold {
		return nil
	}
	return r.callOthers(ctx, m)
}

func (e *Engine) requestKeys(code string) []string { return e.codeKeys("appeal", code) }

// callOthers tells those who may answer to expect a call, unless they were told
// often enough lately: then silently not.
func (r *run) callOthers(ctx context.Context, m recovery.Remote) error {
	ids, template := m.Call(r.account, r.flow)
	l, name := r.Policy.Limits, recovery.Bare(m.Traits().Name)
	err := r.charge(ctx, []meter{
		{key: r.meterKey("send hour", r.account.ID, name, r.share()), rule: window(l.SendsHourly), life: l.SendsHourly.Per},
		{key: r.meterKey("send day", r.account.ID, name, r.share()), rule: window(l.SendsDaily), life: l.SendsDaily.Per},
	})
	if _, limited := errors.AsType[errLimit](err); limited {
		return nil
	}
	if err != nil {
		return err
	}
	r.flow.AskTold = true
	for _, id := range ids {
		if err := r.callOne(ctx, id, template); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) callOne(ctx context.Context, id, template string) error {
	who, err := r.Engine.account(ctx, id)
	if errors.Is(err, recovery.ErrNoAccount) {
		return nil
	}
	if err != nil {
		return err
	}
	if to := who.Address(recovery.ChannelMail, r.Now()); to != "" {
		m := r.address(recovery.Message{
			Channel: recovery.ChannelMail, To: to, Template: template, Expires: r.flow.Expires, Vars: map[string]string{"name": r.account.Name},
		})
		m.Lang = cmp.Or(who.Lang, m.Lang)
		r.queue = append(r.queue, m)
	}
	return nil
}

// answers lists the accounts that have answered this flow's request and still
// may.
func (r *run) answers(ctx context.Context, m recovery.Method) ([]string, error) {
	remote, ok := m.(recovery.Remote)
	if !ok || r.flow.AskCode == "" {
		return nil, nil
	}
	q, _, err := r.pendingRequest(ctx, r.flow.AskCode)
	if err != nil || q == nil || q.Flow != r.flow.ID || q.Method != recovery.Bare(m.Traits().Name) || q.ended(r.account) {
		return nil, err
	}
	return slices.DeleteFunc(q.By, func(id string) bool { return !remote.May(r.account, id) }), nil
}

// ended tells that the owner of the account has acted since the request was made.
func (q *request) ended(a *recovery.Account) bool { return !q.Trial && q.Acts != a.Acts }

// Answers counts those who have answered a flow's request so far.
func (e *Engine) Answers(ctx context.Context, f *recovery.Flow) (int, error) {
	if f.AskCode == "" {
		return 0, nil
	}
	q, _, err := e.pendingRequest(ctx, f.AskCode)
	if err != nil || q == nil || q.Flow != f.ID {
		return 0, err
	}
	return len(q.By), nil
}

func (e *Engine) pendingRequest(ctx context.Context, code string) (*request, string, error) {
	for _, key := range e.requestKeys(code) {
		q, ok, err := kv.Load[request](ctx, e.Store, key)
		if err != nil {
			return nil, "", err
		}
		if ok && e.Now().Before(q.Expires) { // an answer prolongs the record
			return &q, key, nil
		}
	}
	return nil, "", nil
}

// expireRequest deletes a request for others that has expired.
func (e *Engine) expireRequest(ctx context.Context, code string) error {
	for _, key := range e.requestKeys(code) {
		err := kv.Expire(ctx, e.Store, key, func(q *request) bool { return !e.Now().Before(q.Expires) })
		if err != nil {
			return err
		}
	}
	return nil
}

// request takes the code of a request. It is only looked up for somebody who
// may answer it.
func (r *run) request(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	hourly := recovery.Rate{Count: 10, Per: time.Hour}
	if err := r.charge(ctx, []meter{{key: r.meterKey("vouch", r.account.ID), rule: window(hourly), life: time.Hour}}); err != nil {
		return nil, err
	}
	q, key, err := r.pendingRequest(ctx, string(in.Code))
	if err != nil {
		return nil, err
	}
	if q == nil {
		return recovery.NewProblem(recovery.ProblemCodeUnknown), r.expireRequest(ctx, string(in.Code))
	}
	who, err := r.Engine.account(ctx, q.Account)
	if errors.Is(err, recovery.ErrNoAccount) {
		return recovery.NewProblem(recovery.ProblemCodeUnknown), r.readDecoy(ctx) // somebody who is nobody asked
	}
	if err != nil {
		return nil, err
	}
	if m, ok := r.Methods.Get(q.Method).(recovery.Remote); !ok || !m.May(who, r.account.ID) || q.ended(who) {
		return recovery.NewProblem(recovery.ProblemCodeUnknown), nil
	}
	r.flow.Request, r.flow.Person, r.flow.PersonName, r.flow.Trial = key, q.Account, q.Name, q.Trial
	return nil, nil
}

// consent is the last click of somebody who answers.
func (r *run) consent(_ context.Context, in recovery.Input) (*recovery.Problem, error) {
	switch in.Choice {
	case "approve":
		r.flow.Consented = true
		return nil, nil
	case "":
		return recovery.NewProblem(recovery.ProblemMissing), nil
	}
	return recovery.NewProblem(recovery.ProblemNotAvailable), nil
}

// answerRequest writes this account's answer into the request and tells both
// sides.
func (r *run) answerRequest(ctx context.Context) error {
	who, err := r.Engine.account(ctx, r.flow.Person)
	if err != nil {
		return err
	}
	_, err = kv.Update(ctx, r.Store, r.flow.Request, r.Now().Add(requestLife), func(q *request, exists bool) error {
		if !exists || !r.Now().Before(q.Expires) || q.ended(who) {
			return recovery.ErrMoved
		}
		if !slices.Contains(q.By, r.account.ID) {
			q.By = append(q.By, r.account.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.audit(r.event(recovery.EventVouched))
	if !r.flow.Trial {
		r.Engine.noticeOf(ctx, who.ID, recovery.EventVouched, func(a *recovery.Account) {
			r.oweOf(a, recovery.EventVouched, recovery.Thing{Person: r.account.Name}, r.client)
		})
	}
	return nil
}
