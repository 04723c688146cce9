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

// appeal is a person's request to be vouched for. It is found by a code that is
// read out over the phone, and holds the people who have vouched.
type appeal struct {
	Account string    `json:"account"`
	Name    string    `json:"name"`
	Flow    string    `json:"flow"`
	Trial   bool      `json:"trial,omitempty"` // a trial: nothing is lost
	Expires time.Time `json:"expires"`
	By      []string  `json:"by,omitempty"`
}

// appealLife is the time to reach the people who may vouch.
const appealLife = time.Hour

// askVouchers makes the request. Its code is shown to the person who asks, who
// calls people and reads it out. Before the first proof nothing else happens:
// no message is sent because a stranger typed a name, and nothing depends on
// whether the account or people who may vouch exist.
func (r *run) askVouchers(ctx context.Context) error {
	trial := r.flow.Kind == recovery.KindDrillContact // begun by a person who is signed in
	if !r.Now().Before(r.flow.AskEnds) {
		code := secret.Code(8)
		end := r.Now().Add(appealLife)
		a := appeal{Account: r.account.ID, Name: r.account.Name, Flow: r.flow.ID, Expires: end, Trial: trial}
		if _, err := kv.Create(ctx, r.Store, r.codeKeys("appeal", code)[0], a, end); err != nil {
			return err
		}
		r.flow.Ask, r.flow.AskEnds, r.flow.AskTold = code, end, false
	}
	if r.flow.AskEnds.After(r.flow.Expires) {
		r.flow.Expires = r.flow.AskEnds
	}
	if len(r.flow.Proofs) == 0 && !trial || r.flow.AskTold {
		return nil
	}
	return r.callVouchers(ctx)
}

