package recovery

import (
	"encoding/json"
	"errors"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// maxTrailOwed is how many records an account owes the audit trail before it
// changes no more: better no change than one that nobody can look up.
const maxTrailOwed = 16

// ErrTrailFull says that an account owes the audit trail too many records. It is
// technical, and denies.
var ErrTrailFull = errors.New("the audit trail takes nothing more of this account now")

// Enter adds a record of a change to the account that is being changed. The event
// names this account, or none: an account that is just made.
func (a *Account) Enter(k *secret.Keys, e Event, node string) error {
	if len(a.Trail.Owed) >= maxTrailOwed {
		return ErrTrailFull
	}
	a.TrailKey()
	e.Account = a.ID
	r, private := NewRecord(e, node)
	r.Number = a.Trail.Head.Number + 1
	if err := r.seal(a.Trail.Key, private); err != nil {
		return err
	}
	raw, err := r.Encode()
	if err != nil {
		return err
	}
	head := a.Trail.Head.next(k, a.ID, raw)
	a.Trail.Head, a.Trail.Owed = head, append(a.Trail.Owed, Link{raw, head})
	return nil
}

// TrailKey makes the key of records about the account, if it has none, and tells
// whether it did.
func (a *Account) TrailKey() bool {
	if a.Trail.Key != nil {
		return false
	}
	a.Trail.Key = secret.NewOwnKey()
	return true
}

// Loose is a record of what changed no account, sealed with the key of the account
// it is about; nil: there is none, or none is known.
func Loose(e Event, node string, key []byte) (json.RawMessage, error) {
	r, private := NewRecord(e, node)
	if err := r.seal(key, private); err != nil {
		return nil, err
	}
	return r.Encode()
}
