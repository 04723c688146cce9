package engine

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// deviceKey names the one request of an account.
func deviceKey(account string) string { return "device/" + account }

// deviceKept is how long the record is kept: as long as it says which networks
// were turned down.
const deviceKept = 2 * time.Hour

// askBrowsers makes the request of a flow. After a proof of the account its known
// browsers find it by themselves.
func (r *run) askBrowsers(ctx context.Context, again bool) error {
	if r.flow.DeviceRequest != "" && !again {
		return nil
	}
	if r.flow.IsDecoy() || len(r.flow.Proofs) == 0 {
		return r.askByCode(ctx)
	}
	if err := r.chargeRequests(ctx, "device"); err != nil {
		return err
	}
	next := r.newRequest()
	next.Number = number()
	if err := r.placeRequest(ctx, next); err != nil {
		return err
	}
	r.flow.DeviceRequest, r.flow.DeviceCode = next.ID, ""
	r.audit(r.event(recovery.EventDeviceAsked))
	return nil
}

// chargeRequests bounds the requests of an account: for each network that asks, and
// in all. Those of a known browser are counted for themselves.
func (r *run) chargeRequests(ctx context.Context, kind string) error {
	share := r.known()
	each, all := recovery.Rate{Count: 3, Per: time.Hour}, recovery.Rate{Count: 10, Per: time.Hour}
	return r.charge(ctx, []meter{
		{key: r.meterKey(kind, r.account.ID, cmp.Or(share, r.client.Network)), rule: window(each), life: each.Per, stranger: r.flow.IsDecoy()},
		{key: r.meterKey(kind+" all", r.account.ID, share), rule: window(all), life: all.Per, stranger: r.flow.IsDecoy()},
	})
}

func (r *run) newRequest() recovery.DeviceRequest {
	return recovery.DeviceRequest{
		ID: secret.Token(16), Flow: r.flow.ID, Account: r.account.ID, For: r.flow.Kind, Replaces: r.recipe().Replaces, Goal: r.flow.Goal,
		Browser: r.client.Browser, Network: r.client.Network, Host: r.client.Host, Return: r.flow.Return, Device: r.known(),
	}
}

// askByCode makes a request before anything was proved: a known browser finds it
// by the code that the page shows, for everybody alike. It takes no slot, is told to
// nobody, and is counted apart, so that who can name somebody uses up none of theirs.
func (r *run) askByCode(ctx context.Context) error {
	if err := r.chargeRequests(ctx, "device unproved"); err != nil {
		return err
	}
	var q recovery.DeviceRequest
	q.Replace(r.newRequest(), r.Now())
	code := secret.Code(8)
	if _, err := kv.Create(ctx, r.Store, r.askedKey(code), q, q.Expires); err != nil {
		return err
	}
	r.flow.DeviceRequest, r.flow.DeviceCode = q.ID, code
	return nil
}

func (e *Engine) askedKey(code string) string { return e.codeKeys("asked", code)[0] }

// requestOf names the record of a flow's request.
func (e *Engine) requestOf(f *recovery.Flow) string {
	if f.DeviceCode != "" {
		return e.askedKey(f.DeviceCode)
	}
	return deviceKey(f.Account)
}

// number is the two digits that the new browser shows.
func number() string {
	for {
		if n := secret.Digits(2); n[0] != '0' {
			return n
		}
	}
}

// placeRequest takes the slot, or says how long others have it.
func (r *run) placeRequest(ctx context.Context, next recovery.DeviceRequest) error {
	var wait time.Duration
	_, err := r.updateRequest(ctx, deviceKey(next.Account), func(q *recovery.DeviceRequest) error {
		if wait = q.Paused(next.Network, r.Now()); wait == 0 {
			wait = q.Replace(next, r.Now())
		}
		return nil
	})
	if err == nil && wait > 0 {
		return errLimit{wait}
	}
	return err
}

func (e *Engine) updateRequest(ctx context.Context, key string, change func(*recovery.DeviceRequest) error) (recovery.DeviceRequest, error) {
	return kv.Update(ctx, e.Store, key, e.Now().Add(deviceKept), func(q *recovery.DeviceRequest, _ bool) error { return change(q) })
}

