package kv

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Errors of [Store].
var (
	// ErrContended says that a record changed under every one of 16 attempts.
	// Nothing was written by us; deny.
	ErrContended = errors.New("record kept changing")
	// ErrDamaged says that a record does not open or does not parse. It is an
	// alarm; deny.
	ErrDamaged = errors.New("record is damaged or sealed with another key")
	// ErrDrop is returned by an edit to delete the record instead.
	ErrDrop = errors.New("drop the record")
)

const attempts = 16

// Sealer protects values at rest and binds them to their key name.
type Sealer interface {
	Seal(name string, plain []byte) []byte
	Open(name string, sealed []byte) ([]byte, error)
	// Current tells whether a value was sealed as it would be now.
	Current(sealed []byte) bool
}

// Store puts sealing, expiry and retry over a [Driver], once for all of them.
// Values are JSON with an expiry in front, sealed under the name of their key.
type Store struct {
	Driver  Driver
	Sealer  Sealer
	Now     func() time.Time
	Damaged func(key string) // told of each record that is met and is [ErrDamaged]; nil: nobody
	// Took is told of each call of the driver: its name, how long it took, and its
	// error; nil: nobody.
	Took func(operation string, took time.Duration, err error)
	// Parse reads the JSON of a record into v; nil: [json.Unmarshal]. A test that
	// reads the same records many times remembers what they say.
	Parse func(data []byte, v any) error
}

// timed calls the driver, and tells how long that took.
func timed[T any](s *Store, operation string, call func() (T, error)) (T, error) {
	if s.Took == nil {
		return call()
	}
	begun := s.Now()
	v, err := call()
	s.Took(operation, s.Now().Sub(begun), err)
	return v, err
}

// Watcher is what tells of changed records; nil when the driver cannot.
func (s *Store) Watcher() Watcher {
	w, _ := s.Driver.(Watcher)
	return w
}

// Load reads a record. ok is false when there is none or it has expired; err
// is "cannot tell".
func Load[T any](ctx context.Context, s *Store, key string) (v T, ok bool, err error) {
	raw, err := s.get(ctx, key)
	if err != nil {
		return v, false, err
	}
	return decode[T](s, key, raw)
}

func (s *Store) get(ctx context.Context, key string) ([]byte, error) {
	raw, err := timed(s, "get", func() ([]byte, error) { return s.Driver.Get(ctx, key) })
	if errors.Is(err, ErrDamaged) {
		_ = s.damaged(key, "read") // err says more
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", Kind(key), err)
	}
	return raw, nil
}

// damaged is [ErrDamaged], said to whoever wants to be told.
func (s *Store) damaged(key, doing string) error {
	if s.Damaged != nil {
		s.Damaged(key)
	}
	return fmt.Errorf("%s %s: %w", doing, Kind(key), ErrDamaged)
}

// Create writes a record if there is none (or an expired one) and tells
// whether it did. A zero until means that it does not expire.
func Create[T any](ctx context.Context, s *Store, key string, v T, until time.Time) (bool, error) {
	created := true
	_, err := Update(ctx, s, key, until, func(old *T, exists bool) error {
		if exists {
			created = false
			return errUnchanged
		}
		created, *old = true, v
		return nil
	})
	if errors.Is(err, errUnchanged) {
		return false, nil
	}
	return created && err == nil, err
}

var errUnchanged = errors.New("unchanged")

// Update changes a record: edit gets the present value (or a zero one with
// exists false) and changes it in place. It may run several times and must do
// no I/O. An error from edit ends the update without a write and is returned
// as it is, except [ErrDrop], which deletes the record.
//
// After a lost reply the record is read again: if it holds the bytes just
// written, the write succeeded; anything else is an error.
func Update[T any](ctx context.Context, s *Store, key string, until time.Time, edit func(v *T, exists bool) error) (T, error) {
	for n := range attempts {
		if n > 0 {
			pause(ctx, n)
		}
		v, done, err := updateOnce(ctx, s, key, until, edit)
		if done || err != nil {
			return v, err
		}
	}
	var zero T
	return zero, fmt.Errorf("update %s: %w", Kind(key), ErrContended)
}

