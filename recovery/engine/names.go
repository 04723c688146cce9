package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// reserved tells that the rules of sites, or Sparekey itself, mean a group by a
// canonical name.
func (e *Engine) reserved(name string) bool {
	return name == recovery.GroupAdmins || slices.Contains(e.RuleGroups, name)
}

// distinct refuses an account whose name is that of a group, in use or meant by a
// rule, and one in a group that is called as a person is. Errors:
// [recovery.ErrIsGroup], [recovery.ErrIsPerson].
func (e *Engine) distinct(ctx context.Context, a *recovery.Account) error {
	name, err := recovery.CanonicalName(a.Name)
	if err != nil {
		return err
	}
	groups, err := e.groupsInUse(ctx)
	if err != nil {
		return err
	}
	for _, g := range a.Groups {
		if id, err := recovery.CanonicalGroup(g); err == nil {
			groups[id] = true
		}
	}
	if err := e.distinctGroups(ctx, a); err != nil {
		return err
	}
	if e.reserved(name) || groups[name] {
		return fmt.Errorf("%q: %w", a.Name, recovery.ErrIsGroup)
	}
	return nil
}

// distinctGroups refuses groups that are called as a person is.
func (e *Engine) distinctGroups(ctx context.Context, a *recovery.Account) error {
	for _, g := range a.Groups {
		id, err := recovery.CanonicalGroup(g)
		if err != nil {
			return err
		}
		holder, err := e.find(ctx, recovery.ByName(id))
		if err != nil {
			return err
		}
		own, _ := recovery.CanonicalName(a.Name) // that name is refused as the name of a group
		if holder != nil && (holder.ID != a.ID || id == own) {
			return fmt.Errorf("%q: %w", g, recovery.ErrIsPerson)
		}
	}
	return nil
}

// groupsInUse are the canonical names of all groups that somebody is in.
func (e *Engine) groupsInUse(ctx context.Context) (map[string]bool, error) {
	used := map[string]bool{}
	err := e.EachPerson(ctx, func(p Person) error {
		list := p.Groups
		if p.vague { // a row of a version before does not say
			a, err := e.account(ctx, p.ID)
			if errors.Is(err, recovery.ErrNoAccount) {
				return nil
			}
			if err != nil {
				return err
			}
			list = a.Groups
		}
		for _, g := range list {
			if id, err := recovery.CanonicalGroup(g); err == nil {
				used[id] = true
			}
		}
		return nil
	})
	return used, err
}

// Collisions lists the names that some person and some group have both. Versions
// before took them.
func (e *Engine) Collisions(ctx context.Context) ([]string, error) {
	groups, err := e.groupsInUse(ctx)
	if err != nil {
		return nil, err
	}
	both := map[string]bool{}
	err = e.EachPerson(ctx, func(p Person) error {
		if name, err := recovery.CanonicalName(p.Name); err == nil && (groups[name] || e.reserved(name)) {
			both[name] = true
		}
		return nil
	})
	return slices.Sorted(maps.Keys(both)), err
}

// lookKind begins the names of the records of what names that are held look like: of a
// name that has gone nothing else is left by which that could be told.
const lookKind = "look"

func (e *Engine) lookKeys(name string) []string {
	return e.indexKeys(recovery.Identifier{Kind: lookKind, Value: recovery.Look(name)})
}

// holdLook keeps what a name looks like from whoever chooses a name, as long as the name
// itself is kept from others.
func (e *Engine) holdLook(ctx context.Context, keys []string, account string, until time.Time) error {
	for _, key := range keys {
		_, err := kv.Update(ctx, e.Store, key, time.Time{}, func(x *index, _ bool) error {
			if until.Before(x.Held) {
				return errSameRows // another name that looks like this one
			}
			*x = index{Account: account, At: e.Now(), Held: until}
			return nil
		})
		if err != nil && !errors.Is(err, errSameRows) {
			return err
		}
	}
	return nil
}

// lookHeld tells whether a name looks like one that is held, and was not this account's.
func (e *Engine) lookHeld(ctx context.Context, a *recovery.Account) (bool, error) {
	for _, key := range e.lookKeys(a.Name) {
		x, ok, err := kv.Load[index](ctx, e.Store, key)
		if err != nil {
			return false, err
		}
		if ok && x.Account != a.ID && e.Now().Before(x.Held) {
			return true, nil
		}
	}
	return false, nil
}
