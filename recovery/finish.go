package recovery

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// ending is everything a finish may use. Random values are made before, so
// that running it twice gives the same account.
type ending struct {
	flow    *Flow
	client  Client
	policy  *Policy
	methods *Methods
	now     time.Time
	session string // token
	device  string // token
	ids     [4]string
}

// effects is what a finish asks for, as data.
type effects struct {
	events  []EventName
	tell    []EventName // told to all channels
	session bool        // the browser gets the new session
	device  bool        // and the new device cookie
	remind  bool        // a mail asks to try a way back
}

// finish consumes the flow, changes the account in one write and lets the
// messages go.
func (r *run) finish(ctx context.Context) (Outcome, error) {
	if r.flow.Kind == KindRecover {
		r.flow.Goal = aim(r.facts())
	}
	if r.stored {
		if _, ok, err := kv.Take[Flow](ctx, r.Store, flowKey(r.flow.ID)); err != nil || !ok {
			return Outcome{Problem: problem(ProblemFlowExpired)}, err
		}
	}
	end := ending{
		flow: r.flow, client: r.client, policy: r.Policy, methods: r.Methods, now: r.Now(),
		session: secret.Token(32), device: secret.Token(32),
		ids: [4]string{secret.Token(9), secret.Token(9), secret.Token(9), secret.Token(9)},
	}
	a, eff, err := r.conclude(ctx, end)
	if err != nil {
		return Outcome{}, err
	}
	r.account = a
	return r.concluded(ctx, end, eff), r.forOthers(ctx)
}

// conclude applies the pure ending inside the account swap.
func (r *run) conclude(ctx context.Context, end ending) (*Account, effects, error) {
	switch r.flow.Kind {
	case KindSetup:
		return r.create(ctx, end)
	case KindChangeMail, KindChangePhone:
		id := identifier{"mail", r.flow.Mail}
		if r.flow.Kind == KindChangePhone {
			id = identifier{"phone", r.flow.Phone}
		}
		if err := r.claimOne(ctx, id, r.flow.Account); err != nil {
			return nil, effects{}, err
		}
	default:
	}
	var eff effects
	a, err := r.edit(ctx, r.flow.Account, func(a *Account) error {
		if err := r.fits(a); err != nil {
			return err
		}
		facts := r.facts()
		facts.Account, facts.Device = a, a.Device(r.client.Device)
		if !Next(facts).Done {
			return errMoved
		}
		var err error
		eff, err = end.apply(a)
		return err
	})
	return a, eff, err
}

// forOthers does what a flow is for that changes nothing of its own account.
// By then its proofs have been looked at again, and what was used once is spent.
func (r *run) forOthers(ctx context.Context) error {
	var err error
	switch r.flow.Kind {
	case KindVouch:
		err = r.vouch(ctx)
	case KindOpenCase:
		err = r.openCase(ctx)
	default:
	}
	r.flush()
	return err
}

// concluded audits, tells the owner, and makes the answer.
func (r *run) concluded(ctx context.Context, end ending, eff effects) Outcome {
	for _, name := range eff.events {
		r.audit(r.event(name))
	}
	for _, name := range eff.tell {
		r.tell(ctx, name)
	}
	if eff.remind {
		r.reminded()
	}
	r.settle(ctx)
	r.flush()
	if err := r.enlist(ctx, r.account); err != nil {
		r.log().Warn("roster not written", "error", err)
	}
	o := Outcome{Flow: r.flow, Account: r.account, Finished: r.flow.Kind, Goal: r.flow.Goal, Return: r.flow.Return, FlowToken: r.token}
	if eff.session {
		o.Session, o.Keep = joinSession(r.account.ID, end.session), r.flow.Remember
	}
	if eff.device {
		o.Device = end.device
	}
	return o
}

// settle removes tickets that are spent; their being spent is in the account.
func (r *run) settle(ctx context.Context) {
	for _, s := range r.flow.Reserved {
		if kv.Kind(s.ID) == "ticket" {
			if err := kv.Delete(ctx, r.Store, s.ID); err != nil {
				r.log().Warn("ticket not removed", "error", err)
			}
		}
	}
}

