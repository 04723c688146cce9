package method_test

import (
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
)

// FuzzMF11_PasskeyAnswers: whatever a browser sends instead of an answer proves and
// makes nothing, and brings nothing down.
func FuzzMF11_PasskeyAnswers(f *testing.F) {
	k := holder(f)
	k.enrols()
	flow, options := k.asked()
	f.Add(k.Get(options))
	f.Add(k.Create(string(method.PasskeyCreation(k.at, []byte("another challenge, of 32 bytes.."), k.account, nil))))
	f.Add(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"v_8"}}`)
	f.Add(`{}`)
	f.Fuzz(func(t *testing.T, answer string) {
		method.PasskeyOwner(answer)
		other := &recovery.Flow{Challenges: map[string]recovery.Challenge{recovery.Passkey: {Code: make([]byte, 32), Expires: k.now.Add(1)}}}
		if v, err := (method.Passkey{}).Verify(t.Context(), k.try(other, answer)); v.OK || v.Note != nil || err != nil {
			t.Errorf("got %+v, %v for another challenge", v, err)
		}
		offered, err := method.Passkey{}.Offer(k.try(flow, ""))
		if err != nil {
			t.Fatal(err)
		}
		if data, p, err := (method.Passkey{}).Confirm(t.Context(), k.try(flow, answer), offered); data != nil || p == nil || err != nil {
			t.Errorf("got %s, %v, %v for another enrolment", data, p, err)
		}
	})
}
