package web_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// asPasskeys edits what is read of the passkeys of an account.
func asPasskeys(edit func(*method.PasskeyRow)) func([]byte) any {
	return asAccount(func(a *recovery.Account) {
		for i, c := range a.Credentials {
			var row method.PasskeyRow
			if c.Method != recovery.Passkey || json.Unmarshal(c.Data, &row) != nil {
				continue
			}
			edit(&row)
			if data, err := json.Marshal(row); err == nil {
				a.Credentials[i].Data = data
			}
		}
	})
}

// passkeyMutant is a mistake, and the attack that it lets through.
type passkeyMutant struct {
	name   string
	read   func(*method.PasskeyRow)
	attack func(*passkeyed) bool // whether it went through
}

func passkeyMutants() []passkeyMutant {
	shows := func(k *passkeyed) bool {
		at := k.password(k.Browser())
		if at.Ceremony() == "" {
			return false
		}
		return k.SignedIn(at.Passkey(k.phone.Get(at.Ceremony())))
	}
	return []passkeyMutant{
		{
			"the bit of user verification is not looked at",
			func(p *method.PasskeyRow) { p.Verified = false },
			func(k *passkeyed) bool {
				k.phone.Unverified = true // somebody has the key, and neither finger nor number
				return shows(k)
			},
		},
		{
			"the counter is not looked at",
			func(p *method.PasskeyRow) { p.Count = 0 },
			func(k *passkeyed) bool {
				k.phone.Keys[0].Next(7)
				if !shows(k) {
					k.TB.Fatal("the owner does not get in")
				}
				k.phone.Keys[0].Next(6) // a copy
				return shows(k)
			},
		},
		{
			"a doubt is forgotten",
			func(p *method.PasskeyRow) { p.Doubt = "" },
			func(k *passkeyed) bool {
				for _, n := range []uint32{7, 6} {
					k.phone.Keys[0].Next(n)
					shows(k)
				}
				k.phone.Keys[0].Next(9) // the copy has heard of it
				return shows(k)
			},
		},
		{
			"a passkey is taken at another address",
			func(p *method.PasskeyRow) { p.RP = "localhost" },
			func(k *passkeyed) bool {
				k.movedAway()
				return shows(k)
			},
		},
	}
}

// movedAway makes the passkeys of the account ones of another address.
func (k *passkeyed) movedAway() {
	change(k.TB.(*testing.T), k.World, k.alice.Name, func(a *recovery.Account) { a.Credentials = asIfAt(a.Credentials, "photos.example.com") })
}

// Each mistake lets an attack through that is refused as it is.
func TestMF10_MutantsOfPasskeysLetAttacksThrough(t *testing.T) {
	t.Parallel()
	for _, tc := range passkeyMutants() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if k, _ := withPasskey(t); tc.attack(k) {
				t.Error("the attack works as it is")
			}
			k, _ := withPasskey(t)
			k.Engine.Store.Sealer = misread{k.Engine.Store.Sealer, "account", asPasskeys(tc.read)}
			if !tc.attack(k) {
				t.Error("the attack finds nothing in the mutant")
			}
		})
	}
}

// countedTwice takes a passkey that stands beside a password for both factors.
type countedTwice struct{ method.Passkey }

func (m countedTwice) Verify(ctx context.Context, t recovery.Try) (recovery.Verdict, error) {
	v, err := m.Passkey.Verify(ctx, t)
	if v.Problem == nil || v.Problem.Key != recovery.ProblemPasskeySecond {
		return v, err
	}
	var answer struct {
		Response struct{ ClientDataJSON string }
	}
	var client struct{ Challenge string }
	_ = json.Unmarshal([]byte(t.Input.Code), &answer)
	said, _ := base64.RawURLEncoding.DecodeString(answer.Response.ClientDataJSON)
	_ = json.Unmarshal(said, &client)
	challenge, _ := base64.RawURLEncoding.DecodeString(client.Challenge)
	v = method.CheckPasskey(t, challenge)
	v.Alone = true
	return v, err
}

// A passkey that is no more than a second factor opens nothing without the password,
// and would if it was counted twice.
func TestMF10_MutantAPasskeyIsCountedTwice(t *testing.T) {
	t.Parallel()
	alice, k := keyringOf(t)
	k.Hidden = true
	k.give(alice)
	if k.answers(k.Get(k.asked())); k.w.SignedIn(k.b) {
		t.Error("the attack works as it is")
	}
	k.w.Engine.Methods = swapped(k.w, recovery.Passkey, func(m recovery.Method) recovery.Method { return countedTwice{m.(method.Passkey)} })
	if k.answers(k.Get(k.asked())); !k.w.SignedIn(k.b) {
		t.Errorf("the attack finds nothing in the mutant: %s", k.b.Text())
	}
}

// swapped are the methods of a world with one of them in another's place.
func swapped(w *recoverytest.World, name string, by func(recovery.Method) recovery.Method) *recovery.Methods {
	var list []recovery.Method
	for _, known := range w.Engine.Methods.Names() {
		m := w.Engine.Methods.Get(known)
		if known == name {
			m = by(m)
		}
		list = append(list, m)
	}
	return recovery.NewMethods(w.Outbox.Has, list...)
}
