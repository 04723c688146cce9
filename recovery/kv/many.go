package kv

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

// Many is offered by drivers that can read several records in one round trip.
type Many interface {
	// GetMany is Get of each of the keys, in their order. The records need not be
	// of one moment. An error means "cannot tell" of all of them.
	GetMany(ctx context.Context, keys []string) ([][]byte, error)
}

// together is how many records are read at a time of a driver that offers no
// [Many].
const together = 16

// LoadMany reads records and calls each with those that there are, in the order of
// the keys. What does not open comes with its error; when each returns one, that is
// the end. A driver that cannot tell is an error before the first call.
func LoadMany[T any](ctx context.Context, s *Store, keys []string, each func(key string, v T, err error) error) error {
	raws, err := s.getMany(ctx, keys)
	if err != nil {
		return err
	}
	for i, raw := range raws {
		v, ok, err := decode[T](s, keys[i], raw)
		if !ok && err == nil {
			continue
		}
		if err := each(keys[i], v, err); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) getMany(ctx context.Context, keys []string) ([][]byte, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	d, ok := s.Driver.(Many)
	if !ok {
		return s.getEach(ctx, keys)
	}
	raws, err := timed(s, "get_many", func() ([][]byte, error) { return d.GetMany(ctx, keys) })
	if err == nil && len(raws) != len(keys) {
		err = fmt.Errorf("%d records for %d keys", len(raws), len(keys))
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", Kind(keys[0]), err)
	}
	return raws, nil
}

// errNotRead stays where reading a record came to no end.
var errNotRead = errors.New("kv: the record was not read")

func (s *Store) getEach(ctx context.Context, keys []string) ([][]byte, error) {
	raws, errs := make([][]byte, len(keys)), make([]error, len(keys))
	for begin := 0; begin < len(keys); begin += together {
		var reading sync.WaitGroup
		for i := begin; i < min(begin+together, len(keys)); i++ {
			errs[i] = errNotRead
			reading.Go(supervise.Func(nil, "reading records", func() { raws[i], errs[i] = s.get(ctx, keys[i]) }))
		}
		reading.Wait()
		if err := errors.Join(errs[begin:min(begin+together, len(keys))]...); err != nil {
			return nil, err
		}
	}
	return raws, nil
}
