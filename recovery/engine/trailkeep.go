package engine

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

// trailEvery is how long a record may wait for others to be written with it.
const trailEvery = time.Second

// KeepTrail moves into the audit trail what accounts owe it and what changed none,
// in groups of at most a second, until ctx is done. It begins with what a process
// that was killed has left.
func (e *Engine) KeepTrail(ctx context.Context) {
	supervise.Run(e.log(), "the audit trail of before", func() {
		if err := e.CollectTrail(ctx); err != nil && ctx.Err() == nil {
			e.log().Warn("records that a process has left are not looked for: they are moved when their accounts change", "error", err)
		}
	})
	for ctx.Err() == nil {
		supervise.Run(e.log(), "the audit trail", func() {
			if err := e.WriteTrail(ctx); err != nil && ctx.Err() == nil {
				e.log().Warn("the audit trail is not written, tried again", "error", err)
			}
		})
		rest(ctx, trailEvery, nil)
		rest(ctx, countedPer, e.trail.wake)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := e.EndTrail(last); err != nil {
		e.log().Warn("the audit trail is not written at the end: what changed accounts is written by the next process", "error", err)
	}
}

// EndTrail writes all that waits for the audit trail: a process ends.
func (e *Engine) EndTrail(ctx context.Context) error {
	for more := true; more; more = e.trail.waits() {
		if err := e.writeTrail(ctx, true); err != nil {
			return err
		}
	}
	return nil
}

// rest waits, at most until it is woken.
func rest(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
	}
}

// WriteTrail writes what waits for the audit trail.
func (e *Engine) WriteTrail(ctx context.Context) error { return e.writeTrail(ctx, false) }

func (e *Engine) writeTrail(ctx context.Context, all bool) error {
	e.trail.writing.Lock()
	defer e.trail.writing.Unlock()
	b := e.trail.take(e.Now(), all)
	if err := e.writeBatch(ctx, b); err != nil {
		e.trail.giveBack(b)
		e.trail.stir()
		return err
	}
	return e.settleTrail(ctx, all)
}

// writeBatch writes what waits into the trail. What an account still has of it then
// is written twice at worst, by the next process.
func (e *Engine) writeBatch(ctx context.Context, b batch) error {
	links, until, err := e.linksOf(ctx, b)
	if err != nil {
		return err
	}
	if err := e.appendTrail(ctx, links); err != nil {
		return err
	}
	for id, head := range until {
		e.trail.moved.note(id, head, e.Now())
	}
	return nil
}

// drainTrail moves what one account owes, when it can owe no more.
func (e *Engine) drainTrail(ctx context.Context, id string) error {
	e.trail.writing.Lock()
	defer e.trail.writing.Unlock()
	return e.writeBatch(ctx, batch{accounts: []string{id}})
}

// linksOf is what a batch writes, and up to where it has the records of which
// account.
func (e *Engine) linksOf(ctx context.Context, b batch) ([]recovery.Link, map[string]recovery.Head, error) {
	var links []recovery.Link
	until := map[string]recovery.Head{}
	for _, ev := range b.loose {
		key, err := e.trailKey(ctx, ev.Account)
		if err != nil {
			return nil, nil, err
		}
		raw, err := recovery.Loose(ev, e.name, key)
		if err != nil {
			e.log().Error("an event is not in the audit trail", "event", string(ev.Name), "error", err)
			continue
		}
		links = append(links, recovery.Link{Record: raw})
	}
	for _, id := range b.accounts {
		a, err := e.whatever(ctx, id)
		switch {
		case errors.Is(err, recovery.ErrNoAccount), errors.Is(err, kv.ErrDamaged):
			continue // what is owed there nobody can read, and others do not wait for it
		case err != nil:
			return nil, nil, err
		}
		if owed := a.Trail.Unmoved(e.trail.moved.until(id)); len(owed) > 0 {
			links, until[id] = append(links, owed...), owed[len(owed)-1].Head
		}
	}
	return links, until, nil
}

// trailKey is what seals the private part of a record about an account; nil: there
// is no such account. An account of before gets one.
func (e *Engine) trailKey(ctx context.Context, id string) ([]byte, error) {
	if id == "" {
		return nil, nil
	}
	a, err := e.account(ctx, id)
	if err == nil && a.Trail.Key == nil {
		a, err = e.edit(ctx, id, func(a *recovery.Account) error {
			a.TrailKey()
			return nil
		})
	}
	if errors.Is(err, recovery.ErrNoAccount) || errors.Is(err, recovery.ErrGone) || errors.Is(err, kv.ErrDamaged) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return a.Trail.Key, nil
}

// whatever loads an account, also what is left of one that is gone.
func (e *Engine) whatever(ctx context.Context, id string) (*recovery.Account, error) {
	a, ok, err := kv.Load[recovery.Account](ctx, e.Store, recovery.AccountKey(id))
	if err == nil && !ok {
		err = recovery.ErrNoAccount
	}
	return &a, err
}

// CollectTrail finds the accounts that owe records although no process of today
// knows it. It reads every account, once at the start of a process.
func (e *Engine) CollectTrail(ctx context.Context) error {
	keys, err := e.Store.Driver.Keys(ctx, recovery.AccountKey(""))
	if err != nil {
		return err
	}
	for i, key := range keys {
		a, err := e.whatever(ctx, strings.TrimPrefix(key, recovery.AccountKey("")))
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil && len(a.Trail.Owed) > 0:
			e.trail.owes(a.ID)
		}
		if i%500 == 499 {
			rest(ctx, trailEvery/4, nil) // others come first
		}
	}
	return nil
}