// admission is what another browser has answered to the flow's request. A code
// is compared where it counts its tries, and used up by the answer.
func (r *run) admission(ctx context.Context, m recovery.Method, in recovery.Input) (*recovery.Admission, error) {
	if _, ok := m.(recovery.ByBrowser); !ok || r.flow.DeviceRequest == "" {
		return nil, nil
	}
	var found *recovery.Admission
	_, err := r.updateRequest(ctx, r.requestOf(r.flow), func(q *recovery.DeviceRequest) error {
		found = nil
		if q.ID != r.flow.DeviceRequest || q.Flow != r.flow.ID || !q.Live(r.Now()) {
			return recovery.ErrMoved
		}
		if q.Try(secret.Plain(string(in.Code)), r.Now()) {
			q.State, found = recovery.DeviceUsed, q.Admission()
		}
		return nil
	})
	if errors.Is(err, recovery.ErrMoved) {
		return nil, nil
	}
	return found, err
}

// DeviceRequest is the request of a flow as it stands; with another id it has
// given way to another one.
func (e *Engine) DeviceRequest(ctx context.Context, f *recovery.Flow) (recovery.DeviceRequest, error) {
	q, _, err := kv.Load[recovery.DeviceRequest](ctx, e.Store, e.requestOf(f))
	if err != nil || q.ID != f.DeviceRequest {
		return recovery.DeviceRequest{}, err
	}
	if q.State != recovery.DeviceUsed && !q.Live(e.Now()) && !e.Now().Before(q.Expires) {
		q.State = recovery.DeviceGone
	}
	return q, nil
}

// MayLook counts how often the page of a flow asks whether there is something
// new, and says how long to wait if that is too often.
func (e *Engine) MayLook(flow string) time.Duration { return e.looks.allow(flow, e.Now()) }

// PendingDevice is the request that a browser of the account may answer, or why
// it may not. Neither: there is none.
func (e *Engine) PendingDevice(ctx context.Context, a *recovery.Account, s *recovery.Session) (*recovery.DeviceRequest, string, error) {
	if why := a.LetsIn(s, e.Now()); why != "" {
		return nil, why, nil
	}
	q, ok, err := kv.Load[recovery.DeviceRequest](ctx, e.Store, deviceKey(a.ID))
	switch {
	case err != nil || !ok || !e.Now().Before(q.Expires):
		return nil, "", err
	case q.Device != "" && q.Device == s.Device:
		return nil, recovery.ProblemDeviceSame, nil
	case q.By != "" && q.By != s.Device:
		q.Code = "" // shown where it was made
	}
	return &q, "", nil
}

// letIn begins to answer with the number that was typed.
func (r *run) letIn(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	if p := recovery.Next(r.facts()); p.Dead != "" {
		return recovery.NewProblem(p.Dead), nil
	}
	if in.Code == "" {
		return nil, nil
	}
	r.begun = true // the form answers this and no proof
	if in.Name == "" {
		return r.byCode(ctx, secret.Plain(string(in.Code)))
	}
	return r.deviceNumber(ctx, in)
}

// byCode finds the request that a page shows a code of. It is only looked up for
// the account that it was made for.
func (r *run) byCode(ctx context.Context, code string) (*recovery.Problem, error) {
	hourly := recovery.Rate{Count: 10, Per: time.Hour}
	if err := r.charge(ctx, []meter{{key: r.meterKey("vouch", r.account.ID), rule: window(hourly), life: time.Hour}}); err != nil {
		return nil, err
	}
	if code == "" { // nothing that could be one
		return recovery.NewProblem(recovery.ProblemCodeUnknown), nil
	}
	q, ok, err := kv.Load[recovery.DeviceRequest](ctx, r.Store, r.askedKey(code))
	if err != nil {
		return nil, err
	}
	if !ok || q.Account != r.account.ID || !q.Live(r.Now()) || q.Device != "" && q.Device == r.ownDevice() {
		return recovery.NewProblem(recovery.ProblemCodeUnknown), nil
	}
	r.answersTo(q)
	r.flow.DeviceCode = code
	return nil, nil
}

// answersTo notes which request the flow answers.
func (r *run) answersTo(q recovery.DeviceRequest) {
	r.flow.DeviceRequest, r.flow.DeviceReplaces, r.flow.DeviceGoal = q.ID, q.Replaces, q.Goal
}

