package engine

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// index is the record behind an identifier.
type index struct {
	Account string    `json:"account"`
	At      time.Time `json:"at"`
	// Held is until when the name is nobody else's, also when its account lists it
	// no more: apps would take somebody else for the one before.
	Held time.Time `json:"held,omitzero"`
}

// indexKeys names the index entries of an identifier, that of the newest root key
// first.
func (e *Engine) indexKeys(id recovery.Identifier) []string {
	var keys []string
	for _, mac := range e.Keys.MACs("index "+id.Kind, id.Value) {
		keys = append(keys, id.Kind+"/"+hex.EncodeToString(mac[:20]))
	}
	return keys
}

// find returns the account behind an identifier, or nil. An index entry counts
// only when the account itself lists the identifier.
func (e *Engine) find(ctx context.Context, id recovery.Identifier) (*recovery.Account, error) {
	for _, key := range e.indexKeys(id) {
		entry, ok, err := kv.Load[index](ctx, e.Store, key)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		a, err := e.account(ctx, entry.Account)
		if errors.Is(err, recovery.ErrNoAccount) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if slices.Contains(a.Identifiers(), id) {
			return a, nil
		}
	}
	return nil, e.readDecoy(ctx)
}

// Person returns an account by its id; [recovery.ErrNoAccount] when there is
// none.
func (e *Engine) Person(ctx context.Context, id string) (*recovery.Account, error) {
	if len(id) != recovery.IDSize {
		return nil, recovery.ErrNoAccount
	}
	return e.account(ctx, id)
}

// Find returns the account with a user name, mail address or number.
func (e *Engine) Find(ctx context.Context, typed string) (*recovery.Account, error) {
	id, err := recovery.Identify(typed)
	if err != nil {
		return nil, recovery.ErrNoAccount
	}
	a, err := e.find(ctx, id)
	if err == nil && a == nil {
		return nil, recovery.ErrNoAccount
	}
	return a, err
}

// takeover is how long an index entry without its account blocks others: the
// account may be about to be written.
const takeover = 10 * time.Minute

// claim takes the index entries of an account that is about to be written.
// Repeating it is harmless; the entry of another account is
// [recovery.ErrNameTaken].
func (e *Engine) claim(ctx context.Context, a *recovery.Account) error {
	for _, id := range a.Identifiers() {
		if err := e.claimOne(ctx, id, a.ID); err != nil {
			return err
		}
	}
	return e.claimExtensions(ctx, a)
}

// free refuses what other accounts are found by: all of it, and before anything is
// claimed, which others could not have for a while.
func (e *Engine) free(ctx context.Context, a *recovery.Account) error {
	var taken []error
	for _, id := range a.Identifiers() {
		holder, err := e.find(ctx, id)
		if err != nil {
			return err
		}
		if holder != nil && holder.ID != a.ID {
			taken = append(taken, recovery.TakenError{Kind: id.Kind})
		}
	}
	return errors.Join(taken...)
}

func (e *Engine) claimOne(ctx context.Context, id recovery.Identifier, account string) error {
	holder, err := e.find(ctx, id)
	if err != nil {
		return err
	}
	if holder != nil && holder.ID != account {
		return recovery.TakenError{Kind: id.Kind}
	}
	now := e.Now()
	// Under every root key and in one order: of two nodes with different keys in
	// front that are given one name at once, one gets it.
	keys := e.indexKeys(id)
	slices.Sort(keys)
	for _, key := range keys {
		_, err = kv.Update(ctx, e.Store, key, time.Time{}, func(x *index, exists bool) error {
			if exists && x.Account != account && (now.Before(x.At.Add(takeover)) || now.Before(x.Held)) {
				return recovery.TakenError{Kind: id.Kind, Held: now.Before(x.Held)}
			}
			*x = index{Account: account, At: now}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// giveAway frees a name that is held, for an account that is about to have it, if
// whoever gives it away has typed it once more. That stays when nothing comes of it.
func (e *Engine) giveAway(ctx context.Context, a *recovery.Account, again string) error {
	name, err := recovery.CanonicalName(a.Name)
	typed, wrong := recovery.CanonicalName(again)
	if err != nil || wrong != nil || typed != name {
		return nil
	}
	id := recovery.ByName(name)
	holder, err := e.find(ctx, id)
	if holder != nil || err != nil {
		return err
	}
	given := false
	for _, key := range e.indexKeys(id) {
		_, err := kv.Update(ctx, e.Store, key, time.Time{}, func(x *index, exists bool) error {
			if !exists || x.Account == a.ID || !e.Now().Before(x.Held) {
				return errSameRows
			}
			*x = index{Account: a.ID, At: e.Now()}
			return nil
		})
		if err != nil && !errors.Is(err, errSameRows) {
			return err
		}
		given = given || err == nil
	}
	if given {
		e.record(ctx, recovery.Event{Name: recovery.EventNameGiven, Account: a.ID, Person: a.Name})
	}
	return nil
}

// holdName keeps the name of an account from others, from now on.
func (e *Engine) holdName(ctx context.Context, a *recovery.Account) error {
	name, err := recovery.CanonicalName(a.Name)
	if err != nil {
		return nil // nobody could have it
	}
	until := e.Now().Add(e.Policy.Lifetimes.Name)
	for _, key := range e.indexKeys(recovery.ByName(name)) {
		if err := e.holdEntry(ctx, key, a.ID, until); err != nil {
			return err
		}
	}
	return e.holdLook(ctx, e.lookKeys(name), a.ID, until)
}

// holdEntry keeps an index entry of an account from others. One that another account
// has by now stays as it is.
func (e *Engine) holdEntry(ctx context.Context, key, account string, until time.Time) error {
	_, err := kv.Update(ctx, e.Store, key, time.Time{}, func(x *index, exists bool) error {
		if exists && x.Account != account {
			return errSameRows
		}
		*x = index{Account: account, At: e.Now(), Held: until}
		return nil
	})
	if errors.Is(err, errSameRows) {
		return nil
	}
	return err
}
