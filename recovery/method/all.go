// Package method has one file for each way to prove something. A new one is a
// file, a word in [All], and its wording keys.
package method

import (
	"context"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Set is what the methods share.
type Set struct {
	Keys   *secret.Keys
	Hasher *secret.Hasher
	Has    func(channel string) bool // channels with a notifier
	// Breached tells whether a password is known to be stolen. It gives an answer
	// within seconds and cannot fail. nil: not asked.
	Breached func(ctx context.Context, password string) bool
}

// All returns the registry, in order of preference.
func All(s Set) *recovery.Methods {
	return recovery.NewMethods(s.Has,
		Passkey{Keys: s.Keys},
		TOTP{},
		MailLink{Keys: s.Keys},
		SMSCode(s.Keys),
		MailCode(s.Keys),
		RecoveryCode{Keys: s.Keys},
		Password{Hasher: s.Hasher, Breached: s.Breached},
		Contact{},
		Device{},
		PIN{Hasher: s.Hasher},
		Question{Hasher: s.Hasher},
		NewContact{Keys: s.Keys},
		ConfirmMail(s.Keys),
		ConfirmPhone(s.Keys),
		Authority{Name: recovery.SetupTicket},
		Authority{Name: recovery.Invite},
		Authority{Name: recovery.GroupInvite},
		Authority{Name: recovery.Admin},
		InPerson{},
		Authority{Name: recovery.Rescue},
	)
}
