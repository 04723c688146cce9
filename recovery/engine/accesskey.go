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
	token := recovery.NewKeySecret()
	key = recovery.JoinKey(account, token)
	_, k.TokenHash = recovery.SplitKey(key)
	k.ID, k.Created, k.Maker = strings.ToLower(secret.Code(keyIDSize)), e.Now(), actor(ctx).ID
	ev := e.attributed(ctx, recovery.Event{Name: recovery.EventKeyMade, Detail: k.ID})
	a, err := e.editOwing(ctx, account, func(a *recovery.Account) error {
		if kept, err = a.AddKey(k, e.Now()); err != nil {
			return err
		}
		e.oweAdmin(ctx, a, recovery.EventKeyMade, recovery.Thing{Key: kept.Name})
		return e.enter(a, &ev)
	})
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
	var k recovery.AccessKey
	ev := e.attributed(ctx, recovery.Event{Name: recovery.EventKeyRevoked})
	a, err := e.editOwing(ctx, account, func(a *recovery.Account) (err error) {
		if k, err = a.RevokeKey(named); err != nil {
			return err
		}
		e.oweAdmin(ctx, a, recovery.EventKeyRevoked, recovery.Thing{Key: k.Name})
		ev.Detail = k.ID
		return e.enter(a, &ev)
	})
	if err == nil {
		e.say(ev)
		e.deliver(ctx, a)
	}
	return k, err
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
// response.
func (e *Engine) UseKey(ctx context.Context, account, key string) error {
	_, err := e.edit(ctx, account, func(a *recovery.Account) error {
		if !a.UseKey(key, e.Now()) {
			return recovery.ErrMoved
		}
		return nil
	})
	if errors.Is(err, recovery.ErrMoved) {
		return nil
	}
	return err
}
