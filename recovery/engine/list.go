package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

func (e *Engine) person(r *directoryEntry) Person {
	p := Person{
		ID: r.ID, Name: r.Name, DisplayName: r.Display, State: r.State, Admin: r.Admin, TwoFactors: r.TwoFA, Groups: r.Groups, Invited: r.Until,
		Has: r.Has, cost: r.Cost, vague: r.Groups == nil,
	}
	if until := r.Lock.until(); e.Now().Before(until) {
		p.Locked = until
	}
	if r.In > 0 {
		p.SignedIn = time.Unix(r.In*int64(rosterDay/time.Second), 0).UTC()
	}
	if e.LockedOut != nil && r.Has != "" && (r.State == recovery.StateActive || r.State == recovery.StateFrozen) {
		p.LockedOut = e.LockedOut(p)
	}
	return p
}

// Listed is what lists show of one account; all zero: they do not show it yet.
func (e *Engine) Listed(ctx context.Context, id string) (Person, error) {
	rows, _, err := kv.Load[[]directoryEntry](ctx, e.Store, bucketOf(id))
	if i := slices.IndexFunc(rows, rowOf(id)); i >= 0 {
		return e.person(&rows[i]), err
	}
	return Person{}, err
}

// atOnce is how many buckets are read in one round trip: an answer of a store with
// 100,000 people stays below 4 MB.
const atOnce = 32

// EachPerson calls each with every account once, in no order, and holds a part of
// the roster in memory at a time. An error of each ends it.
func (e *Engine) EachPerson(ctx context.Context, each func(Person) error) error {
	return e.eachRow(ctx, func(key string, r *directoryEntry) error {
		if own := bucketOf(r.ID); key != own {
			if there, err := e.listed(ctx, own, r.ID); there || err != nil {
				return err
			}
		}
		return each(e.person(r))
	})
}

// listed tells whether a bucket has a row of an account.
func (e *Engine) listed(ctx context.Context, key, id string) (bool, error) {
	rows, _, err := kv.Load[[]directoryEntry](ctx, e.Store, key)
	return slices.ContainsFunc(rows, rowOf(id)), err
}

func (e *Engine) eachRow(ctx context.Context, do func(key string, r *directoryEntry) error) error {
	for begin := 0; begin < buckets; begin += atOnce {
		var keys []string
		for n := range atOnce {
			keys = append(keys, bucketKey(byte(begin+n)))
		}
		err := kv.LoadMany(ctx, e.Store, keys, func(key string, rows []directoryEntry, err error) error {
			for i := range rows {
				if err == nil {
					err = do(key, &rows[i])
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// People lists all accounts by name. It holds all of them in memory: pages and
// commands ask [Engine.List].
func (e *Engine) People(ctx context.Context) ([]Person, error) {
	var out []Person
	err := e.EachPerson(ctx, func(p Person) error {
		out = append(out, p)
		return nil
	})
	slices.SortFunc(out, byName)
	return out, err
}

// errEnough ends a walk over the roster.
var errEnough = errors.New("enough")

// Anybody tells whether somebody of the roster fits.
func (e *Engine) Anybody(ctx context.Context, fits func(Person) bool) (bool, error) {
	err := e.EachPerson(ctx, func(p Person) error {
		if fits(p) {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return true, nil
	}
	return false, err
}
