package recovery

import (
	"errors"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// keepOldCodes keeps the sheet that counts before a newer one is installed. None
// is kept when it may be in other hands: when one of its codes was shown for the
// change, when its owner says so, and when the operator's rescue was needed.
func (end End) keepOldCodes(a *Account) {
	switch f := end.Flow; {
	case f.Has(RecoveryCode), f.Has(Rescue), f.VoidCodes:
		a.OldCodes = nil
	case a.State == StateFrozen:
		a.OldCodes = a.UnfreezeWith // as was decided when it was closed
	default:
		a.OldCodes = a.opening()
	}
}

// ripenCodes lets the present sheet count from a full sign-in on, and forgets the
// one kept until then.
func (end End) ripenCodes(a *Account) {
	c := a.Credential(RecoveryCode)
	if c == nil || !end.factorProved() {
		return
	}
	since := c.Created
	for _, x := range a.Credentials {
		if slices.Contains(end.Methods.expand(Factor), x.Method) && x.Created.After(since) {
			since = x.Created
		}
	}
	if !end.Now.Before(since.Add(end.Policy.Lifetimes.Notice)) {
		c.Opens, a.OldCodes = true, nil
	}
}

// End is everything a finish may use. Random values are made before, so that
// running it twice gives the same account.
type End struct {
	Flow    *Flow
	Recipe  *Recipe
	Client  Client
	Policy  *Policy
	Methods *Methods
	Now     time.Time

	Session, Device, Skip             string // tokens
	SessionID, DeviceID, CredentialID string
}

// Effects is what finishing a flow asks for, as data.
type Effects struct {
	Events     []EventName
	Tell       []EventName // told to all channels
	TellAdmins []EventName // told to all other administrators
	Thing      Thing       // what Tell is about
	Session    bool        // the browser gets the new session
	Keep       bool        // whose cookie outlives it
	Device     string      // its new device cookie; empty: it has that
	Remind     bool        // a mail asks to try a way back
	Answers    bool        // the request named in the flow gets this account's answer
	Remove     bool        // the account is no more
	Trusted    bool        // the browser skips the second factor from now on
	Near       bool        // the sign-in was one of fewer factors than the account has
	Shown      []Proof     // in order, what let the flow finish
}

// Apply is the pure end of a flow: it edits its copy of the account and says
// what else is to happen. It fails closed when something was spent meanwhile.
func (end End) Apply(a *Account) (Effects, error) {
	eff := Effects{Shown: end.Flow.Proofs}
	if end.Recipe == nil {
		return eff, ErrMoved
	}
	for _, s := range end.Flow.Reserved {
		if err := end.spend(a, s, &eff); err != nil {
			return eff, err
		}
	}
	for _, p := range end.Flow.Proofs {
		a.Confirm(p.Entry)
	}
	if end.Recipe.Finish != nil {
		end.Recipe.Finish(end, a, &eff)
		end.acted(a)
	}
	end.settle(a)
	end.renewSession(a, &eff)
	if end.Recipe.Opens && !eff.Near || end.Recipe.Replaces {
		a.endSignIns(end.Client.Flows)
	}
	gone := a.DropExpired(end.Now)
	if s := a.SessionByID(end.SessionID, end.Now); s != nil {
		gone = append(gone, a.makeRoom(s)...)
	}
	if len(gone) > 0 {
		if eff.Thing.Key == "" && eff.Thing.Browser == "" {
			eff.Thing.Key, eff.Thing.Browser = gone[0].Key, gone[0].Browser
		}
		eff.Done(EventOldestEnded)
	}
	return eff, nil
}

// Done is an event that is told to all channels.
func (eff *Effects) Done(name EventName) {
	eff.Events, eff.Tell = append(eff.Events, name), append(eff.Tell, name)
}

// settle ends doubts in credentials that the proofs of the flow end.
func (end End) settle(a *Account) {
	shown := slices.DeleteFunc(slices.Clone(end.Flow.Proofs), func(p Proof) bool { return !end.Methods.second(p) })
	if len(shown) == 0 {
		return
	}
	for _, m := range end.Methods.list {
		if x, ok := m.(Settler); ok {
			x.Settle(a, shown)
		}
	}
}

// Spender is a method whose single-use things live in its own credential.
type Spender interface {
	// Spend removes the thing; an error means that it is gone already.
	Spend(a *Account, id string) error
}

func (end End) spend(a *Account, s Spent, eff *Effects) error {
	if m, ok := end.Methods.Get(s.Kind()).(Spender); ok {
		if err := m.Spend(a, s.ID); err != nil {
			return errors.Join(ErrSpent, err)
		}
		a.CodeUsed = end.Now
		eff.Done(EventCodeUsed)
		return nil
	}
	return a.spend(s.ID, s.Until, end.Now)
}

// acted is Act for a finished flow, if its kind is an act. A recovery code, a
// remembered browser or a password alone is none: a recovery can be for want of
// what is missing there.
func (end End) acted(a *Account) {
	signIn := end.Recipe.Opens && end.factorProved()
	if signIn || end.Recipe.Change != "" {
		a.Act(end.Now, signIn)
	}
}

func (end End) factorProved() bool {
	return slices.ContainsFunc(end.Methods.expand(Factor), end.Flow.Has)
}

// meet finds the device or makes it known.
func (end End) meet(a *Account, eff *Effects) *Device {
	if d := a.Device(end.Client.Device); d != nil {
		d.Sure = d.Sure || end.Flow.sure()
		d.Seen, d.Paged, d.Browser, d.Network = end.Now, end.Now, end.Client.Browser, end.Client.Network
		return d
	}
	eff.Device = remark(end.Client.Device, mark{known: end.Device})
	a.Devices = append(a.Devices, Device{
		ID: end.DeviceID, TokenHash: secret.Sum(end.Device), Browser: end.Client.Browser, Network: end.Client.Network, First: end.Now, Seen: end.Now, Paged: end.Now, Sure: end.Flow.sure(),
	})
	a.LastCode.met(end.Flow.Binding, end.DeviceID)
	return &a.Devices[len(a.Devices)-1]
}

// token is what the browser is known by from now on.
func (end End) token(d *Device) string {
	if m := d.mark(end.Client.Device); m.known != "" {
		return m.known
	}
	return end.Device
}

// issue signs the browser in.
func (end End) issue(a *Account, d *Device, eff *Effects) {
	l := end.Policy.Lifetimes
	idle, life := l.SessionIdle, l.SessionAbsolute
	if end.Flow.Remember {
		idle, life = l.KeepIdle, l.KeepAbsolute
	}
	eff.Session, eff.Keep = true, end.Flow.Remember
	a.Sessions = append(a.Sessions, Session{
		ID: end.SessionID, TokenHash: secret.Sum(end.Session), Host: HostSum(end.Session), Device: d.ID, Generation: a.Generation,
		Browser: end.Client.Browser, Created: end.Now, Seen: end.Now,
		Idle: int64(idle / time.Second), End: end.Now.Add(life), Proofs: eff.Shown, Keep: end.Flow.Remember,
	})
}

// renewSession replaces the token of the session in which a proof was given, so
// that a copy of the one before is worth nothing from then on (ASVS 5.0 7.2.4).
// A token that another tab has replaced a moment ago stays: answers that cross
// each other must not leave the browser with the older one.
func (end End) renewSession(a *Account, eff *Effects) {
	if end.Flow.Session == "" || len(end.Flow.Proofs) == 0 {
		return
	}
	_, sum := SplitSession(end.Client.Session)
	s := a.Session(sum, end.Now)
	if s == nil || eff.Session {
		return // it has ended, or was issued anew
	}
	if end.Methods.strong(a, end.Flow.Proofs) {
		s.Fresh = end.Now
	}
	if slices.ContainsFunc(slices.Concat(end.Flow.Proofs, end.confirmed(a)), end.Methods.second) {
		s.Second = end.Now
	}
	if s.TokenHash == sum {
		s.renew(end.Session, end.Now)
		eff.Session, eff.Keep = true, s.Keep
	}
}

// endOthers ends all other sign-ins, and the trust in all browsers, if that was
// asked for.
func (end End) endOthers(a *Account, eff *Effects) {
	if !end.Flow.EndOthers {
		return
	}
	a.Sessions = slices.DeleteFunc(a.Sessions, func(s Session) bool { return !s.Is(end.Flow.Session) })
	a.UntrustDevices()
	eff.Events = append(eff.Events, EventSessionsEnded)
}

// renewFactor replaces every second factor and all codes, and with them the
// trust in devices.
func (end End) renewFactor(a *Account) {
	a.Drop(end.Methods.expand(Factor)...)
	end.addFactor(a)
	a.SecondFactor = !end.goneWithout()
}

// addFactor takes in a second factor, beside those of other methods, and the new
// codes where some were made. The trust in devices ends.
func (end End) addFactor(a *Account) {
	if end.Flow.Pending[RecoveryCode].Confirmed {
		end.keepOldCodes(a)
	}
	if !end.Methods.HasFactor(a) { // what was taken off is not to be back beside the new one
		a.Removed = nil
	}
	for _, method := range end.Methods.expand(Factor) {
		end.Install(a, method)
	}
	end.Install(a, RecoveryCode)
	a.SecondFactor = a.SecondFactor || !end.goneWithout()
	a.UntrustDevices()
}

// goneWithout tells that a new account gets no second factor.
func (end End) goneWithout() bool {
	made := slices.ContainsFunc(end.Methods.expand(Factor), func(m string) bool { return end.Flow.Pending[m].Confirmed })
	return end.Flow.Chosen == Later && !made
}

// Install puts what was confirmed in place of the account's old credential, or
// beside the others where a method may have several.
func (end End) Install(a *Account, method string) {
	p := end.Flow.Pending[method]
	if !p.Confirmed {
		return
	}
	c := Credential{ID: end.CredentialID + "-" + method, Method: method, Version: 1, Label: p.Label, Browser: p.Browser, Created: end.Now, Data: p.Data}
	if !end.Methods.Get(method).Traits().Several {
		if old := a.Credential(method); old != nil {
			c.Version = old.Version + 1
		}
		a.Drop(method)
	}
	a.Credentials = append(a.Credentials, c)
	if end.Methods.Get(method).Traits().Factor {
		a.LastCode = CodeUse{Binding: end.Flow.Binding}
		if d := a.Device(end.Client.Device); d != nil {
			a.LastCode.Device = d.ID
		}
	}
}

// confirmed lists as proofs what the flow has made of a sign-in. The session is
// fresh because of the second factor among them.
func (end End) confirmed(a *Account) []Proof {
	var out []Proof
	for _, method := range append([]string{Password}, end.Methods.expand(Factor)...) {
		if c := a.Credential(method); c != nil && end.Flow.Pending[method].Confirmed {
			out = append(out, Proof{Method: method, Source: end.Methods.Get(method).Traits().Source, Credential: c.ID, Version: c.Version, At: end.Now})
		}
	}
	return out
}