// apply is the pure end of a flow: it edits its copy of the account and says
// what else is to happen. It fails closed when something was spent meanwhile.
func (end ending) apply(a *Account) (effects, error) {
	var eff effects
	for _, s := range end.flow.Reserved {
		if err := end.spend(a, s, &eff); err != nil {
			return eff, err
		}
	}
	switch end.flow.Kind {
	case KindLogin:
		end.login(a, &eff)
	case KindRecover:
		end.recover(a, &eff)
	case KindActivate, KindSetup:
		end.activate(a, &eff)
	case KindChangePassword:
		end.changePassword(a, &eff)
	case KindUnlock:
		a.Unlocks++
		eff.done(EventUnlocked)
	case KindChangeMail, KindChangePhone:
		end.changeContact(a)
		eff.done(EventContactChanged)
	case KindSetPIN:
		end.install(a, PIN, 2)
		eff.done(EventPINChanged)
	case KindSetQuestion:
		end.install(a, SecurityQuestion, 2)
		eff.done(EventQuestionChanged)
	case KindAddContact:
		end.addVoucher(a)
		eff.done(EventVoucherAdded)
	case KindVouch, KindOpenCase: // for somebody else
	case KindDrill, KindDrillContact:
		a.Drilled = end.now
	case KindStepUp:
		end.stepUp(a)
		eff.events = append(eff.events, EventStepUp)
	case KindAddFactor:
		end.renewFactor(a)
		eff.done(EventFactorAdded)
	case KindNewCodes:
		end.keepCodes(a)
		end.install(a, RecoveryCode, 3)
		eff.done(EventCodesRenewed)
	default:
		return eff, errMoved
	}
	a.trim(end.now)
	return eff, nil
}

// done is an event that is told to all channels.
func (eff *effects) done(name EventName) {
	eff.events, eff.tell = append(eff.events, name), append(eff.tell, name)
}

func (end ending) stepUp(a *Account) {
	for i := range a.Sessions {
		if a.Sessions[i].Sum == end.flow.Session {
			a.Sessions[i].Fresh = end.now
		}
	}
}

// Spender is a method whose single-use things live in its own credential.
type Spender interface {
	// Spend removes the thing; an error means that it is gone already.
	Spend(a *Account, id string) error
}

func (end ending) spend(a *Account, s Spent, eff *effects) error {
	if m, ok := end.methods.Get(kv.Kind(s.ID)).(Spender); ok {
		if err := m.Spend(a, s.ID); err != nil {
			return errors.Join(errSpent, err)
		}
		a.CodeUsed = end.now
		eff.done(EventCodeUsed)
		return nil
	}
	return a.spend(s.ID, s.Until, end.now)
}

func (end ending) login(a *Account, eff *effects) {
	known := a.Device(end.client.Device)
	device := end.meet(a, eff)
	if end.flow.Trust {
		device.Remembered = end.now.Add(end.policy.Lifetimes.Remembered)
	}
	// Only the owner signs in fully: that ends the ban on a recovered password
	// and every wait somebody began.
	if end.factorProved() || !end.methods.hasFactor(a) {
		a.Waits = nil
	}
	if c := a.Credential(Password); c != nil && end.flow.Has(Password) && end.factorProved() {
		c.Barred = time.Time{}
	}
	if known == nil && len(a.Devices) > 1 {
		eff.done(EventNewDevice)
	}
	eff.events = append(eff.events, EventLogin)
	end.remindDrill(a, eff)
	// The session this browser had until now ends with the new one (SE-01).
	_, before := splitSession(end.client.Session)
	a.Sessions = slices.DeleteFunc(a.Sessions, func(s Session) bool { return s.Sum == before })
	end.issue(a, device, eff)
}

func (end ending) factorProved() bool {
	return slices.ContainsFunc(end.methods.expand(Factor), end.flow.Has)
}

