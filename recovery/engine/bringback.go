package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// Errors of [Engine.BringBack] and [Prepare].
var (
	ErrNotEmpty    = errors.New("there are accounts in this store already: a backup is only brought back into an empty one; nothing was changed")
	ErrUsedByOther = errors.New("a Caddy uses this store: stop it first, and if it was killed wait two minutes; nothing was changed")
)

// BackOptions say how a backup is brought back.
type BackOptions struct {
	ID       string // of the backup: an interrupted one goes on with the same only
	NewCodes bool   // all recovery codes are void
}

// BroughtBack is what came of it.
type BroughtBack struct {
	Accounts int      `json:"accounts"`
	Records  int      `json:"records"` // all of them
	Keys     int      `json:"access_keys_suspended"`
	Invited  []string `json:"invited"` // whose invitations have to be made anew
	Codes    int      `json:"codes_void"`
}

// backRun is one run of it.
type backRun struct {
	*Engine
	options BackOptions
	out     BroughtBack
	costs   []string
	first   string
	cleared bool // the trail of this store
}

// BringBack writes the records of a backup into an empty store. Index entries,
// roster and what says that there is somebody are made anew from the accounts; what
// could have ended since is void. It can be run again after it was cut off; until it
// is done, no Caddy starts on the store.
func (e *Engine) BringBack(ctx context.Context, o BackOptions, records iter.Seq2[kv.Carried, error]) (BroughtBack, error) {
	r := &backRun{Engine: e, options: o, out: BroughtBack{Invited: []string{}}}
	if err := e.MayBringBack(ctx, o.ID); err != nil {
		return r.out, err
	}
	if _, err := kv.Create(ctx, e.Store, restoringKey, o.ID, time.Time{}); err != nil {
		return r.out, err
	}
	for c, err := range records {
		if err == nil {
			err = r.one(ctx, c)
		}
		if err != nil {
			return r.out, err
		}
	}
	return r.out, r.end(ctx)
}

// MayBringBack refuses a store that somebody has used or uses. It writes nothing.
func (e *Engine) MayBringBack(ctx context.Context, backup string) error {
	others, err := e.otherKeys(ctx)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return ErrUsedByOther
	}
	id, half, err := kv.Load[string](ctx, e.Store, restoringKey)
	if err != nil || half && id == backup {
		return err
	}
	there, err := e.Store.Driver.Keys(ctx, recovery.AccountKey(""))
	if err != nil {
		return err
	}
	_, settled, err := kv.Load[string](ctx, e.Store, firstKey)
	switch {
	case err != nil:
		return err
	case half:
		return ErrHalfBack
	case len(there) > 0 || settled:
		return ErrNotEmpty
	}
	return nil
}

func (r *backRun) one(ctx context.Context, c kv.Carried) error {
	kinds := carriedKinds()
	i := slices.IndexFunc(kinds, func(kind carriedKind) bool { return strings.HasPrefix(c.Key, kind.prefix) })
	if i < 0 {
		return fmt.Errorf("the backup has a record that does not belong there: %s", kv.Kind(c.Key))
	}
	r.out.Records++
	return kinds[i].back(r, ctx, c)
}

func (r *backRun) asItIs(ctx context.Context, c kv.Carried) error { return kv.Put(ctx, r.Store, c) }

// name keeps a name from others. It is found by the root key of the backup, which is
// here from now on.
func (r *backRun) name(ctx context.Context, c kv.Carried) error {
	var x index
	if err := json.Unmarshal(c.Value, &x); err != nil || x.Held.IsZero() {
		return errors.New("the backup has a name that nobody had")
	}
	return kv.Put(ctx, r.Store, c)
}

func (r *backRun) account(ctx context.Context, c kv.Carried) error {
	var a recovery.Account
	if err := json.Unmarshal(c.Value, &a); err != nil || recovery.AccountKey(a.ID) != c.Key {
		return errors.New("the backup has an account that cannot be read")
	}
	if a.State == recovery.StateGone {
		_, err := kv.Create(ctx, r.Store, c.Key, a, time.Time{})
		return err
	}
	r.out.Accounts++
	r.out.Keys += len(a.AccessKeys)
	if r.options.NewCodes && a.Credential(recovery.RecoveryCode) != nil {
		r.out.Codes++
		a.Drop(recovery.RecoveryCode)
	}
	if a.BringBack(); a.State == recovery.StateInvited {
		r.out.Invited = append(r.out.Invited, a.Name)
	}
	if _, err := kv.Create(ctx, r.Store, c.Key, a, time.Time{}); err != nil {
		return err
	}
	if err := r.claimEach(ctx, &a); err != nil {
		return err
	}
	r.note(&a)
	return nil
}

// note keeps what all accounts together give.
func (r *backRun) note(a *recovery.Account) {
	if cost := r.costOf(a); cost != noCost && cost != "" && !slices.Contains(r.costs, cost) {
		r.costs = append(r.costs, cost)
	}
	if r.first == "" && a.State != recovery.StateInvited {
		r.first = a.ID
	}
}

// claimEach makes the index entries. One that two accounts list, of which one had
// given it up, is the first one's.
func (r *backRun) claimEach(ctx context.Context, a *recovery.Account) error {
	for _, id := range a.Identifiers() {
		err := r.claimOne(ctx, id, a.ID)
		if errors.Is(err, recovery.ErrNameTaken) {
			r.log().Warn("two accounts have one "+id.Kind, "account", a.ID)
			continue
		}
		if err != nil {
			return err
		}
	}
	return r.claimExtensions(ctx, a)
}

// end writes what all accounts together give, and last that there is somebody.
func (r *backRun) end(ctx context.Context) error {
	if err := r.mendTrail(ctx); err != nil {
		return err
	}
	if _, err := r.RepairRoster(ctx); err != nil {
		return err
	}
	_, err := kv.Update(ctx, r.Store, costsKey, time.Time{}, func(costs *[]string, _ bool) error {
		for _, c := range r.costs {
			if !slices.Contains(*costs, c) {
				*costs = append(*costs, c)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if r.first != "" {
		if err := r.claimFirst(ctx, r.first); err != nil {
			return err
		}
	}
	r.marked.changed.Store(true)
	if err := r.CheckAge(ctx); err != nil {
		return err
	}
	r.record(ctx, recovery.Event{Name: recovery.EventBroughtBack, Detail: fmt.Sprintf("%d accounts", r.out.Accounts)})
	return kv.Delete(ctx, r.Store, restoringKey)
}
