package engine

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

const extensionsKey = "lines"

// mainKeys names the records of the accounts that share a main number, that of
// the newest root key first.
func (e *Engine) mainKeys(number string) []string {
	var keys []string
	for _, mac := range e.Keys.MACs("index main", number) {
		keys = append(keys, "main/"+hex.EncodeToString(mac[:20]))
	}
	return keys
}

// sharing lists the accounts that may have a main number.
func (e *Engine) sharing(ctx context.Context, number string) ([]string, error) {
	var all []string
	for _, key := range e.mainKeys(number) {
		ids, _, err := kv.Load[[]string](ctx, e.Store, key)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if !slices.Contains(all, id) {
				all = append(all, id)
			}
		}
	}
	return all, nil
}

// claimExtensions adds an account to the records of its main numbers.
func (e *Engine) claimExtensions(ctx context.Context, a *recovery.Account) error {
	for _, l := range a.Extensions {
		_, err := kv.Update(ctx, e.Store, e.mainKeys(l.Number)[0], time.Time{}, func(ids *[]string, _ bool) error {
			if !slices.Contains(*ids, a.ID) {
				*ids = append(*ids, a.ID)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if _, err := kv.Create(ctx, e.Store, extensionsKey, true, time.Time{}); err != nil {
			return err
		}
		e.extensions.Store(true)
	}
	return nil
}

// HasExtensions reports whether any account has a main number, as far as this
// process knows. It reads nothing, because pages for strangers ask it.
func (e *Engine) HasExtensions() bool { return e.extensions.Load() }

// HearExtensions looks whether another node has stored the first main number: at the
// start and when a form is handled, at most twice a minute.
func (e *Engine) HearExtensions(ctx context.Context) error {
	now := e.Now().UnixNano()
	if e.extensions.Load() || now-e.extensionsAsked.Load() < int64(hearEvery) {
		return nil
	}
	_, ok, err := kv.Load[bool](ctx, e.Store, extensionsKey)
	if err != nil {
		return err
	}
	e.extensions.Store(ok)
	e.extensionsAsked.Store(now)
	return nil
}

// hearEvery is how often a process looks for what another may have written.
const hearEvery = 30 * time.Second

// findExtension returns the account behind a main number and extension. Without an
// extension it counts only when exactly one account has the number.
func (e *Engine) findExtension(ctx context.Context, l recovery.Extension) (*recovery.Account, error) {
	a, err := e.find(ctx, l.Identifier())
	if a != nil || err != nil || l.Digits != "" {
		return a, err
	}
	ids, err := e.sharing(ctx, l.Number)
	if err != nil || len(ids) > maxShared {
		return nil, err
	}
	var only *recovery.Account
	for _, id := range ids {
		a, err := e.account(ctx, id)
		switch {
		case errors.Is(err, recovery.ErrNoAccount):
			continue
		case err != nil:
			return nil, err
		case !slices.ContainsFunc(a.Extensions, func(x recovery.Extension) bool { return x.Number == l.Number }):
			continue
		case only != nil:
			return nil, nil
		}
		only = a
	}
	return only, nil
}

// maxShared bounds the reads of one look-up. A number shared by more accounts
// needs its extension anyway.
const maxShared = 8

// SetExtensions replaces the main numbers and extensions of an account. Errors:
// [recovery.ErrNoAccount], [recovery.ErrNameTaken].
func (e *Engine) SetExtensions(ctx context.Context, name string, lines ...recovery.Extension) error {
	a, err := e.Find(ctx, name)
	if err != nil {
		return err
	}
	a.Extensions = lines
	if err := e.claim(ctx, a); err != nil {
		return err
	}
	_, err = e.edit(ctx, a.ID, func(a *recovery.Account) error {
		a.Extensions = lines
		return nil
	})
	return err
}