func updateOnce[T any](ctx context.Context, s *Store, key string, until time.Time, edit func(*T, bool) error) (v T, done bool, err error) {
	raw, err := s.get(ctx, key)
	if err != nil {
		return v, false, err
	}
	v, exists, err := decode[T](s, key, raw)
	if err != nil {
		return v, false, err
	}
	var next []byte
	switch err := edit(&v, exists); {
	case errors.Is(err, ErrDrop):
		if raw == nil {
			return v, true, nil
		}
	case err != nil:
		return v, false, err
	default:
		if next, err = encode(s, key, v, until); err != nil {
			return v, false, err
		}
	}
	done, err = s.swap(ctx, key, raw, next, until)
	return v, done, err
}

func (s *Store) swap(ctx context.Context, key string, old, next []byte, until time.Time) (bool, error) {
	var ttl time.Duration
	if !until.IsZero() {
		// A record may outlive its end in the driver, never fall short of it.
		ttl = max(until.Sub(s.Now()), 0) + time.Minute
	}
	done, err := timed(s, "swap", func() (bool, error) { return s.Driver.Swap(ctx, key, old, next, ttl) })
	if err == nil {
		return done, nil
	}
	if next != nil {
		if now, again := s.Driver.Get(ctx, key); again == nil && bytes.Equal(now, next) {
			return true, nil
		}
	}
	return false, fmt.Errorf("write %s: %w", Kind(key), err)
}

// Take reads and deletes a record in one step: of many callers one gets it.
func Take[T any](ctx context.Context, s *Store, key string) (v T, ok bool, err error) {
	v, err = Update(ctx, s, key, time.Time{}, func(_ *T, exists bool) error {
		if ok = exists; !exists {
			return errUnchanged
		}
		return ErrDrop
	})
	if errors.Is(err, errUnchanged) {
		return v, false, nil
	}
	return v, ok && err == nil, err
}

// Delete removes a record, if there is one.
func Delete(ctx context.Context, s *Store, key string) error {
	_, err := Update(ctx, s, key, time.Time{}, func(*json.RawMessage, bool) error { return ErrDrop })
	return err
}

// Expire deletes a record that has expired, or of which over says so (nil: it
// says nothing). What a form has met as expired stays so when the clock goes
// back. Another record stays as it is.
func Expire[T any](ctx context.Context, s *Store, key string, over func(*T) bool) error {
	raw, err := s.get(ctx, key)
	if err != nil {
		return err
	}
	v, lives, err := decode[T](s, key, raw)
	if err != nil || raw == nil || lives && (over == nil || !over(&v)) {
		return err
	}
	_, err = s.swap(ctx, key, raw, nil, time.Time{}) // whoever was faster has written what lives
	return err
}

// Kind is the part of a key before the first slash: what may be shown.
func Kind(key string) string {
	if i := bytes.IndexByte([]byte(key), '/'); i >= 0 {
		return key[:i]
	}
	return key
}

func encode[T any](s *Store, key string, v T, until time.Time) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", Kind(key), err)
	}
	var end [8]byte
	if !until.IsZero() {
		binary.BigEndian.PutUint64(end[:], uint64(until.UnixMilli()))
	}
	return s.Sealer.Seal(key, append(end[:], body...)), nil
}

func decode[T any](s *Store, key string, raw []byte) (v T, ok bool, err error) {
	if raw == nil {
		return v, false, nil
	}
	plain, err := s.Sealer.Open(key, raw)
	if err != nil || len(plain) < 8 {
		return v, false, s.damaged(key, "open")
	}
	if end := binary.BigEndian.Uint64(plain); end != 0 && !s.Now().Before(time.UnixMilli(int64(end))) {
		return v, false, nil
	}
	parse := s.Parse
	if parse == nil {
		parse = json.Unmarshal
	}
	if err := parse(plain[8:], &v); err != nil {
		return v, false, s.damaged(key, "parse")
	}
	return v, true, nil
}

// pause waits a little longer after each conflict, up to about 30 ms, with
// jitter so that writers do not meet again.
func pause(ctx context.Context, n int) {
	limit := min(time.Duration(1<<min(n, 5))*time.Millisecond, 30*time.Millisecond)
	select {
	case <-time.After(rand.N(limit) + time.Millisecond/4):
	case <-ctx.Done():
	}
}
