package web_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// misread shows records of a kind other than they were written.
type misread struct {
	kv.Sealer
	kind string
	read func(plain []byte) any
}

// Open implements [kv.Sealer].
func (s misread) Open(name string, sealed []byte) ([]byte, error) {
	plain, err := s.Sealer.Open(name, sealed)
	if err != nil || kv.Kind(name) != s.kind {
		return plain, err
	}
	body, err := json.Marshal(s.read(plain[8:]))
	return append(plain[:8:8], body...), err
}

// asRequest edits what is read of a request.
func asRequest(edit func(*recovery.DeviceRequest)) func([]byte) any {
	return func(plain []byte) any {
		var q recovery.DeviceRequest
		if json.Unmarshal(plain, &q) == nil {
			edit(&q)
		}
		return q
	}
}

// asAccount edits what is read of an account.
func asAccount(edit func(*recovery.Account)) func([]byte) any {
	return func(plain []byte) any {
		var a recovery.Account
		if json.Unmarshal(plain, &a) == nil {
			edit(&a)
		}
		return a
	}
}

// deviceMutant is a mistake, and the attack that it lets through.
type deviceMutant struct {
	name, kind string
	read       func(*pair) func([]byte) any
	attack     func(*pair) bool // whether it went through
}

func deviceMutants() []deviceMutant {
	return []deviceMutant{
		{
			"number not compared", "device",
			func(*pair) func([]byte) any { return asRequest(func(q *recovery.DeviceRequest) { q.Number = "00" }) },
			func(p *pair) bool {
				p.known.Get(approve).Want("device-approve").Submit("code", "00")
				return p.known.Page() == "factor"
			},
		},
		{
			"code for another request", "device",
			func(p *pair) func([]byte) any {
				own := p.request()
				return asRequest(func(q *recovery.DeviceRequest) {
					if q.State == recovery.DeviceCoded {
						q.ID, q.Flow = own.ID, own.Flow
					}
				})
			},
			func(p *pair) bool {
				thief := p.next
				p.next = p.asks("/", "192.0.2.1").Want("device-wait")
				p.types(thief, p.code())
				return p.SignedIn(thief)
			},
		},
		{
			"what was shown there not looked at", "asked",
			func(*pair) func([]byte) any {
				return asRequest(func(q *recovery.DeviceRequest) { q.Factor, q.There = true, []string{recovery.Password, recovery.TOTP} })
			},
			func(p *pair) bool { // the password alone makes a new one
				b, code := p.lost(p.alice.Name)
				another(p.finds(code).Want("factor")).Submit("method", recovery.Password).Submit("password", p.alice.Password)
				return p.taps(b).Want("choice").Submit("choice", string(recovery.GoalPassword)).Page() == "new-password"
			},
		},
		{
			"approval by an admitted browser", "account",
			func(*pair) func([]byte) any {
				return asAccount(func(a *recovery.Account) {
					for i := range a.Devices {
						a.Devices[i].Admitted, a.Devices[i].First = time.Time{}, a.Created
					}
				})
			},
			func(p *pair) bool {
				p.proves().Submit("choice", recovery.ChoiceTap)
				admitted := p.types(p.next, "check")
				p.Clock.Move(time.Hour)
				p.next = p.asks("/", "192.0.2.1").Want("device-wait")
				admitted.Get(approve)
				return admitted.Page() == "device-approve"
			},
		},
	}
}

// Each mistake lets an attack through that the engine refuses as it is.
func TestDV01_MutantsLetAttacksThrough(t *testing.T) {
	t.Parallel()
	for _, tc := range deviceMutants() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if p := knownAndNew(t, withFactor); tc.attack(p) {
				t.Error("the attack works as it is")
			}
			p := knownAndNew(t, withFactor)
			p.Engine.Store.Sealer = misread{p.Engine.Store.Sealer, tc.kind, tc.read(p)}
			if !tc.attack(p) {
				t.Error("the attack finds nothing in the mutant")
			}
		})
	}
}
