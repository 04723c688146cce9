package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

const (
	checkKey = "check"
	decoyKey = "shadow"
)

// Prepare proves that the keys open the store, or seals a new store's check value
// with the newest, which this process seals with from now on. A node with another
// key would neither find nor open anything and must not start. It also writes the
// record that is read in place of an account for unknown names. Errors:
// [ErrKeyMismatch], [ErrKeyNeeded], [ErrHalfBack].
func Prepare(ctx context.Context, s *kv.Store, keys *secret.Keys) error {
	_, _, err := kv.Load[string](ctx, s, checkKey)
	if errors.Is(err, kv.ErrDamaged) {
		return ErrKeyMismatch
	}
	if err != nil {
		return err
	}
	if _, half, err := kv.Load[string](ctx, s, restoringKey); half || err != nil {
		return errors.Join(err, halfBack(half))
	}
	if err := noteFront(ctx, s, keys); err != nil {
		return err
	}
	_, err = kv.Update(ctx, s, checkKey, time.Time{}, func(v *string, _ bool) error {
		*v = "sparekey"
		return nil
	})
	if err != nil {
		return err
	}
	_, err = kv.Create(ctx, s, decoyKey, decoyRecord(s.Now()), time.Time{})
	return err
}

// decoyRecord has the size of an ordinary account and no way in.
func decoyRecord(now time.Time) recovery.Account {
	a := recovery.Account{ID: secret.Token(16), Name: "nobody", Created: now, SecondFactor: true}
	a.AddAddresses("nobody@example.org", "+10000000000")
	for method, size := range map[string]int{recovery.Password: 110, recovery.TOTP: 60, recovery.RecoveryCode: 480} {
		data, err := json.Marshal(map[string]string{"x": strings.Repeat("x", size)})
		if err != nil {
			panic(err) // a map of strings always marshals
		}
		a.Credentials = append(a.Credentials, recovery.Credential{ID: secret.Token(9), Method: method, Version: 1, Created: now, Data: data})
	}
	for range 2 {
		id := secret.Token(9)
		a.Devices = append(a.Devices, recovery.Device{ID: id, TokenHash: secret.Token(32), Browser: "Firefox on Linux", First: now, Seen: now})
		a.Sessions = append(a.Sessions, recovery.Session{ID: secret.Token(9), TokenHash: secret.Token(32), Host: secret.Token(32), Device: id, Browser: "Firefox on Linux", Created: now, Seen: now})
	}
	return a
}

// readDecoy costs what reading an account costs, for a name without one (EN-02).
func (e *Engine) readDecoy(ctx context.Context) error {
	if _, _, err := kv.Load[recovery.Account](ctx, e.Store, decoyKey); err != nil {
		return fmt.Errorf("read decoy: %w", err)
	}
	return nil
}
