package engine

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// counters names the records that count. Names go through a MAC, so that no key
// of the store holds what somebody typed or where from. The key of that MAC is
// kept in the store: with a root key every count would begin anew when the root
// key is changed, and on two nodes with different ones in front everybody would
// have every try twice (KY-06).
type counters struct{ keys *secret.Keys }

const countersKey = "counters"

// openCounters reads the key, or makes it. Of several nodes that start at once
// one makes it.
func openCounters(s *kv.Store) (counters, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	root, ok, err := kv.Load[[]byte](ctx, s, countersKey)
	if err == nil && !ok {
		if _, err = kv.Create(ctx, s, countersKey, secret.NewRoot(), time.Time{}); err == nil {
			root, _, err = kv.Load[[]byte](ctx, s, countersKey)
		}
	}
	if err != nil {
		return counters{}, err
	}
	keys, err := secret.NewKeys(root)
	if err != nil {
		return counters{}, fmt.Errorf("%s: %w", countersKey, err)
	}
	return counters{keys}, nil
}

// sum is the MAC over what is counted.
func (c counters) sum(kind string, parts ...string) []byte {
	return c.keys.MAC("meter "+kind, parts...)
}

// key names the record of a counter.
func (c counters) key(kind string, parts ...string) string {
	return "meter/" + hex.EncodeToString(c.sum(kind, parts...)[:16])
}
