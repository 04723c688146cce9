package method_test

import (
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// FuzzMF11_AnswersOfTheSignInPage: whatever is sent there, before anybody is known,
// proves nothing and brings nothing down.
func FuzzMF11_AnswersOfTheSignInPage(f *testing.F) {
	keys, err := secret.NewKeys(make([]byte, secret.KeySize))
	if err != nil {
		f.Fatal(err)
	}
	k := holder(f)
	k.enrols()
	m := method.Passkey{Keys: keys}
	client := recovery.Client{Passkeys: k.at, Flows: []string{"token"}}
	question, err := m.Ask(client, "token", k.now)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(k.Get(string(question)) + " ")
	for _, seed := range []string{"", "{", `{"id":"","rawId":"","type":"public-key","response":{}}`, `{"response":{"userHandle":"QUFB"}}`, "[]", "null"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		in := recovery.Input{Code: secret.Text(answer)}
		_ = m.Named(in)
		_ = method.PasskeyUnknown(k.at, answer)
		v, err := m.Verify(t.Context(), recovery.Try{
			Account: &recovery.Account{ID: aliceID}, Flow: &recovery.Flow{}, Input: in, Now: k.now, Passkeys: k.at, Client: client,
		})
		if v.OK || err != nil {
			t.Errorf("got %+v, %v of an account without a passkey", v, err)
		}
	})
}
