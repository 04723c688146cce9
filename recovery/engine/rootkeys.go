package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// ErrKeyMismatch says that the store was made with another root key.
var ErrKeyMismatch = errors.New("this store was sealed with another key: put the right key into \"secret\" or back beside the store; nothing was changed")

// ErrKeyNeeded says that records of the store may still be sealed with a root key
// that is not here.
var ErrKeyNeeded = errors.New("this store may hold records that are sealed with a key which is not in \"secret\": put that key behind the others; " +
	"to take an old one away run first: caddy sparekey rekey; nothing was changed")

// rootKeys is what a store knows of the root keys it was used with, by their ids.
type rootKeys struct {
	// Fronts are the keys that records may be sealed with, and when a process last
	// started to seal with each.
	Fronts map[string]time.Time `json:"fronts"`
	// Rekeyed is the key that everything was sealed with last.
	Rekeyed string    `json:"rekeyed,omitempty"`
	Began   time.Time `json:"began,omitzero"` // the newest attempt
	Done    time.Time `json:"done,omitzero"`
	Free    time.Time `json:"free,omitzero"` // until then links and codes that were sent may need an older key
}

const rootKeysKey = "rootkeys"

// lacks tells that records may be sealed with a key that is not among these.
func (r rootKeys) lacks(ids []string) bool {
	return slices.ContainsFunc(slices.Collect(maps.Keys(r.Fronts)), func(id string) bool { return !slices.Contains(ids, id) })
}

// Fits proves that the root keys open all of a store that was used before. It
// writes nothing. Errors: [ErrKeyMismatch], [ErrKeyNeeded].
func Fits(ctx context.Context, s *kv.Store, keys *secret.Keys) error {
	r, _, err := kv.Load[rootKeys](ctx, s, rootKeysKey)
	switch {
	case errors.Is(err, kv.ErrDamaged):
		return ErrKeyMismatch
	case err != nil:
		return err
	case r.lacks(keys.IDs()):
		return ErrKeyNeeded
	}
	return nil
}

// noteFront notes that this process seals with the newest of the keys from now
// on. A store of before may be sealed with any of them.
func noteFront(ctx context.Context, s *kv.Store, keys *secret.Keys) error {
	now, ids := s.Now().Round(0), keys.IDs()
	_, err := kv.Update(ctx, s, rootKeysKey, time.Time{}, func(r *rootKeys, exists bool) error {
		if r.lacks(ids) {
			return ErrKeyNeeded
		}
		if !exists {
			r.Fronts = map[string]time.Time{}
			for _, id := range ids {
				r.Fronts[id] = now
			}
		}
		r.Fronts[ids[0]] = now
		return nil
	})
	if errors.Is(err, kv.ErrDamaged) {
		return ErrKeyMismatch
	}
	if err != nil && !errors.Is(err, ErrKeyNeeded) {
		return fmt.Errorf("note the key: %w", err)
	}
	return err
}