// meet finds the device or makes it known.
func (end ending) meet(a *Account, eff *effects) *Device {
	if d := a.Device(end.client.Device); d != nil {
		d.Seen, d.Browser = end.now, end.client.Browser
		return d
	}
	eff.device = true
	a.Devices = append(a.Devices, Device{
		ID: end.ids[0], Sum: secret.Sum(end.device), Browser: end.client.Browser, First: end.now, Seen: end.now,
	})
	return &a.Devices[len(a.Devices)-1]
}

// issue signs the browser in.
func (end ending) issue(a *Account, d *Device, eff *effects) {
	l := end.policy.Lifetimes
	idle, life := l.SessionIdle, l.SessionAbsolute
	if end.flow.Remember {
		idle, life = l.KeepIdle, l.KeepAbsolute
	}
	eff.session = true
	a.Sessions = append(a.Sessions, Session{
		ID: end.ids[1], Sum: secret.Sum(end.session), Device: d.ID, Generation: a.Generation,
		Browser: end.client.Browser, Created: end.now, Seen: end.now,
		Idle: int64(idle / time.Second), End: end.now.Add(life), Proofs: end.flow.Proofs,
	})
}

// recover replaces what was lost. It never signs in.
func (end ending) recover(a *Account, eff *effects) {
	if end.flow.Has(RecoveryCode) {
		end.keepCodes(a)
	}
	rescued := end.flow.Has(Rescue)
	name := EventPasswordReset
	switch end.flow.Goal {
	case GoalPassword:
		end.install(a, Password, 2)
	case GoalSecondFactor:
		end.renewFactor(a)
		name = EventFactorReset
	case GoalBoth:
		end.install(a, Password, 2)
		end.renewFactor(a)
		name = EventBothReset
	}
	if c := a.Credential(Password); c != nil && name != EventFactorReset && !rescued {
		c.Barred = end.now.Add(end.policy.Lifetimes.RecoveredBan)
	}
	a.raise()
	a.forget()
	if !rescued {
		a.Probation = end.now.Add(end.policy.Lifetimes.Probation)
	}
	if a.State == StateFrozen {
		a.State, a.Devices, a.Before, a.Thaw = StateActive, nil, nil, nil
		eff.done(EventThawed)
	}
	eff.done(name)
}

// renewFactor replaces every second factor and all codes, and with them the
// trust in devices.
func (end ending) renewFactor(a *Account) {
	if a.State == StateActive {
		end.keepCodes(a)
	}
	a.Drop(end.methods.expand(Factor)...)
	end.install(a, TOTP, 3)
	end.install(a, RecoveryCode, 2)
	a.SecondFactor = true
	a.forget()
}

// install puts a confirmed pending credential in place of the old one. slot
// picks its id, so that a second run gives the same.
func (end ending) install(a *Account, method string, slot int) {
	p := end.flow.Pending[method]
	if !p.Confirmed {
		return
	}
	version := uint64(1)
	if old := a.Credential(method); old != nil {
		version = old.Version + 1
	}
	a.Replace(Credential{ID: end.ids[slot] + method[:1], Method: method, Version: version, Created: end.now, Data: p.Data})
}

func (end ending) activate(a *Account, eff *effects) {
	a.Lang = end.flow.Lang
	end.install(a, Password, 2)
	end.renewFactor(a) // while it is not active yet there is nothing to keep of before
	a.State, a.Invited = StateActive, time.Time{}
	for i := range a.Credentials {
		a.Credentials[i].Initial = true
	}
	a.Generation++
	name := EventActivated
	if end.flow.Kind == KindSetup {
		name = EventSetup
	}
	eff.events = append(eff.events, name)
}

// changePassword ends all other sign-ins; this one is issued again.
func (end ending) changePassword(a *Account, eff *effects) {
	end.install(a, Password, 2)
	a.raise()
	a.forget()
	end.flow.Remember = false
	end.issue(a, end.meet(a, eff), eff)
	eff.done(EventPasswordChanged)
}
