package kv

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Carried is a record on its way to another store.
type Carried struct {
	Key   string          `json:"key"`
	Until time.Time       `json:"until,omitzero"`
	Value json.RawMessage `json:"value"`
}

// Raw reads a record as it is stored, sealed; nil when there is none.
func Raw(ctx context.Context, s *Store, key string) ([]byte, error) { return s.get(ctx, key) }

// OpenRaw opens what [Raw] has read. A record that does not open is [ErrDamaged].
func OpenRaw(sealer Sealer, key string, raw []byte) (Carried, error) {
	plain, err := sealer.Open(key, raw)
	if err != nil || len(plain) < 8 || !json.Valid(plain[8:]) {
		return Carried{}, fmt.Errorf("open %s: %w", Kind(key), ErrDamaged)
	}
	c := Carried{Key: key, Value: plain[8:]}
	if end := binary.BigEndian.Uint64(plain); end != 0 {
		c.Until = time.UnixMilli(int64(end))
	}
	return c, nil
}

// Put writes a record of another store. One that is there already stays, and is no
// error if it is the same.
func Put(ctx context.Context, s *Store, c Carried) error {
	_, err := Update(ctx, s, c.Key, c.Until, func(v *json.RawMessage, exists bool) error {
		if exists {
			return errUnchanged
		}
		*v = c.Value
		return nil
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}
