package recovery

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Key finds an access key that lets somebody in now, by the sum of its secret.
// All rows are compared, whichever fits.
func (a *Account) Key(sum string, now time.Time) *AccessKey {
	var found *AccessKey
	for i := range a.AccessKeys {
		if k := &a.AccessKeys[i]; subtle.ConstantTimeCompare([]byte(k.TokenHash), []byte(sum)) == 1 && a.opens(k, now) {
			found = k
		}
	}
	return found
}

// KeyByID finds an access key that lets somebody in now, by its id.
func (a *Account) KeyByID(id string, now time.Time) *AccessKey {
	for i := range a.AccessKeys {
		if k := &a.AccessKeys[i]; k.ID == id && a.opens(k, now) {
			return k
		}
	}
	return nil
}

func (a *Account) opens(k *AccessKey, now time.Time) bool {
	return a.State == StateActive && !k.Suspended && (k.End.IsZero() || now.Before(k.End))
}

// AddKey takes a new access key in. Its name, hosts and paths come back in the
// form in which they are kept.
func (a *Account) AddKey(k AccessKey, now time.Time) (AccessKey, error) {
	switch {
	case a.State != StateActive:
		return k, fmt.Errorf("%w: the account is %s", ErrNotAllowed, a.State)
	case now.Before(a.Probation):
		return k, fmt.Errorf("%w: the account was recovered lately: after %s", ErrNotAllowed, a.Probation.UTC().Format(time.RFC3339))
	case len(a.AccessKeys) >= MaxKeys:
		return k, ErrTooManyKeys
	}
	k, err := k.canonical()
	if err != nil {
		return k, err
	}
	if slices.ContainsFunc(a.AccessKeys, func(x AccessKey) bool { return strings.EqualFold(x.Name, k.Name) }) {
		return k, ErrKeyNamed
	}
	full := k // as long as the row will ever be
	full.Used, full.Suspended = now, true
	if text, err := json.Marshal(full); err != nil || len(text) > maxKeySize {
		return k, errors.Join(ErrKeyTooLong, err)
	}
	a.AccessKeys = append(a.AccessKeys, k)
	return k, nil
}

// RevokeKey removes an access key, by its id or name.
func (a *Account) RevokeKey(named string) (AccessKey, error) {
	i := slices.IndexFunc(a.AccessKeys, func(k AccessKey) bool { return k.ID == named })
	if i < 0 {
		i = slices.IndexFunc(a.AccessKeys, func(k AccessKey) bool { return strings.EqualFold(k.Name, named) })
	}
	if i < 0 {
		return AccessKey{}, ErrNoKey
	}
	k := a.AccessKeys[i]
	a.AccessKeys = slices.Delete(a.AccessKeys, i, i+1)
	return k, nil
}

// ResumeKey switches a suspended access key on again.
func (a *Account) ResumeKey(id string, now time.Time) (AccessKey, error) {
	if a.State != StateActive || now.Before(a.Probation) {
		return AccessKey{}, ErrNotAllowed
	}
	i := slices.IndexFunc(a.AccessKeys, func(k AccessKey) bool { return k.ID == id && k.Suspended })
	if i < 0 {
		return AccessKey{}, ErrNoKey
	}
	a.AccessKeys[i].Suspended = false
	return a.AccessKeys[i], nil
}

// ByAnother tells whether somebody else than the owner made the key, who signs in: it
// opens nothing that asks for a proof of its owner.
func (k *AccessKey) ByAnother(owner string) bool { return k.Maker != "" && k.Maker != owner }

// dropKeysSince removes the keys made at a time or later.
func (a *Account) dropKeysSince(t time.Time) {
	t = t.Truncate(time.Second) // as they are kept
	a.AccessKeys = slices.DeleteFunc(a.AccessKeys, func(k AccessKey) bool { return !k.Created.Before(t) })
}

// UseKey notes the day of a use, and reports whether it was not noted yet.
func (a *Account) UseKey(id string, now time.Time) bool {
	k, today := a.KeyByID(id, now), Day(now)
	if k == nil || !k.Used.Before(today) {
		return false
	}
	k.Used = today
	return true
}