// deviceNumber compares the number. A wrong one ends the request.
func (r *run) deviceNumber(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	if in.Code == "" {
		return recovery.InField(recovery.ProblemMissing, "code"), nil
	}
	own := r.account.SessionByID(r.flow.Session, r.Now())
	wrong := false
	q, err := r.updateRequest(ctx, r.requestOf(r.flow), func(q *recovery.DeviceRequest) error {
		if q.ID != in.Name || q.State != recovery.DeviceWaiting || !q.Live(r.Now()) || own == nil || q.Device == own.Device {
			return recovery.ErrMoved
		}
		if wrong = !q.Told(string(in.Code)); wrong {
			q.Turn(recovery.DeviceWrong, r.Now())
		}
		return nil
	})
	switch {
	case errors.Is(err, recovery.ErrMoved):
		return recovery.NewProblem(recovery.ProblemDeviceGone), nil
	case err != nil:
		return nil, err
	case wrong:
		r.audit(r.event(recovery.EventDeviceRefused))
		return recovery.NewProblem(recovery.ProblemDeviceNumber), nil
	}
	r.answersTo(q)
	return nil, nil
}

// handOver takes how the new browser is let in. What was found by a code that this
// browser read off the new one needs no second one, which no page would show.
func (r *run) handOver(_ context.Context, in recovery.Input) (*recovery.Problem, error) {
	switch {
	case in.Choice == recovery.ChoiceTap, in.Choice == recovery.ChoiceCode && r.flow.DeviceCode == "":
		r.flow.Consented, r.flow.ByCode = true, in.Choice == recovery.ChoiceCode
		return nil, nil
	case in.Choice == "":
		return recovery.NewProblem(recovery.ProblemMissing), nil
	}
	return recovery.NewProblem(recovery.ProblemNotAvailable), nil
}

// answerBrowser writes the answer into the request, by when the session and the
// proofs of the browser that gives it have been looked at again.
func (r *run) answerBrowser(ctx context.Context) error {
	code := ""
	if r.flow.ByCode {
		code = secret.Code(8)
	}
	is := recovery.Admission{Factor: r.Methods.ShowsFactor(r.flow.Proofs), There: r.flow.Shown(), By: r.ownDevice()}
	_, err := r.updateRequest(ctx, r.requestOf(r.flow), func(q *recovery.DeviceRequest) error {
		if q.ID != r.flow.DeviceRequest || q.State != recovery.DeviceWaiting || !q.Live(r.Now()) || is.By == "" {
			return recovery.ErrMoved
		}
		q.Answer(is, code, r.Now())
		return nil
	})
	if err == nil {
		r.audit(r.event(recovery.EventDeviceAnswered))
	}
	return err
}

// ownDevice is the browser of the flow's session.
func (r *run) ownDevice() string {
	if s := r.account.SessionByID(r.flow.Session, r.Now()); s != nil {
		return s.Device
	}
	return ""
}

// RefuseDevice ends a request that is not the owner's. It can only close, and
// needs no proof. A request that is not there any more is no error.
func (e *Engine) RefuseDevice(ctx context.Context, a *recovery.Account, s *recovery.Session, id string) error {
	if a.LetsIn(s, e.Now()) != "" {
		return recovery.ErrNotAllowed
	}
	_, err := e.updateRequest(ctx, deviceKey(a.ID), func(q *recovery.DeviceRequest) error {
		if q.ID != id || !q.Live(e.Now()) {
			return recovery.ErrMoved
		}
		q.Turn(recovery.DeviceNotMe, e.Now())
		return nil
	})
	if errors.Is(err, recovery.ErrMoved) {
		return nil
	}
	if err == nil {
		e.record(ctx, recovery.Event{Name: recovery.EventDeviceRefused, Account: a.ID, Person: a.Name, ActorID: a.ID, Actor: a.Name})
	}
	return err
}

// LockRefused closes the account after its owner has turned a request down:
// somebody else knows the password. It can only close, as a notice can. It
// returns false where no request was turned down lately.
func (e *Engine) LockRefused(ctx context.Context, a *recovery.Account, s *recovery.Session, c recovery.Client) (bool, error) {
	q, _, err := e.PendingDevice(ctx, a, s)
	if err != nil || q == nil || q.State != recovery.DeviceNotMe && q.State != recovery.DeviceWrong {
		return false, err
	}
	x := closing{account: a.ID, because: "a refused device", client: c}
	return e.closeFor(ctx, x, func(a *recovery.Account) error {
		if a.State != recovery.StateActive {
			return recovery.ErrMoved
		}
		a.Freeze(q.At, e.Now(), e.Policy.Lifetimes)
		return nil
	})
}
