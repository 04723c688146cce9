package recoverytest

import (
	"encoding/json"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Account is one with credentials of the methods, mail and phone.
func Account(methods ...string) *recovery.Account {
	a := &recovery.Account{ID: "a", Name: "alice", State: recovery.StateActive}
	for _, m := range methods {
		data := json.RawMessage(`{}`)
		if m == recovery.RecoveryCode {
			data = json.RawMessage(`{"macs":["x"]}`)
		}
		a.Credentials = append(a.Credentials, recovery.Credential{ID: m, Method: m, Version: 1, Data: data})
		a.SecondFactor = a.SecondFactor || m == recovery.TOTP
	}
	a.Addresses = []recovery.Address{
		{Channel: recovery.ChannelMail, Value: "alice@example.org"},
		{Channel: recovery.ChannelSMS, Value: "+41791234567"},
	}
	return a
}
