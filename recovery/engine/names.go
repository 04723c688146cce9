package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/caddy-sparekey/sparekey/recovery"
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
