package engine

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// index is the record behind an identifier.
type index struct {
	Account string    `json:"account"`
	At      time.Time `json:"at"`
}

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

func (e *Engine) claimOne(ctx context.Context, id recovery.Identifier, account string) error {
	holder, err := e.find(ctx, id)
	if err != nil {
		return err
	}
	if holder != nil && holder.ID != account {
		return recovery.TakenError{Kind: id.Kind}
	}
	now := e.Now()
	_, err = kv.Update(ctx, e.Store, e.indexKeys(id)[0], time.Time{}, func(x *index, exists bool) error {
		if exists && x.Account != account && now.Before(x.At.Add(takeover)) {
			return recovery.TakenError{Kind: id.Kind}
		}
		*x = index{Account: account, At: now}
		return nil
	})
	return err
}

// directoryEntry is an account in the roster, which lists people without a scan.
type directoryEntry struct {
	ID    string         `json:"id"`
	Name  string         `json:"name"`
	State recovery.State `json:"state"`
	Admin bool           `json:"admin,omitempty"`
	TwoFA bool           `json:"two_factors,omitempty"`
	Until time.Time      `json:"until,omitzero"`
	Cost  string         `json:"cost,omitempty"` // of its password; noCost: it has none
}

// updateDirectory writes the account's row. The account record decides; the next change
// restores a lost row.
func (e *Engine) updateDirectory(ctx context.Context, a *recovery.Account) error {
	return e.replaceEntries(ctx, a.ID, directoryEntry{a.ID, a.Name, a.State, a.Admin(), e.Methods.HasFactor(a), a.Invited, e.costOf(a)})
}

// dropFromDirectory takes the account's row off the roster.
func (e *Engine) dropFromDirectory(ctx context.Context, a *recovery.Account) error {
	return e.replaceEntries(ctx, a.ID)
}

// replaceEntries replaces the rows of an account.
func (e *Engine) replaceEntries(ctx context.Context, id string, anew ...directoryEntry) error {
	sum := e.Keys.MAC("roster", id)
	key := "roster/" + hex.EncodeToString(sum[:1])
	_, err := kv.Update(ctx, e.Store, key, time.Time{}, func(rows *[]directoryEntry, _ bool) error {
		*rows = slices.DeleteFunc(*rows, func(r directoryEntry) bool { return r.ID == id })
		*rows = append(*rows, anew...)
		return nil
	})
	return err
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
}

// People lists all accounts by name: 256 reads, never a scan.
func (e *Engine) People(ctx context.Context) ([]Person, error) {
	var out []Person
	for i := range 256 {
		rows, _, err := kv.Load[[]directoryEntry](ctx, e.Store, fmt.Sprintf("roster/%02x", i))
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out = append(out, Person{r.ID, r.Name, r.State, r.Admin, r.TwoFA, r.Until, r.Cost})
		}
	}
	slices.SortFunc(out, func(a, b Person) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}
