package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// leaving is an account that is to be removed. Whether it is, and when, stands in the
// account: this is written before, so that every process finds it without a scan.
type leaving struct {
	Account string    `json:"account"`
	At      time.Time `json:"at"`
}

const leavingShards = 16

func leavingKey(n byte) string { return fmt.Sprintf("leaving/%x", n%leavingShards) }

// noteLeaving lists an account among those that are to be removed.
func (e *Engine) noteLeaving(ctx context.Context, id string) error {
	_, err := kv.Update(ctx, e.Store, leavingKey(shardOf(id)), time.Time{}, func(list *[]leaving, _ bool) error {
		*list = append(slices.DeleteFunc(*list, ofLeaving(id)), leaving{id, e.Now()})
		return nil
	})
	return err
}

func ofLeaving(id string) func(leaving) bool {
	return func(l leaving) bool { return l.Account == id }
}

// RemoveDue removes the accounts whose time is over: in one round trip when there are
// none. It may be done by several processes at once, and again.
func (e *Engine) RemoveDue(ctx context.Context) error {
	var keys []string
	for n := range leavingShards {
		keys = append(keys, leavingKey(byte(n)))
	}
	var list []leaving
	err := kv.LoadMany(ctx, e.Store, keys, func(_ string, some []leaving, err error) error {
		list = append(list, some...)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	var gone []string
	for _, l := range list {
		done, removed, err := e.removeOne(ctx, l)
		if removed {
			gone = append(gone, l.Account)
		}
		if err == nil && done && !removed {
			err = e.unlistLeaving(ctx, l)
		}
		errs = append(errs, err)
	}
	return errors.Join(append(errs, e.removed(ctx, gone))...)
}

// removed does what is done once for all that were removed, and then strikes them
// off the list: until then all is done again.
func (e *Engine) removed(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	if err := e.dropVouchers(ctx, ids); err != nil {
		return err
	}
	var errs []error
	for _, id := range ids {
		errs = append(errs, e.unlistLeaving(ctx, leaving{Account: id}))
	}
	return errors.Join(errs...)
}

func (e *Engine) unlistLeaving(ctx context.Context, l leaving) error {
	_, err := kv.Update(ctx, e.Store, leavingKey(shardOf(l.Account)), time.Time{}, func(list *[]leaving, _ bool) error {
		*list = slices.DeleteFunc(*list, func(x leaving) bool { return x.Account == l.Account && (l.At.IsZero() || x.At.Equal(l.At)) })
		if len(*list) == 0 {
			return kv.ErrDrop
		}
		return nil
	})
	return err
}

// errStays says that an account is not to be removed now.
var errStays = errors.New("the account stays")

// removeOne removes an account that is due. done: it need not be looked at again.
func (e *Engine) removeOne(ctx context.Context, l leaving) (done, removed bool, err error) {
	was, err := e.remains(ctx, l.Account)
	switch {
	case errors.Is(err, errStays):
		return was == nil && e.Now().Sub(l.At) > takeover, false, nil
	case errors.Is(err, recovery.ErrNoAccount):
		return true, false, nil
	case err != nil:
		return false, false, err
	}
	if err := errors.Join(e.freeIndex(ctx, was), e.dropFromDirectory(ctx, was.ID)); err != nil {
		return false, false, err
	}
	return true, true, nil
}

// remains replaces an account that is due by what is left of it, once, and returns
// that. With errStays the account returned is one that waits for its day; nil: it
// waits for none, because somebody has brought it back, or was not there yet.
func (e *Engine) remains(ctx context.Context, id string) (*recovery.Account, error) {
	var waits *recovery.Account
	var ev recovery.Event
	var struck recovery.Head
	now := e.Now()
	a, err := kv.Update(ctx, e.Store, recovery.AccountKey(id), time.Time{}, func(a *recovery.Account, exists bool) error {
		waits = nil
		switch {
		case !exists:
			return recovery.ErrNoAccount
		case a.State == recovery.StateGone:
			return errSameRows
		case a.Leaving.IsZero():
			return errStays
		case now.Before(a.Leaving):
			waits = a
			return errStays
		}
		struck = e.trail.moved.strike(a)
		ev = recovery.Event{Name: recovery.EventRemoved}
		if err := e.enter(a, &ev); err != nil {
			return err
		}
		r := e.remnant(a)
		a.Remains(r)
		a.Revision++
		return nil
	})
	switch {
	case errors.Is(err, errStays):
		return waits, errStays
	case errors.Is(err, errSameRows): // by another process, or before a crash
		return e.whatever(ctx, id)
	case errors.Is(err, recovery.ErrTrailFull):
		return nil, errors.Join(err, e.trail.drain(ctx, id)) // tried again in a minute
	case err != nil:
		return nil, err
	}
	e.alarms.saw(id, a.Revision)
	e.marked.changed.Store(true)
	e.trail.moved.struck(id, struck)
	e.trail.owes(id)
	e.say(ev)
	return &a, nil
}

// remnant is what hangs on an account.
func (e *Engine) remnant(a *recovery.Account) recovery.Remnant {
	r := recovery.Remnant{At: e.Now()}
	for _, id := range a.Identifiers() {
		if id.Kind == "name" {
			r.Names, r.Looks = append(r.Names, e.indexKeys(id)...), append(r.Looks, e.lookKeys(id.Value)...)
		} else {
			r.Index = append(r.Index, e.indexKeys(id)...)
		}
	}
	for _, l := range a.Extensions {
		r.Lines = append(r.Lines, e.mainKeys(l.Number)...)
	}
	return r
}

// freeIndex gives addresses and numbers back, and keeps the name from others.
func (e *Engine) freeIndex(ctx context.Context, a *recovery.Account) error {
	if a.Remnant == nil {
		return nil
	}
	until := a.Remnant.At.Add(e.Policy.Lifetimes.Name)
	for _, key := range a.Remnant.Names {
		if err := e.holdEntry(ctx, key, a.ID, until); err != nil {
			return err
		}
	}
	if err := e.holdLook(ctx, a.Remnant.Looks, a.ID, until); err != nil {
		return err
	}
	for _, key := range a.Remnant.Index {
		_, err := kv.Update(ctx, e.Store, key, time.Time{}, func(x *index, exists bool) error {
			if !exists || x.Account != a.ID {
				return errSameRows
			}
			return kv.ErrDrop
		})
		if err != nil && !errors.Is(err, errSameRows) {
			return err
		}
	}
	for _, key := range a.Remnant.Lines {
		_, err := kv.Update(ctx, e.Store, key, time.Time{}, func(ids *[]string, _ bool) error {
			*ids = slices.DeleteFunc(*ids, func(id string) bool { return id == a.ID })
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// dropVouchers takes people off the lists of those who may vouch for others.
func (e *Engine) dropVouchers(ctx context.Context, ids []string) error {
	named := func(v recovery.TrustedContact) bool { return slices.Contains(ids, v.ID) }
	var keys []string
	if err := e.EachPerson(ctx, func(p Person) error {
		keys = append(keys, recovery.AccountKey(p.ID))
		return nil
	}); err != nil {
		return err
	}
	for part := range slices.Chunk(keys, atOnce) {
		var naming []string
		err := kv.LoadMany(ctx, e.Store, part, func(_ string, a recovery.Account, err error) error {
			if err == nil && slices.ContainsFunc(a.TrustedContacts, named) {
				naming = append(naming, a.ID)
			}
			return nil // what does not open is told of where it is used
		})
		for _, id := range naming {
			_, failed := e.edit(ctx, id, func(a *recovery.Account) error {
				a.TrustedContacts = slices.DeleteFunc(a.TrustedContacts, named)
				return nil
			})
			err = errors.Join(err, failed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
