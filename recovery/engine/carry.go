package engine

import (
	"context"
	"slices"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// carriedKinds are the records that a backup takes, by the beginning of their names,
// in this order: a chain of records whose end is noted in accounts comes after them.
// Everything else is made anew from the accounts, or ends: sessions, flows, tickets,
// counters, waits and what processes tell each other.
func carriedKinds() []string {
	return []string{recovery.AccountKey(""), leavingKey, "audit/"}
}

// CarryPage is a part of a backup: records as they are stored, sealed.
type CarryPage struct {
	Records []SealedRecord `json:"records"`
	Kind    int            `json:"kind"`  // where the next part begins
	After   string         `json:"after"` // and behind which record
	Done    bool           `json:"done"`
}

// SealedRecord is one of them.
type SealedRecord struct {
	Key    string `json:"key"`
	Sealed []byte `json:"sealed"`
}

// Bounds of a part.
const (
	carryRecords = 500
	carryBytes   = 4 << 20
)

// Carry reads a part of what a backup takes, and is called with what it returned
// until that is Done. Each record is whole; all together need not be of one moment.
func (e *Engine) Carry(ctx context.Context, p CarryPage) (CarryPage, error) {
	kinds := carriedKinds()
	p.Records, p.Done = []SealedRecord{}, false
	size := 0
	for ; p.Kind >= 0 && p.Kind < len(kinds); p.Kind, p.After = p.Kind+1, "" {
		keys, err := e.keysAfter(ctx, kinds[p.Kind], p.After)
		if err != nil {
			return p, err
		}
		for _, key := range keys {
			if len(p.Records) == carryRecords || size > carryBytes {
				return p, nil
			}
			raw, err := kv.Raw(ctx, e.Store, key)
			if err != nil {
				return p, err
			}
			if p.After = key; raw != nil {
				p.Records, size = append(p.Records, SealedRecord{key, raw}), size+len(raw)
			}
		}
	}
	p.Done = true
	return p, nil
}

func (e *Engine) keysAfter(ctx context.Context, prefix, after string) ([]string, error) {
	keys, err := e.Store.Driver.Keys(ctx, prefix)
	if err != nil {
		return nil, err
	}
	slices.Sort(keys)
	i, done := slices.BinarySearch(keys, after)
	if done {
		i++
	}
	return keys[i:], nil
}
