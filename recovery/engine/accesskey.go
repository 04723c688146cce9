package engine

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// keyIDSize is the length of what names an access key in lists: letters and
// digits that can be typed.
const keyIDSize = 8

// AddKey makes an access key for an account of what k says of its name, hosts,
// paths and end, and returns it as it is shown this once. The person is told in
// the same write.
func (e *Engine) AddKey(ctx context.Context, account string, k recovery.AccessKey) (key string, kept recovery.AccessKey, err error) {
	return e.addKey(ctx, account, k, "", func(a *recovery.Account, t recovery.Thing) { e.oweAdmin(ctx, a, recovery.EventKeyMade, t) })
}

// MakeKey is AddKey by the person.
func (e *Engine) MakeKey(ctx context.Context, account string, k recovery.AccessKey, c recovery.Client) (string, recovery.AccessKey, error) {
	return e.addKey(ctx, account, k, "", func(a *recovery.Account, t recovery.Thing) { e.oweOf(a, recovery.EventKeyMade, t, c) })
}

// MakeKeyFor is AddKey by an administrator, where the policy has that: never for
// another administrator, who could be acted as by it.
func (e *Engine) MakeKeyFor(ctx context.Context, by Authority, person string, k recovery.AccessKey, reason string) (string, recovery.AccessKey, error) {
	ctx = by.acting(ctx)
	reason, err := e.accountable(by, person, reason)
	switch {
	case err != nil:
		return "", recovery.AccessKey{}, err
	case !e.Policy.AdminKeys:
		return "", recovery.AccessKey{}, recovery.ErrNotAllowed
	}
	key, kept, err := e.addKey(ctx, person, k, reason, func(a *recovery.Account, t recovery.Thing) {
		t.Reason = reason
		e.oweAdmin(ctx, a, recovery.EventKeyMade, t)
	}, (*recovery.Account).Admin)
	return key, kept, err
}

// addKey adds a key, unless one of the conditions holds.
func (e *Engine) addKey(ctx context.Context, account string, k recovery.AccessKey, why string, owe func(*recovery.Account, recovery.Thing), unless ...func(*recovery.Account) bool) (key string, kept recovery.AccessKey, err error) {
	token := recovery.NewKeySecret()
	key = recovery.JoinKey(account, token)
	_, k.TokenHash = recovery.SplitKey(key)
	k.ID, k.Created, k.Maker = strings.ToLower(secret.Code(keyIDSize)), e.Now(), actor(ctx).ID
	ev := e.attributed(ctx, recovery.Event{Name: recovery.EventKeyMade, Detail: strings.TrimSpace(k.ID + " " + why)})
	a, err := e.editOwing(ctx, account, recovery.Within(func(a *recovery.Account) error {
		for _, not := range unless {
			if not(a) {
				return recovery.ErrNotAllowed
			}
		}
		if kept, err = a.AddKey(k, e.Now()); err != nil {
			return err
		}
		owe(a, recovery.Thing{Key: kept.Name})
		return e.enter(a, &ev)
	}))
	if err != nil {
		return "", recovery.AccessKey{}, err
	}
	e.say(ev)
	e.deliver(ctx, a)
	return key, kept, nil
}

// RevokeKey ends an access key of an account at once, by its id or name. The
// person is told.
func (e *Engine) RevokeKey(ctx context.Context, account, named string) (recovery.AccessKey, error) {
	return e.revokeKey(ctx, account, named, func(a *recovery.Account, t recovery.Thing) { e.oweAdmin(ctx, a, recovery.EventKeyRevoked, t) })
}

// RevokeOwnKey is RevokeKey by the person.
func (e *Engine) RevokeOwnKey(ctx context.Context, account, id string, c recovery.Client) error {
	_, err := e.revokeKey(ctx, account, id, func(a *recovery.Account, t recovery.Thing) { e.oweOf(a, recovery.EventKeyRevoked, t, c) })
	return err
}

