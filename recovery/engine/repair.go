package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// RepairRoster puts every row into its place, which an account has one of, as the
// account has it by now, and takes off the rows of accounts that there are not. It
// returns how many rows were wrong or missing, and may be done at any time and
// again. It is the one place that scans: at a start, after a restore, for doctor.
func (e *Engine) RepairRoster(ctx context.Context) (int, error) {
	keys, err := e.Store.Driver.Keys(ctx, recovery.AccountKey(""))
	if err != nil {
		return 0, err
	}
	var ids [buckets][]string
	for _, key := range keys {
		if id := strings.TrimPrefix(key, recovery.AccountKey("")); len(id) == recovery.IDSize {
			ids[shardOf(id)] = append(ids[shardOf(id)], id)
		}
	}
	wrong := 0
	for n := range buckets {
		found, err := e.repairBucket(ctx, byte(n), ids[n])
		if wrong += found; err != nil {
			return wrong, err
		}
	}
	return wrong, nil
}

func (e *Engine) repairBucket(ctx context.Context, n byte, ids []string) (int, error) {
	key := bucketKey(n)
	accounts, removed, unread, err := e.rowsOf(ctx, ids)
	if err != nil {
		return 0, err
	}
	gone, err := e.goneFrom(ctx, key, ids)
	if err != nil {
		return 0, err
	}
	gone = append(gone, removed...)
	wrong := 0
	err = e.editBucket(ctx, key, func(rows []directoryEntry) ([]directoryEntry, bool) {
		before := len(rows)
		rows = slices.DeleteFunc(rows, func(r directoryEntry) bool {
			return bucketOf(r.ID) != key || slices.Contains(gone, r.ID)
		})
		wrong = before - len(rows)
		for _, fresh := range accounts {
			i := slices.IndexFunc(rows, rowOf(fresh.ID))
			if i < 0 {
				rows, wrong = append(rows, fresh.directoryEntry), wrong+1
				continue
			}
			row, changed := fresh.over(&rows[i], fresh.holds)
			if rows[i] = row; changed {
				wrong++
			}
		}
		return rows, wrong > 0
	})
	return wrong, errors.Join(err, unread)
}

// freshRow is the row that an account should have.
type freshRow struct {
	directoryEntry
	holds func(*rowLock) bool
}

// rowsOf makes the rows of accounts anew, and lists those that were removed. One that
// does not open keeps its row.
func (e *Engine) rowsOf(ctx context.Context, ids []string) (rows []freshRow, removed []string, unread, err error) {
	var keys []string
	for _, id := range ids {
		keys = append(keys, recovery.AccountKey(id))
	}
	for part := range slices.Chunk(keys, atOnce) {
		err := kv.LoadMany(ctx, e.Store, part, func(_ string, a recovery.Account, err error) error {
			if err != nil {
				unread = err
				return nil
			}
			if a.State == recovery.StateGone {
				removed = append(removed, a.ID)
				return nil
			}
			rows = append(rows, freshRow{e.row(&a), func(l *rowLock) bool { return e.lockOf(&a, l.Of) == l.Mark }})
			return nil
		})
		if err != nil {
			return nil, nil, nil, err
		}
	}
	return rows, removed, unread, nil
}

// goneFrom lists the accounts of a bucket's rows that there are not: those that were
// not met are read once more, because they may have come since.
func (e *Engine) goneFrom(ctx context.Context, key string, met []string) ([]string, error) {
	rows, _, err := kv.Load[[]directoryEntry](ctx, e.Store, key)
	if err != nil {
		return nil, err
	}
	var gone []string
	for _, r := range rows {
		if slices.Contains(met, r.ID) {
			continue
		}
		switch _, err := e.account(ctx, r.ID); {
		case errors.Is(err, recovery.ErrNoAccount):
			gone = append(gone, r.ID)
		case err != nil && !errors.Is(err, kv.ErrDamaged):
			return nil, err
		}
	}
	return gone, nil
}

// repairOnce is RepairRoster in the first round of this process, for what a crash or
// a version before has left.
func (e *Engine) repairOnce(ctx context.Context) error {
	if !e.RepairFirst || e.repaired {
		return nil
	}
	wrong, err := e.RepairRoster(ctx)
	if err != nil {
		return err
	}
	e.repaired = true
	if wrong > 0 {
		e.log().Info("the list of people is repaired", "rows", wrong)
	}
	return nil
}
