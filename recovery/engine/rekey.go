package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// Rekeyed is how far a change of the root key has come, and what it has met. It is
// handed from one [Engine.Rekey] to the next.
type Rekeyed struct {
	Pass    int       `json:"pass"`
	After   string    `json:"after,omitempty"` // the last record of this pass that is done
	Done    bool      `json:"done,omitempty"`
	Seen    int       `json:"records"`         // in this pass, so far
	All     int       `json:"all"`             // in this pass
	Sealed  int       `json:"sealed"`          // records that were sealed with another key
	Damaged int       `json:"damaged"`         // records that no key here opens
	Links   int       `json:"links"`           // that were handed out and still live
	Free    time.Time `json:"free,omitzero"`   // until then links and codes that were sent need an older key; zero: none does
	Older   []string  `json:"older,omitempty"` // people whose recovery codes were made under another key, met by this call
}

// rekeyStep is how many records one call looks at.
const rekeyStep = 500

// Errors of [Engine.Rekey].
var (
	ErrOtherFront = errors.New("another Caddy on this store still has another key in front in its \"secret\": put the new one in front there too, " +
		"reload it, and run this again after some seconds, or two minutes after a Caddy was killed")
	ErrRestarted = errors.New("a Caddy with another key in front has started meanwhile: put the new one in front there too, and run this again")
)

// rekeyPass is one walk over records of the store.
type rekeyPass struct {
	prefix string
	do     func(*Engine, context.Context, string, *Rekeyed) error
}

// rekeyPasses are done one after the other. What the first two write is found by
// every key there is, and only the last takes something away: whenever it stops,
// everything can be found, and all can be done again.
func rekeyPasses() []rekeyPass {
	return []rekeyPass{{"", (*Engine).sealAnew}, {recovery.AccountKey(""), (*Engine).nameAnew}, {"", (*Engine).dropOldName}}
}

// Rekey seals everything with the newest root key, and names everything by it that
// can be named without its owner. It does a part, and is called with what it
// returned until that is Done. Then the store opens with the newest key alone.
// What cannot be changed is said: tickets and codes of running flows, which end by
// themselves, and recovery codes, of which only MACs are kept.
func (e *Engine) Rekey(ctx context.Context, r Rekeyed) (Rekeyed, error) {
	r.Older = nil
	passes := rekeyPasses()
	if r.Pass < 0 || r.Pass >= len(passes) || r.Done {
		return r, nil
	}
	if r.Pass == 0 && r.After == "" {
		if err := e.beginRekey(ctx); err != nil {
			return r, err
		}
	}
	rest, err := e.restOf(ctx, passes[r.Pass].prefix, &r)
	if err != nil {
		return r, err
	}
	for _, key := range rest[:min(len(rest), rekeyStep)] {
		switch err := passes[r.Pass].do(e, ctx, key, &r); {
		case errors.Is(err, kv.ErrDamaged) && r.Pass == 0:
			r.Damaged++
		case err != nil && !errors.Is(err, kv.ErrDamaged):
			return r, err
		}
		r.After, r.Seen = key, r.Seen+1
	}
	if len(rest) > rekeyStep {
		return r, nil
	}
	if r.Pass, r.After, r.Seen = r.Pass+1, "", 0; r.Pass < len(passes) {
		return r, nil
	}
	return e.endRekey(ctx, r)
}

// restOf lists the records of a pass that are to be done.
func (e *Engine) restOf(ctx context.Context, prefix string, r *Rekeyed) ([]string, error) {
	keys, err := e.Store.Driver.Keys(ctx, prefix)
	if err != nil {
		return nil, err
	}
	slices.Sort(keys)
	r.All = len(keys)
	i, done := slices.BinarySearch(keys, r.After)
	if done {
		i++
	}
	return keys[i:], nil
}

// beginRekey refuses while anybody else seals with another key.
func (e *Engine) beginRekey(ctx context.Context) error {
	if err := e.sameFront(ctx); err != nil {
		return err
	}
	if err := noteFront(ctx, e.Store, e.Keys); err != nil {
		return err
	}
	_, err := kv.Update(ctx, e.Store, rootKeysKey, time.Time{}, func(x *rootKeys, _ bool) error {
		x.Began = e.Now().Round(0)
		return nil
	})
	return err
}

