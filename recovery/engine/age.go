package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Mark is a number that is raised when credentials or sessions have changed, at
// most once a minute. It stands in the store, in the memory of each process, and
// in [Outside], where a restored backup does not bring it back: a lower one in
// the store says that the store is older than what people were told is done.
type Mark struct {
	ID       string    `json:"id"` // of the store
	N        uint64    `json:"n"`
	Older    time.Time `json:"older,omitzero"`    // when it was last found older, and what of before was voided
	Accepted time.Time `json:"accepted,omitzero"` // when an operator last said that it may be
}

const markKey = "mark"

// Mark returns what is known of the store's age.
func (e *Engine) Mark(ctx context.Context) (Mark, error) {
	m, _, err := kv.Load[Mark](ctx, e.Store, markKey)
	return m, err
}

// CheckAge compares the store with the mark of before: when it is older, all
// sessions, tickets, flows and the codes that open closed accounts are void, and
// log and events say so. Else it raises the mark if something has changed. One
// of many processes should call it at its start, before it answers anybody, and
// then every minute; an error means that the answer is unknown.
func (e *Engine) CheckAge(ctx context.Context) error {
	m, err := kv.Update(ctx, e.Store, markKey, time.Time{}, func(m *Mark, exists bool) error {
		if exists {
			return recovery.ErrMoved
		}
		*m = Mark{ID: secret.Token(9), N: 1}
		return nil
	})
	if errors.Is(err, recovery.ErrMoved) {
		m, err = e.Mark(ctx)
	}
	if err != nil {
		return err
	}
	seen := e.seen(m.ID)
	dirty := e.marked.changed.Swap(false)
	switch {
	case m.N < seen:
		if err := e.voidAll(ctx); err != nil {
			return fmt.Errorf("the store is older than what was acknowledged, and what it brings back is not voided: %w", err)
		}
		m, err = e.raiseMark(ctx, seen, func(m *Mark) { m.Older = e.Now().Round(0) })
		what := "the store is older than what was acknowledged: a backup or a replica that lagged is in its place; sessions, links and " +
			"opening codes of before are void; replaced factors and used recovery codes may be back"
		e.log().Error(what, "mark", m.N, "seen", seen)
		e.record(ctx, recovery.Event{Name: recovery.EventAlarm, Detail: what})
	case dirty:
		m, err = e.raiseMark(ctx, m.N, func(*Mark) {})
	}
	if err != nil {
		e.marked.changed.Store(dirty)
		return err
	}
	return e.noteMark(m)
}

// seen is the highest mark of a store that is known beside it.
func (e *Engine) seen(store string) uint64 {
	n := e.marked.n
	if e.marked.id != store {
		n = 0
	}
	if e.Outside == nil || n > 0 {
		return n
	}
	noted, err := e.Outside.Seen(store)
	if err != nil {
		e.log().Warn("whether the store is an older one cannot be told", "error", err)
	}
	return noted
}

func (e *Engine) raiseMark(ctx context.Context, above uint64, edit func(*Mark)) (Mark, error) {
	return kv.Update(ctx, e.Store, markKey, time.Time{}, func(m *Mark, _ bool) error {
		m.N = max(m.N, above) + 1
		edit(m)
		return nil
	})
}

// noteMark remembers the mark of the store, and writes it outside when it is new.
func (e *Engine) noteMark(m Mark) error {
	if e.marked.id == m.ID && e.marked.n == m.N {
		return nil
	}
	e.marked.id, e.marked.n = m.ID, m.N
	if e.Outside == nil {
		return nil
	}
	return e.Outside.Note(m.ID, m.N)
}

// AcceptOld takes the store as it is although it is older than the mark of
// before, for an operator who has restored it on purpose. It returns false when
// there was nothing to accept.
func (e *Engine) AcceptOld(ctx context.Context) (bool, error) {
	m, err := e.Mark(ctx)
	if err != nil || m.ID == "" {
		return false, err
	}
	seen := e.seen(m.ID)
	if m.N >= seen {
		return false, nil
	}
	m, err = e.raiseMark(ctx, seen, func(m *Mark) { m.Accepted = e.Now().Round(0) })
	if err != nil {
		return false, err
	}
	e.log().Warn("an older store was accepted", "mark", m.N)
	e.record(ctx, recovery.Event{Name: recovery.EventStoreAccepted, Detail: "sessions, links and codes of before count"})
	return true, e.noteMark(m)
}

// voidAll ends what an older store has brought back in every account, and suspends
// the access keys, among which there may be revoked ones. Done twice, it does no
// harm.
func (e *Engine) voidAll(ctx context.Context) error {
	keys, err := e.Store.Driver.Keys(ctx, recovery.AccountKey(""))
	if err != nil {
		return err
	}
	for _, key := range keys {
		_, err := e.edit(ctx, strings.TrimPrefix(key, recovery.AccountKey("")), func(a *recovery.Account) error {
			a.EndEverything()
			a.OldCodes, a.UnfreezeWith = nil, nil
			return nil
		})
		if err != nil && !errors.Is(err, recovery.ErrNoAccount) {
			return err
		}
	}
	return nil
}