func (e *Engine) revokeKey(ctx context.Context, account, named string, owe func(*recovery.Account, recovery.Thing)) (recovery.AccessKey, error) {
	var k recovery.AccessKey
	ev := e.attributed(ctx, recovery.Event{Name: recovery.EventKeyRevoked})
	var a *recovery.Account
	err := e.always(func(enter entry) (err error) {
		a, err = e.editOwing(ctx, account, func(a *recovery.Account) (err error) {
			if k, err = a.RevokeKey(named); err != nil {
				return err
			}
			owe(a, recovery.Thing{Key: k.Name})
			ev.Detail = k.ID
			return enter(a, &ev)
		})
		return err
	})
	if err == nil {
		e.deliver(ctx, a)
	}
	return k, err
}

// ResumeKey switches an access key on again that a recovery has suspended. The
// person is told.
func (e *Engine) ResumeKey(ctx context.Context, account, id string, c recovery.Client) error {
	ev := e.attributed(ctx, recovery.Event{Name: recovery.EventKeyResumed, Detail: id})
	a, err := e.editOwing(ctx, account, func(a *recovery.Account) error {
		k, err := a.ResumeKey(id, e.Now())
		if err != nil {
			return err
		}
		e.oweOf(a, recovery.EventKeyResumed, recovery.Thing{Key: k.Name}, c)
		return e.enter(a, &ev)
	})
	if err == nil {
		e.say(ev)
		e.deliver(ctx, a)
	}
	return err
}

// KeyHolder returns the account that an access key lets in, by the two parts of
// the key. [recovery.ErrNoAccount] says that it lets in nobody: there is no such
// account or key, or it has ended. All of that costs the same: one record that is
// there and one that is not (EN-02).
func (e *Engine) KeyHolder(ctx context.Context, id, sum string) (*recovery.Account, error) {
	a, err := e.Person(ctx, id)
	switch {
	case errors.Is(err, recovery.ErrNoAccount):
		err = e.readDecoy(ctx)
	case err != nil:
	case a.Key(sum, e.Now()) == nil:
		_, _, err = kv.Load[recovery.Account](ctx, e.Store, recovery.AccountKey(""))
	default:
		return a, nil
	}
	return nil, cmp.Or(err, recovery.ErrNoAccount)
}

// WrongKey counts a key that let in nobody, by the network of whoever came with it,
// and tells how long to wait, if so. It counts what is refused and refuses nothing
// itself: a key cannot be guessed, and a right one is not refused because others
// try.
func (e *Engine) WrongKey(ctx context.Context) time.Duration {
	e.Refused(ctx, recovery.Event{Name: recovery.EventKeyRefused})
	return e.wrongKeys.allow(actor(ctx).Network, e.Now())
}

// UseKey writes the day on which an access key was used: once a day, after the
// response. What somebody else has made is used as theirs.
func (e *Engine) UseKey(ctx context.Context, account, key string) error {
	ev, err := e.useOf(ctx, account, key)
	if err != nil {
		return err
	}
	err = e.always(func(enter entry) error {
		_, err := e.edit(ctx, account, func(a *recovery.Account) error {
			switch {
			case !a.UseKey(key, e.Now()):
				return recovery.ErrMoved
			case ev == nil:
				return nil
			}
			return enter(a, ev)
		})
		return err
	})
	if errors.Is(err, recovery.ErrMoved) {
		return nil
	}
	return err
}

// useOf is the event of a use of a key that another account has made; nil: the owner
// made it, or the command line.
func (e *Engine) useOf(ctx context.Context, account, key string) (*recovery.Event, error) {
	a, err := e.account(ctx, account)
	if err != nil {
		return nil, err
	}
	k := a.KeyByID(key, e.Now())
	if k == nil || !k.ByAnother(a.ID) {
		return nil, nil
	}
	ev := recovery.Event{Name: recovery.EventKeyUsed, ActorID: k.Maker, Actor: k.Maker, Detail: k.ID}
	maker, err := e.account(ctx, k.Maker)
	switch {
	case err == nil:
		ev.Actor = maker.Name
	case !errors.Is(err, recovery.ErrNoAccount):
		return nil, err
	}
	return &ev, nil
}