func (e *Engine) sameFront(ctx context.Context) error {
	others, err := e.otherKeys(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(others, func(ids []string) bool { return len(ids) == 0 || ids[0] != e.Keys.ID() }) {
		return ErrOtherFront
	}
	return nil
}

// endRekey notes that no other key seals anything.
func (e *Engine) endRekey(ctx context.Context, r Rekeyed) (Rekeyed, error) {
	if err := e.sameFront(ctx); err != nil {
		return r, err
	}
	id := e.Keys.ID()
	x, err := kv.Update(ctx, e.Store, rootKeysKey, time.Time{}, func(x *rootKeys, _ bool) error {
		again := x.Rekeyed == id && len(x.Fronts) == 1 // what is newer than the first time needs no older key
		for other, at := range x.Fronts {
			switch {
			case other == id:
			case at.After(x.Began):
				return ErrRestarted
			default:
				delete(x.Fronts, other)
			}
		}
		if !again {
			x.Free = r.Free
		}
		x.Rekeyed, x.Done = id, e.Now().Round(0)
		return nil
	})
	if err != nil {
		return r, err
	}
	r.Done, r.Free = true, x.Free
	if !e.Now().Before(r.Free) || len(e.Keys.IDs()) == 1 {
		r.Free, r.Links = time.Time{}, 0
	}
	e.record(ctx, recovery.Event{Name: recovery.EventRekeyed, Detail: "everything is sealed with the newest key"})
	return r, nil
}

// sealAnew is the first pass.
func (e *Engine) sealAnew(ctx context.Context, key string, r *Rekeyed) error {
	until, done, err := kv.Reseal(ctx, e.Store, key)
	if err != nil {
		return err
	}
	if done {
		r.Sealed++
	}
	if !slices.Contains([]string{"ticket", "flow", "appeal", linkKind}, kv.Kind(key)) || !e.Now().Before(until) {
		return nil
	}
	if until.After(r.Free) {
		r.Free = until
	}
	if kind := kv.Kind(key); kind == "ticket" || kind == linkKind {
		r.Links++
	}
	return nil
}

// nameAnew is the second pass: what is found by a name, address or number is found
// by the newest key too.
func (e *Engine) nameAnew(ctx context.Context, key string, r *Rekeyed) error {
	a, err := e.account(ctx, strings.TrimPrefix(key, recovery.AccountKey("")))
	if errors.Is(err, recovery.ErrNoAccount) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, id := range a.Identifiers() {
		err := e.claimOne(ctx, id, a.ID)
		if errors.Is(err, recovery.ErrNameTaken) {
			e.log().Warn("two accounts have one "+id.Kind, "account", a.ID)
			continue
		}
		if err != nil {
			return err
		}
	}
	if e.olderCodes(a) {
		r.Older = append(r.Older, a.Name)
	}
	return errors.Join(e.claimExtensions(ctx, a), e.writeRow(ctx, a), e.dropStrays(ctx, a.ID))
}

// dropOldName is the last pass: what is named by an older key, and found by the
// newest, goes.
func (e *Engine) dropOldName(ctx context.Context, key string, _ *Rekeyed) error {
	switch kv.Kind(key) {
	case "main":
		return e.dropOldMain(ctx, key)
	case "name", "mail", "phone", "line":
	default:
		return nil
	}
	x, ok, err := kv.Load[index](ctx, e.Store, key)
	if err != nil || !ok {
		return err
	}
	a, err := e.account(ctx, x.Account)
	if err != nil && !errors.Is(err, recovery.ErrNoAccount) {
		return err
	}
	newest := ""
	if err == nil {
		newest = e.newestName(a, key)
	}
	switch {
	case newest == key:
		return nil
	case newest == "" && (e.Now().Before(x.At.Add(takeover)) || e.Now().Before(x.Held)):
		return nil // its account is about to be written, or has left it to nobody
	case newest != "":
		if y, ok, err := kv.Load[index](ctx, e.Store, newest); err != nil || !ok || y.Account != x.Account {
			return err // the first name is another's, for which the second pass has warned
		}
	}
	return kv.Expire(ctx, e.Store, key, func(now *index) bool { return *now == x })
}

// newestName is the index entry that the newest key names, of what an account is
// found by through another; empty: it is not found by that.
func (e *Engine) newestName(a *recovery.Account, key string) string {
	for _, id := range a.Identifiers() {
		if keys := e.indexKeys(id); slices.Contains(keys, key) {
			return keys[0]
		}
	}
	return ""
}

// dropOldMain does it for a main number, once nobody is found there who is not
// found by the newest key.
func (e *Engine) dropOldMain(ctx context.Context, key string) error {
	ids, ok, err := kv.Load[[]string](ctx, e.Store, key)
	if err != nil || !ok {
		return err
	}
	for _, id := range ids {
		a, err := e.account(ctx, id)
		if err != nil && !errors.Is(err, recovery.ErrNoAccount) {
			return err
		}
		if err != nil || slices.ContainsFunc(a.Extensions, func(l recovery.Extension) bool { return e.mainKeys(l.Number)[0] == key }) {
			return nil
		}
	}
	return kv.Expire(ctx, e.Store, key, func(now *[]string) bool { return slices.Equal(*now, ids) })
}
