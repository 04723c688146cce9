package engine_test

import (
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// settle makes the browser of the account one that lets others in, in which its owner
// stays signed in.
func (inst *installation) settle() {
	inst.change(func(a *recovery.Account) {
		for i := range a.Devices {
			a.Devices[i].First = inst.now.Add(-48 * time.Hour)
		}
		for i := range a.Sessions {
			s := &a.Sessions[i]
			s.Created, s.End, s.Idle = inst.now.Add(-2*time.Hour), inst.now.Add(30*24*time.Hour), int64(30*24*time.Hour/time.Second)
		}
	})
}

// letInMoves let the browser of a flow in, from the one that the attacker sits
// before, with one thing shown there or nothing.
func (inst *installation) letInMoves() []move {
	var out []move
	for _, what := range []string{"", recovery.Password, recovery.TOTP, recovery.Passkey, recovery.RecoveryCode} {
		out = append(out, move{"let it in there with " + what, func(s *attackState) bool {
			return inst.letsIn(s, what) && inst.send(s, recovery.Input{Code: "check"})
		}})
	}
	return out
}

// letsIn answers the request of a flow; false: refused.
func (inst *installation) letsIn(s *attackState, what string) bool {
	if s.holdings.session == "" {
		return false
	}
	q, err := inst.engine.DeviceRequest(inst.t.Context(), s.flow)
	if err != nil {
		inst.t.Fatal(err)
	}
	in := recovery.Input{Start: recovery.KindLetIn, Name: q.ID, Code: secret.Text(q.Number)}
	if s.flow.DeviceCode != "" {
		in = recovery.Input{Start: recovery.KindLetIn, Code: secret.Text(s.flow.DeviceCode)}
	}
	there := &attackState{client: stranger(), holdings: s.holdings}
	there.client.Session, there.client.Device = s.holdings.session, s.holdings.device
	if q.State != recovery.DeviceWaiting || !inst.send(there, in) {
		return false
	}
	if asked := there.step.Ask != recovery.AskHandOver; asked != (what != "") || asked && !inst.shows(there, what) {
		return false
	}
	ok := inst.send(there, recovery.Input{Choice: recovery.ChoiceTap})
	s.holdings = there.holdings
	return ok
}

// shows shows one thing of those that a step asks for.
func (inst *installation) shows(s *attackState, what string) bool {
	switch {
	case s.step.Method == what:
	case !slices.Contains(s.step.Methods, what), !inst.send(s, recovery.Input{Method: what}):
		return false
	}
	in, ok := inst.proofForm(s, what)
	return ok && inst.send(s, in)
}
