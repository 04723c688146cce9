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
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Display string         `json:"display,omitempty"`
	State   recovery.State `json:"state"`
	Admin   bool           `json:"admin,omitempty"`
	TwoFA   bool           `json:"two_factors,omitempty"`
	Until   time.Time      `json:"until,omitzero"`
	Cost    string         `json:"cost,omitempty"` // of its password; noCost: it has none
	// Groups are those it is in; nil, in rows of versions before: not known.
	Groups   []string `json:"groups"`
	Has      string   `json:"has,omitempty"`  // words of [recovery.Methods.Holds]
	In       int64    `json:"in,omitempty"`   // day of the last sign-in, counted from 1970; zero: not known
	Lock     *rowLock `json:"lock,omitempty"` // begun in the row, and not in the account
	Revision uint64   `json:"rev,omitempty"`  // of the account it was made of
}

// rosterDay is how days are counted in the roster.
const rosterDay = 24 * time.Hour

// row is what lists are to show of an account.
func (e *Engine) row(a *recovery.Account) directoryEntry {
	return directoryEntry{
		ID: a.ID, Name: a.Name, Display: a.DisplayName, State: a.State, Admin: a.Admin(), TwoFA: e.Methods.HasFactor(a), Until: a.Invited.Round(0),
		Cost: e.costOf(a), Groups: append([]string{}, a.Groups...), Has: strings.Join(e.Methods.Holds(a, e.Now()), " "), In: lastSignIn(a), Revision: a.Revision,
	}
}

// noCost stands for the cost of the password of an account that has none.
const noCost = "-"

// costOf is what the password of an account costs, for the roster.
func (e *Engine) costOf(a *recovery.Account) string {
	m, ok := e.Methods.Get(recovery.Password).(recovery.Costed)
	if !ok {
		return ""
	}
	if cost := m.CostOf(a); cost != "" {
		return cost
	}
	return noCost
}

// lastSignIn is the newest day on which the account tells of a sign-in.
func lastSignIn(a *recovery.Account) int64 {
	var newest time.Time
	for _, s := range a.Sessions {
		if s.Created.After(newest) {
			newest = s.Created
		}
	}
	if a.LastAct.SignIn && a.LastAct.At.After(newest) {
		newest = a.LastAct.At
	}
	if newest.IsZero() {
		return 0
	}
	return recovery.Day(newest).Unix() / int64(rosterDay/time.Second)
}

// over is the row that replaces another one of the same account, and whether it
// says anything else. Two writes may come in the wrong order: the later account
// decides.
func (r directoryEntry) over(old *directoryEntry, lockHolds func(*rowLock) bool) (directoryEntry, bool) {
	if old == nil {
		return r, true
	}
	if old.Revision > r.Revision {
		return *old, false
	}
	r.In = max(r.In, old.In)
	if old.Lock != nil && lockHolds(old.Lock) {
		r.Lock = old.Lock
	}
	return r, !r.same(*old)
}

func (r directoryEntry) same(x directoryEntry) bool {
	locks := r.Lock == x.Lock || r.Lock != nil && x.Lock != nil && *r.Lock == *x.Lock
	return locks && r.Name == x.Name && r.Display == x.Display && r.State == x.State && r.Admin == x.Admin && r.TwoFA == x.TwoFA && r.Until.Equal(x.Until) &&
		r.Cost == x.Cost && r.Has == x.Has && r.In == x.In && x.Groups != nil && slices.Equal(r.Groups, x.Groups)
}

// updateDirectory writes the account's row, if it says anything new. The account
// has been changed by then and decides: a row that cannot be written is written in
// the background, and else by the next start.
func (e *Engine) updateDirectory(ctx context.Context, a *recovery.Account) {
	if err := e.writeRow(ctx, a); err != nil {
		e.rowLater(a.ID, err)
	}
}

func (e *Engine) rowLater(id string, err error) {
	if !e.afterwards(func(ctx context.Context) {
		if err := e.relist(ctx, id); err != nil {
			e.log().Warn("roster not written", "error", err)
		}
	}) {
		e.log().Warn("roster not written", "error", err)
	}
}

// writeRow writes the row of an account into its place.
func (e *Engine) writeRow(ctx context.Context, a *recovery.Account) error {
	anew := e.row(a)
	holds := func(l *rowLock) bool { return e.lockOf(a, l.Of) == l.Mark }
	return e.editBucket(ctx, bucketOf(a.ID), func(rows []directoryEntry) ([]directoryEntry, bool) {
		i := slices.IndexFunc(rows, rowOf(a.ID))
		if i < 0 {
			return append(rows, anew), true
		}
		row, changed := anew.over(&rows[i], holds)
		rows[i] = row
		return rows, changed
	})
}

// dropFromDirectory takes the account's row off the roster.
func (e *Engine) dropFromDirectory(ctx context.Context, id string) error {
	if err := e.dropRow(ctx, bucketOf(id), id); err != nil {
		return err
	}
	return e.dropStrays(ctx, id)
}

const buckets = 256

func bucketKey(n byte) string { return fmt.Sprintf("roster/%02x", n) }

// bucketOf is where the row of an account belongs. Ids are random and stand in
// the names of their records, so it needs no key: that it hung on the root key
// listed people twice when that was changed.
func bucketOf(id string) string { return bucketKey(shardOf(id)) }

// shardOf spreads accounts over records.
func shardOf(id string) byte { return sha256.Sum256([]byte(id))[0] }

// dropStrays takes an account's rows out of the buckets in which versions before
// kept them: for each root key another one.
func (e *Engine) dropStrays(ctx context.Context, id string) error {
	for _, sum := range e.Keys.MACs("roster", id) {
		key := bucketKey(sum[0])
		if key == bucketOf(id) {
			continue
		}
		rows, _, err := kv.Load[[]directoryEntry](ctx, e.Store, key)
		if err == nil && slices.ContainsFunc(rows, rowOf(id)) {
			err = e.dropRow(ctx, key, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) dropRow(ctx context.Context, key, id string) error {
	return e.editBucket(ctx, key, func(rows []directoryEntry) ([]directoryEntry, bool) {
		left := slices.DeleteFunc(rows, rowOf(id))
		return left, len(left) < len(rows)
	})
}

// errSameRows ends an edit that has nothing to write.
var errSameRows = errors.New("the rows are as they were")

// editBucket changes rows of a bucket. Where edit says that nothing has changed,
// nothing is written.
func (e *Engine) editBucket(ctx context.Context, key string, edit func([]directoryEntry) ([]directoryEntry, bool)) error {
	_, err := kv.Update(ctx, e.Store, key, time.Time{}, func(rows *[]directoryEntry, _ bool) error {
		after, changed := edit(*rows)
		if !changed {
			return errSameRows
		}
		*rows = after
		return nil
	})
	if errors.Is(err, errSameRows) {
		return nil
	}
	return err
}

func rowOf(id string) func(directoryEntry) bool {
	return func(r directoryEntry) bool { return r.ID == id }
}

// relist writes the row of an account anew, if there is one.
func (e *Engine) relist(ctx context.Context, id string) error {
	a, err := e.account(ctx, id)
	if errors.Is(err, recovery.ErrNoAccount) {
		return e.dropFromDirectory(ctx, id)
	}
	if err != nil {
		return err
	}
	return e.writeRow(ctx, a)
}
