package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// KeyState is what a change of the root key still asks for.
type KeyState struct {
	Older  bool      // records may be sealed with an older key: a rekey is due
	Unread bool      // another process that runs cannot read what this one seals
	Spare  bool      // older keys are configured that nothing needs from Free on
	Free   time.Time // zero: now
}

// KeyState tells how far a change of the root key has come. An error means that
// the answer is unknown.
func (e *Engine) KeyState(ctx context.Context) (KeyState, error) {
	x, _, err := kv.Load[rootKeys](ctx, e.Store, rootKeysKey)
	if err != nil {
		return KeyState{}, err
	}
	others, err := e.otherKeys(ctx)
	if err != nil {
		return KeyState{}, err
	}
	ids := e.Keys.IDs()
	s := KeyState{Older: x.lacks(ids[:1])}
	s.Unread = slices.ContainsFunc(others, func(theirs []string) bool { return len(theirs) > 0 && !slices.Contains(theirs, ids[0]) })
	if s.Spare = !s.Older && len(ids) > 1 && x.Rekeyed == ids[0]; s.Spare && e.Now().Before(x.Free) {
		s.Free = x.Free
	}
	return s, nil
}

// LostCodes lists the people whose recovery codes were made under a root key that
// is gone: they open nothing any more.
func (e *Engine) LostCodes(ctx context.Context, people []Person) ([]string, error) {
	return e.named(ctx, people, func(a *recovery.Account) bool {
		return slices.ContainsFunc(e.codeKeysOf(a), func(id string) bool { return id != "" && !slices.Contains(e.Keys.IDs(), id) })
	})
}

// OlderCodes lists the people whose recovery codes need another root key than the
// newest.
func (e *Engine) OlderCodes(ctx context.Context, people []Person) ([]string, error) {
	return e.named(ctx, people, e.olderCodes)
}

// named lists the people of whose accounts something holds.
func (e *Engine) named(ctx context.Context, people []Person, holds func(*recovery.Account) bool) ([]string, error) {
	var names []string
	for _, p := range people {
		a, err := e.account(ctx, p.ID)
		if errors.Is(err, recovery.ErrNoAccount) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if holds(a) {
			names = append(names, p.Name)
		}
	}
	return names, nil
}

// olderCodes tells that an account has recovery codes that another key than the
// newest made. Of those from before that was noted it is taken to be so as long
// as there is another.
func (e *Engine) olderCodes(a *recovery.Account) bool {
	ids := e.Keys.IDs()
	return slices.ContainsFunc(e.codeKeysOf(a), func(id string) bool { return id != ids[0] && (id != "" || len(ids) > 1) })
}

// codeKeysOf lists the root keys under which an account holds something that
// cannot be made anew without its owner; an empty one: it is not known.
func (e *Engine) codeKeysOf(a *recovery.Account) []string {
	var ids []string
	for _, name := range e.Methods.Names() {
		if m, ok := e.Methods.Get(name).(recovery.Keyed); ok {
			ids = append(ids, m.KeysOf(a)...)
		}
	}
	return ids
}
