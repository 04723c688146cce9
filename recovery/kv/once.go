package kv

import (
	"context"
	"fmt"
	"time"
)

// Lineage is offered by drivers whose server may be replaced by one that has not
// seen its last writes: what was taken there may be back.
type Lineage interface {
	// Lineage names the history of the server that has a key. It changes when
	// another server takes over, and when one starts anew.
	Lineage(ctx context.Context, key string) (string, error)

	// Remove deletes a record if it still is old, byte for byte, and the server
	// is of that lineage: both in one step. It tells whether it did.
	Remove(ctx context.Context, key string, old []byte, lineage string) (bool, error)
}

// once is a record that is used one time.
type once[T any] struct {
	Lineage string `json:"lineage,omitempty"`
	Value   T      `json:"value"`
}

// PutOnce writes a new record for [TakeOnce].
func PutOnce[T any](ctx context.Context, s *Store, key string, v T, until time.Time) error {
	o := once[T]{Value: v}
	if l, ok := s.Driver.(Lineage); ok {
		var err error
		if o.Lineage, err = l.Lineage(ctx, key); err != nil {
			return fmt.Errorf("write %s: %w", Kind(key), err)
		}
	}
	ok, err := Create(ctx, s, key, o, until)
	if err == nil && !ok {
		err = fmt.Errorf("write %s: %w", Kind(key), ErrContended)
	}
	return err
}

// LookOnce reads such a record and leaves it where it is.
func LookOnce[T any](ctx context.Context, s *Store, key string) (v T, ok bool, err error) {
	o, ok, err := Load[once[T]](ctx, s, key)
	return o.Value, ok, err
}

// TakeOnce reads and deletes such a record in one step: of many callers one gets
// it, and nobody one of before another server took over.
func TakeOnce[T any](ctx context.Context, s *Store, key string) (v T, ok bool, err error) {
	l, replaced := s.Driver.(Lineage)
	if !replaced {
		o, ok, err := Take[once[T]](ctx, s, key)
		return o.Value, ok, err
	}
	raw, err := s.get(ctx, key)
	if err != nil {
		return v, false, err
	}
	o, ok, err := decode[once[T]](s, key, raw)
	if err != nil || !ok {
		return v, false, err
	}
	if ok, err = l.Remove(ctx, key, raw, o.Lineage); err != nil {
		return v, false, fmt.Errorf("write %s: %w", Kind(key), err)
	}
	return o.Value, ok, nil
}
