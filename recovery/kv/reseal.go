package kv

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"
)

// Reseal seals a record as it would be sealed now, and changes nothing in it. done
// tells whether there was anything to do; until is when the record expires, zero
// for never and for a record that is not there. A record that does not open is
// [ErrDamaged].
func Reseal(ctx context.Context, s *Store, key string) (until time.Time, done bool, err error) {
	for n := range attempts {
		if n > 0 {
			pause(ctx, n)
		}
		raw, err := s.get(ctx, key)
		if raw == nil || err != nil {
			return time.Time{}, false, err
		}
		plain, err := s.Sealer.Open(key, raw)
		if err != nil || len(plain) < 8 {
			return time.Time{}, false, s.damaged(key, "open")
		}
		if end := binary.BigEndian.Uint64(plain); end != 0 {
			until = time.UnixMilli(int64(end))
		}
		if s.Sealer.Current(raw) {
			return until, false, nil
		}
		if done, err := s.swap(ctx, key, raw, s.Sealer.Seal(key, plain), until); done || err != nil {
			return until, done, err
		}
	}
	return until, false, fmt.Errorf("seal %s: %w", Kind(key), ErrContended)
}
