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

// ErrNoFirst says that people are brought along before there is an administrator.
var ErrNoFirst = errors.New("nobody has an account here yet: make the first one with the set-up link, which is an administrator, then bring the others along")

// maxBrought is how many kinds and costs of hashes of other programs a store takes:
// each look at a password pays for all of them.
const maxBrought = 8

// What became of a newcomer.
const (
	ImportedAccount = "imported"
	ImportedInvited = "invited" // there is no password that could be taken over
	ImportedAgain   = "renewed"
	ImportedKept    = "unchanged"
	ImportedNot     = "refused"
)

// Imported is what became of one newcomer. Nothing in it is secret.
type Imported struct {
	Line   int    `json:"line"`
	Name   string `json:"name"`
	Result string `json:"result"`
	Why    string `json:"why,omitempty"`
}

// Import makes accounts of newcomers, each by itself: what is wrong with one stops
// no other. With try it writes nothing. Brought along again, those whose account
// nothing was written to since are made anew, and all others stay as they are.
func (e *Engine) Import(ctx context.Context, list []recovery.Newcomer, try bool) ([]Imported, error) {
	if done, err := e.HasAccounts(ctx); err != nil {
		return nil, err
	} else if !done {
		return nil, ErrNoFirst
	}
	groups, err := e.groupsInUse(ctx)
	if err != nil {
		return nil, err
	}
	var out []Imported
	for _, n := range list {
		x := Imported{Line: n.Line, Name: n.Name}
		if err := e.importOne(ctx, n, groups, try, &x); err != nil {
			return out, err
		}
		out = append(out, x)
	}
	return out, nil
}

// importOne does one. An error means that it is not known what became of it.
func (e *Engine) importOne(ctx context.Context, n recovery.Newcomer, groups map[string]bool, try bool, x *Imported) error {
	a, err := n.Account(e.Methods, e.Now())
	if err != nil {
		return x.refuse(err)
	}
	x.Result = ImportedAccount
	if a.State == recovery.StateInvited || a.StateBefore == recovery.StateInvited {
		x.Result = ImportedInvited
	}
	name, err := recovery.CanonicalName(a.Name)
	if err != nil {
		return x.refuse(err)
	}
	before, err := e.find(ctx, recovery.ByName(name))
	switch {
	case err != nil:
		return err
	case before != nil && !before.Untouched():
		x.Result, x.Why = ImportedKept, "somebody has this name here, and was not brought along or has used the account since"
		return nil
	case before != nil:
		a.ID, x.Result = before.ID, ImportedAgain
	}
	if err := errors.Join(e.clash(ctx, a, name, groups), e.free(ctx, a), e.heldBack(ctx, a, name)); err != nil {
		return x.refuse(err)
	}
	if err := e.bringCost(ctx, a, try); err != nil {
		return x.refuse(err)
	}
	if try {
		return nil
	}
	return e.writeImported(ctx, a, before != nil, x)
}

// refuse notes what is wrong with the newcomer; anything else is an error of the
// whole.
func (x *Imported) refuse(err error) error {
	if errors.Is(err, kv.ErrDamaged) || errors.Is(err, kv.ErrContended) || errors.Is(err, kv.ErrAway) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	x.Result, x.Why = ImportedNot, err.Error()
	return nil
}

// clash refuses a name that is that of a group, and a group that is called as a
// person is. The groups of those before count.
func (e *Engine) clash(ctx context.Context, a *recovery.Account, name string, groups map[string]bool) error {
	for _, g := range a.Groups {
		id, err := recovery.CanonicalGroup(g)
		if err != nil {
			return err
		}
		holder, err := e.find(ctx, recovery.ByName(id))
		if err != nil {
			return err
		}
		if holder != nil || id == name {
			return fmt.Errorf("%q: %w", g, recovery.ErrIsPerson)
		}
	}
	if e.reserved(name) || groups[name] {
		return fmt.Errorf("%q: %w", a.Name, recovery.ErrIsGroup)
	}
	for _, g := range a.Groups {
		if id, err := recovery.CanonicalGroup(g); err == nil {
			groups[id] = true
		}
	}
	return nil
}

// heldBack refuses a name that is kept from others, which a trial would not meet: it
// claims nothing.
func (e *Engine) heldBack(ctx context.Context, a *recovery.Account, name string) error {
	for _, key := range e.indexKeys(recovery.ByName(name)) {
		x, ok, err := kv.Load[index](ctx, e.Store, key)
		if err != nil {
			return err
		}
		if ok && x.Account != a.ID && e.Now().Before(x.Held) {
			return recovery.TakenError{Kind: "name"}
		}
	}
	return nil
}

var errManyCosts = fmt.Errorf("there are %d kinds of hashes of other programs here already, which every sign-in pays for: bring this one along when people have signed in, or invite them", maxBrought)

// bringCost has every look at a password cost what the new one does, from before the
// account is there.
func (e *Engine) bringCost(ctx context.Context, a *recovery.Account, try bool) error {
	m, ok := e.Methods.Get(recovery.Password).(recovery.Costed)
	cost := e.costOf(a)
	if !ok || cost == noCost {
		return nil
	}
	costs, _, err := kv.Load[[]string](ctx, e.Store, costsKey)
	if err != nil || slices.Contains(costs, cost) {
		return err
	}
	if len(costs) > maxBrought {
		return errManyCosts
	}
	if try {
		return nil
	}
	costs, err = kv.Update(ctx, e.Store, costsKey, time.Time{}, func(costs *[]string, _ bool) error {
		if !slices.Contains(*costs, cost) {
			*costs = append(*costs, cost)
		}
		return nil
	})
	if err == nil {
		m.Match(costs)
	}
	return err
}

func (e *Engine) writeImported(ctx context.Context, a *recovery.Account, again bool, x *Imported) error {
	if err := e.claim(ctx, a); err != nil {
		return x.refuse(err)
	}
	write := e.createImported
	if again {
		write = e.renewImported
	}
	a, err := write(ctx, a)
	if errors.Is(err, recovery.ErrMoved) {
		x.Result, x.Why = ImportedKept, "the account has just been used"
		return nil
	}
	if err != nil {
		return err
	}
	e.updateDirectory(ctx, a)
	return nil
}

func (e *Engine) createImported(ctx context.Context, a *recovery.Account) (*recovery.Account, error) {
	ev := e.attributed(ctx, recovery.Event{Name: recovery.EventImported, Detail: string(a.State)})
	if err := e.enter(a, &ev); err != nil {
		return nil, err
	}
	if _, err := kv.Create(ctx, e.Store, recovery.AccountKey(a.ID), *a, time.Time{}); err != nil {
		return nil, err
	}
	e.trail.owes(a.ID)
	e.say(ev)
	return a, nil
}

func (e *Engine) renewImported(ctx context.Context, anew *recovery.Account) (a *recovery.Account, err error) {
	err = e.entering(func(enter entry) error {
		a, err = e.edit(ctx, anew.ID, func(a *recovery.Account) error {
			if !a.Renew(anew) {
				return recovery.ErrMoved
			}
			ev := e.attributed(ctx, recovery.Event{Name: recovery.EventImported, Detail: "again"})
			return enter(a, &ev)
		})
		return err
	})
	return a, err
}
