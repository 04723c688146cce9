package engine

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// trailRow is the row of the records of one account.
type trailRow struct {
	there bool            // the account is
	head  recovery.Head   // what it said when the look began
	owed  uint64          // number of the first record that it owed then; zero: none
	known bool            // a record was met
	top   recovery.Head   // of the last record that was met
	today []recovery.Link // of the day that is looked at
	waits bool            // the first of them does not follow: it may on the next day, since clocks differ
}

// accounts notes what every account says of its row.
func (v *trailVerifier) accounts(ctx context.Context) error {
	keys, err := v.Store.Driver.Keys(ctx, recovery.AccountKey(""))
	if err != nil {
		return err
	}
	for _, key := range keys {
		id := strings.TrimPrefix(key, recovery.AccountKey(""))
		a, err := v.whatever(ctx, id)
		switch {
		case errors.Is(err, recovery.ErrNoAccount):
			continue
		case errors.Is(err, kv.ErrDamaged):
			v.fault(TrailFault{What: recovery.WrongOpen, Account: id})
			continue
		case err != nil:
			return err
		}
		row := &trailRow{there: true, head: a.Trail.Head}
		if owed := a.Trail.Unmoved(v.trail.moved.until(id)); len(owed) > 0 {
			row.owed = owed[0].Head.Number
		}
		v.rows[a.ID] = row
		v.report.Accounts++
	}
	return nil
}

// row notes a record of an account; it is compared at the end of its day, in order.
func (v *trailVerifier) row(x recovery.Recorded) {
	r, err := recovery.ParseRecord(x.Record)
	if err != nil || x.Head == nil {
		return // a record that is none is a fault of its segment
	}
	row := v.rows[r.Whom]
	if row == nil {
		row = &trailRow{}
		v.rows[r.Whom] = row
	}
	row.today = append(row.today, recovery.Link{Record: x.Record, Head: *x.Head})
}

// endDay compares what a day has of each account.
func (v *trailVerifier) endDay() {
	for id, row := range v.rows {
		if len(row.today) > 0 {
			v.endDayOf(id, row)
		}
	}
}

func (v *trailVerifier) endDayOf(id string, row *trailRow) {
	slices.SortStableFunc(row.today, func(a, b recovery.Link) int { return cmp.Compare(a.Head.Number, b.Head.Number) })
	for i, l := range row.today {
		if gap := l.Head.Number > row.top.Number+1 && (row.known || v.root.Gone == nil); gap && !row.waits {
			row.today, row.waits = row.today[i:], true
			return
		}
		v.follow(id, row, l)
	}
	row.today, row.waits = nil, false
}

// follow compares a record with the one before it in the row of its account.
func (v *trailVerifier) follow(id string, row *trailRow, l recovery.Link) {
	n := l.Head.Number
	switch {
	case !row.known && v.root.Gone != nil:
		// the first that is kept: what came before is gone
	case n <= row.top.Number:
		return // moved twice
	case n > row.top.Number+1:
		v.fault(TrailFault{What: recovery.WrongAccount, Account: id, Number: row.top.Number + 1})
	default:
		ok, known := l.Head.Follows(v.Keys, id, row.top, l.Record)
		if !known {
			v.fault(TrailFault{What: recovery.WrongNoKey, Account: id, Number: n})
		} else if !ok {
			v.fault(TrailFault{What: recovery.WrongAccount, Account: id, Number: n})
		}
	}
	if n == row.head.Number && !bytes.Equal(l.Head.MAC, row.head.MAC) {
		v.fault(TrailFault{What: recovery.WrongAccount, Account: id, Number: n})
	}
	row.known, row.top = true, l.Head
}

// endRows compares the rows with what the accounts said before, and say now.
func (v *trailVerifier) endRows(ctx context.Context) error {
	v.endDay() // what still waits does not follow
	for _, id := range slices.Sorted(maps.Keys(v.rows)) {
		row := v.rows[id]
		whole := row.top.Number >= row.head.Number || row.owed > 0 && row.owed <= row.top.Number+1
		if !row.known && v.root.Gone != nil {
			whole = true // all of it may be older than what is kept
		}
		if row.there && !whole {
			v.fault(TrailFault{What: recovery.WrongAccount, Account: id, Number: row.top.Number + 1})
		}
		if !row.there || row.top.Number <= row.head.Number {
			continue
		}
		a, err := v.whatever(ctx, id)
		switch {
		case errors.Is(err, recovery.ErrNoAccount), errors.Is(err, kv.ErrDamaged):
		case err != nil:
			return err
		case a.Trail.Head.Number < row.top.Number:
			v.fault(TrailFault{What: recovery.WrongAccount, Account: id, Number: row.top.Number})
		}
	}
	return nil
}