// callVouchers tells people who may vouch to expect a call. When they were told
// often enough lately, it sends nothing, and no page shows that.
func (r *run) callVouchers(ctx context.Context) error {
	l := r.Policy.Limits
	err := r.charge(ctx, []meter{
		{key: r.meterKey("send hour", r.account.ID, recovery.VouchedBy), rule: window(l.SendsHourly), life: l.SendsHourly.Per},
		{key: r.meterKey("send day", r.account.ID, recovery.VouchedBy), rule: window(l.SendsDaily), life: l.SendsDaily.Per},
	})
	if _, limited := errors.AsType[errLimit](err); limited {
		return nil
	}
	if err != nil {
		return err
	}
	r.flow.AskTold = true
	for _, v := range r.account.Vouchers {
		if err := r.callVoucher(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) callVoucher(ctx context.Context, v recovery.Voucher) error {
	who, err := r.Engine.account(ctx, v.ID)
	if errors.Is(err, recovery.ErrNoAccount) {
		return nil
	}
	if err != nil {
		return err
	}
	if to := who.Address(recovery.ChannelMail, r.Now()); to != "" {
		template := "contact-ask"
		if r.flow.Kind == recovery.KindDrillContact {
			template = "contact-drill"
		}
		m := r.address(recovery.Message{Channel: recovery.ChannelMail, To: to, Template: template, Expires: r.flow.Expires, Vars: map[string]string{"name": r.account.Name}})
		m.Lang = cmp.Or(who.Lang, m.Lang)
		r.queue = append(r.queue, m)
	}
	return nil
}

// vouched lists the people who have vouched in this flow and still may.
func (r *run) vouched(ctx context.Context, method string) ([]string, error) {
	if recovery.Bare(method) != recovery.VouchedBy || r.flow.Ask == "" {
		return nil, nil
	}
	a, _, err := r.appeal(ctx, r.flow.Ask)
	if err != nil || a == nil || a.Flow != r.flow.ID {
		return nil, err
	}
	return slices.DeleteFunc(a.By, func(id string) bool {
		return !slices.ContainsFunc(r.account.Vouchers, func(v recovery.Voucher) bool { return v.ID == id })
	}), nil
}

// Vouched counts the people who have vouched in a flow so far.
func (e *Engine) Vouched(ctx context.Context, f *recovery.Flow) (int, error) {
	if f.Ask == "" {
		return 0, nil
	}
	a, _, err := e.appeal(ctx, f.Ask)
	if err != nil || a == nil || a.Flow != f.ID {
		return 0, err
	}
	return len(a.By), nil
}

func (e *Engine) appeal(ctx context.Context, code string) (*appeal, string, error) {
	for _, key := range e.codeKeys("appeal", code) {
		a, ok, err := kv.Load[appeal](ctx, e.Store, key)
		if err != nil {
			return nil, "", err
		}
		if ok {
			return &a, key, nil
		}
	}
	return nil, "", nil
}

// request takes the code of the person who asks. It works only for people whom
// that person has named.
func (r *run) request(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	if err := r.charge(ctx, []meter{{key: r.meterKey("vouch", r.account.ID), rule: window(recovery.Rate{Count: 10, Per: time.Hour}), life: time.Hour}}); err != nil {
		return nil, err
	}
	a, key, err := r.appeal(ctx, string(in.Code))
	if err != nil {
		return nil, err
	}
	if a == nil || a.Account == r.account.ID {
		return recovery.NewProblem(recovery.ProblemCodeUnknown), nil
	}
	who, err := r.Engine.account(ctx, a.Account)
	if errors.Is(err, recovery.ErrNoAccount) {
		return recovery.NewProblem(recovery.ProblemCodeUnknown), r.pretend(ctx) // the request belongs to a stand-in
	}
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(who.Vouchers, func(v recovery.Voucher) bool { return v.ID == r.account.ID }) {
		return recovery.NewProblem(recovery.ProblemCodeUnknown), nil
	}
	r.flow.Vouch, r.flow.Person, r.flow.Called, r.flow.Trial = key, a.Account, a.Name, a.Trial
	return nil, nil
}

// consent is the final confirmation of a person who vouches.
func (r *run) consent(_ context.Context, in recovery.Input) (*recovery.Problem, error) {
	switch in.Choice {
	case "approve":
		r.flow.Reason = in.Choice
		return nil, nil
	case "":
		return recovery.NewProblem(recovery.ProblemMissing), nil
	}
	return recovery.NewProblem(recovery.ProblemNotAvailable), nil
}

// vouch writes the approval into the request and tells both sides.
func (r *run) vouch(ctx context.Context) error {
	_, err := kv.Update(ctx, r.Store, r.flow.Vouch, r.Now().Add(appealLife), func(a *appeal, exists bool) error {
		if !exists || !r.Now().Before(a.Expires) {
			return recovery.ErrMoved
		}
		if !slices.Contains(a.By, r.account.ID) {
			a.By = append(a.By, r.account.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.audit(r.event(recovery.EventVouched))
	if who, err := r.Engine.account(ctx, r.flow.Person); err == nil && !r.flow.Trial {
		r.Engine.notice(ctx, who, recovery.EventVouched, r.client)
	}
	return nil
}

// DropVoucher removes a person who may vouch for an account, and notifies its
// owner. Like any change it is [recovery.ErrNotAllowed] while on probation.
func (e *Engine) DropVoucher(ctx context.Context, account, name string, c recovery.Client) error {
	dropped := func(v recovery.Voucher) bool { return v.Name == name }
	a, err := e.edit(ctx, account, func(a *recovery.Account) error {
		switch {
		case e.Now().Before(a.Probation):
			return recovery.ErrNotAllowed
		case !slices.ContainsFunc(a.Vouchers, dropped):
			return recovery.ErrMoved
		}
		a.Vouchers = slices.DeleteFunc(a.Vouchers, dropped)
		return nil
	})
	if errors.Is(err, recovery.ErrMoved) {
		return nil
	}
	if err == nil {
		e.audit(recovery.Event{Name: recovery.EventVoucherDropped, Account: a.ID, Person: a.Name, Network: c.Network})
		e.notice(ctx, a, recovery.EventVoucherDropped, c)
	}
	return err
}
