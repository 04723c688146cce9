package engine

import (
	"cmp"
	"context"
	"slices"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// carriedKind is a kind of record that a backup takes.
type carriedKind struct {
	prefix string // of the names of its records
	// which tells whether a record of it belongs into a backup; nil: each does.
	which func(*Engine, context.Context, string) (bool, error)
	// order is by what its records follow on each other; nil: by their names.
	order func(key string) string
	// back writes one that comes back.
	back func(*backRun, context.Context, kv.Carried) error
}

// carriedKinds are what a backup takes. Everything else is made anew from the
// accounts, or ends: sessions, flows, tickets, counters, waits and what processes tell
// each other.
func carriedKinds() []carriedKind {
	return []carriedKind{
		{prefix: recovery.AccountKey(""), back: (*backRun).account},
		{prefix: "leaving/", back: (*backRun).asItIs},
		{prefix: "name/", which: (*Engine).heldName, back: (*backRun).name},
		{prefix: lookKind + "/", which: (*Engine).heldName, back: (*backRun).name},
		{prefix: "audit/", order: segmentOrder, back: (*backRun).trailRecord},
	}
}

// heldName tells whether a name is kept from others, which its account does not say.
func (e *Engine) heldName(ctx context.Context, key string) (bool, error) {
	x, ok, err := kv.Load[index](ctx, e.Store, key)
	return ok && e.Now().Before(x.Held), err
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
		kind := kinds[p.Kind]
		keys, err := e.keysAfter(ctx, kind, p.After)
		if err != nil {
			return p, err
		}
		for _, key := range keys {
			if len(p.Records) == carryRecords || size > carryBytes {
				return p, nil
			}
			raw, err := e.carried(ctx, kind, key)
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

// carried reads a record as it is stored; nil: it does not belong into a backup.
func (e *Engine) carried(ctx context.Context, kind carriedKind, key string) ([]byte, error) {
	if kind.which != nil {
		if ok, err := kind.which(e, ctx, key); !ok || err != nil {
			return nil, err
		}
	}
	return kv.Raw(ctx, e.Store, key)
}

func (e *Engine) keysAfter(ctx context.Context, kind carriedKind, after string) ([]string, error) {
	keys, err := e.Store.Driver.Keys(ctx, kind.prefix)
	if err != nil {
		return nil, err
	}
	order := kind.order
	if order == nil {
		order = func(key string) string { return key }
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return order(key) <= order(after) })
	slices.SortFunc(keys, func(a, b string) int { return cmp.Compare(order(a), order(b)) })
	return keys, nil
}
