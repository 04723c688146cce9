package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// directoryEntry is an account in the roster, which lists people without a scan.
type directoryEntry struct {
	ID    string         `json:"id"`
	Name  string         `json:"name"`
	State recovery.State `json:"state"`
	Admin bool           `json:"admin,omitempty"`
	TwoFA bool           `json:"two_factors,omitempty"`
	Until time.Time      `json:"until,omitzero"`
	Cost  string         `json:"cost,omitempty"` // of its password; noCost: it has none
	// Groups are those it is in; nil, in rows of versions before: not known.
	Groups []string `json:"groups"`
}

// updateDirectory writes the account's row. The account record decides; the next change
// restores a lost row.
func (e *Engine) updateDirectory(ctx context.Context, a *recovery.Account) error {
	groups := append([]string{}, a.Groups...)
	return e.replaceEntries(ctx, a.ID, directoryEntry{a.ID, a.Name, a.State, a.Admin(), e.Methods.HasFactor(a), a.Invited, e.costOf(a), groups})
}

// dropFromDirectory takes the account's row off the roster.
func (e *Engine) dropFromDirectory(ctx context.Context, a *recovery.Account) error {
	return e.replaceEntries(ctx, a.ID)
}

const buckets = 256

func bucketKey(n byte) string { return fmt.Sprintf("roster/%02x", n) }

// bucketOf is where the row of an account belongs. Ids are random and stand in
// the names of their records, so it needs no key: that it hung on the root key
// listed people twice when that was changed.
func bucketOf(id string) string { return bucketKey(shardOf(id)) }

// shardOf spreads accounts over records.
func shardOf(id string) byte { return sha256.Sum256([]byte(id))[0] }

// strayBuckets are where versions before kept the row: for each root key another
// bucket.
func (e *Engine) strayBuckets(id string) []string {
	var keys []string
	for _, sum := range e.Keys.MACs("roster", id) {
		if key := bucketKey(sum[0]); key != bucketOf(id) && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// replaceEntries replaces the rows of an account. The new one is written first:
// after a crash between two writes there are two, of which [Engine.People] takes
// the one in its place.
func (e *Engine) replaceEntries(ctx context.Context, id string, anew ...directoryEntry) error {
	if err := e.replaceIn(ctx, bucketOf(id), id, anew...); err != nil {
		return err
	}
	for _, key := range e.strayBuckets(id) {
		if err := e.dropStray(ctx, key, id); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) replaceIn(ctx context.Context, key, id string, anew ...directoryEntry) error {
	_, err := kv.Update(ctx, e.Store, key, time.Time{}, func(rows *[]directoryEntry, _ bool) error {
		*rows = append(slices.DeleteFunc(*rows, rowOf(id)), anew...)
		return nil
	})
	return err
}

// dropStray takes a row out of a bucket that is not its own.
func (e *Engine) dropStray(ctx context.Context, key, id string) error {
	rows, _, err := kv.Load[[]directoryEntry](ctx, e.Store, key)
	if err != nil || !slices.ContainsFunc(rows, rowOf(id)) {
		return err
	}
	return e.replaceIn(ctx, key, id)
}

func rowOf(id string) func(directoryEntry) bool {
	return func(r directoryEntry) bool { return r.ID == id }
}

// Person is what lists show of an account.
type Person struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	State      recovery.State `json:"state"`
	Admin      bool           `json:"admin"`
	TwoFactors bool           `json:"two_factors"`
	Invited    time.Time      `json:"invited,omitzero"` // until when an invitation lives; zero: there is none
	cost       string
	groups     []string // nil: not known
}

// People lists all accounts by name, each once: 256 reads, never a scan.
func (e *Engine) People(ctx context.Context) ([]Person, error) {
	found := map[string]Person{}
	err := e.eachRow(ctx, func(key string, r directoryEntry) {
		if _, twice := found[r.ID]; !twice || key == bucketOf(r.ID) {
			found[r.ID] = Person{r.ID, r.Name, r.State, r.Admin, r.TwoFA, r.Until, r.Cost, r.Groups}
		}
	})
	if err != nil {
		return nil, err
	}
	var out []Person
	for _, p := range found {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Person) int { return strings.Compare(a.Name+"\n"+a.ID, b.Name+"\n"+b.ID) })
	return out, nil
}

func (e *Engine) eachRow(ctx context.Context, do func(key string, r directoryEntry)) error {
	for i := range buckets {
		key := bucketKey(byte(i))
		rows, _, err := kv.Load[[]directoryEntry](ctx, e.Store, key)
		if err != nil {
			return err
		}
		for _, r := range rows {
			do(key, r)
		}
	}
	return nil
}

// RepairRoster puts every row into its place, which an account has one of, and
// takes off the rows of accounts that there are not. It returns how many rows
// were wrong, and may be done at any time and again.
func (e *Engine) RepairRoster(ctx context.Context) (int, error) {
	type stray struct{ key, id string }
	var strays []stray
	err := e.eachRow(ctx, func(key string, r directoryEntry) {
		if key != bucketOf(r.ID) {
			strays = append(strays, stray{key, r.ID})
		}
	})
	if err != nil {
		return 0, err
	}
	for _, s := range strays {
		if err := e.relist(ctx, s.id); err != nil {
			return 0, err
		}
		if err := e.dropStray(ctx, s.key, s.id); err != nil {
			return 0, err
		}
	}
	return len(strays), nil
}

// relist writes the row of an account anew, if there is one.
func (e *Engine) relist(ctx context.Context, id string) error {
	a, err := e.account(ctx, id)
	if errors.Is(err, recovery.ErrNoAccount) {
		return nil
	}
	if err != nil {
		return err
	}
	return e.updateDirectory(ctx, a)
}
