package boltkv

import (
	"context"
	"errors"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

// One step of the sweeper looks at sweepLook records and deletes sweepDelete
// at most, so that nobody waits long for it.
const (
	sweepLook   = 2000
	sweepDelete = 200
)

// sweep deletes expired records until ctx ends.
func (d *Driver) sweep(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			supervise.Run(d.logger, "a sweep", func() { d.sweepAll(ctx) })
		}
	}
}

// sweepAll goes through the file once, in steps.
func (d *Driver) sweepAll(ctx context.Context) {
	var expired [][]byte
	var err error
	for next := []byte{}; next != nil && err == nil; {
		expired, next, err = d.findExpired(ctx, next)
		if err == nil && len(expired) > 0 {
			err = d.deleteExpired(ctx, expired)
		}
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, kv.ErrClosed) {
		d.logger.Error("expired records are not removed", "file", d.path, "error", err)
	}
}

// findExpired looks at records from the key from on. next is where to go on,
// nil at the end.
func (d *Driver) findExpired(ctx context.Context, from []byte) (expired [][]byte, next []byte, err error) {
	now := d.now()
	err = d.view(ctx, func(records *bolt.Bucket) error {
		c := records.Cursor()
		key, stored := c.Seek(from)
		for looked := 0; key != nil; key, stored = c.Next() {
			if looked == sweepLook || len(expired) == sweepDelete {
				next = append([]byte{}, key...)
				return nil
			}
			looked++
			if over, err := passed(key, stored, now); err != nil {
				return err
			} else if over {
				expired = append(expired, append([]byte{}, key...))
			}
		}
		return nil
	})
	return expired, next, err
}

// deleteExpired looks again: a record may have been replaced meanwhile.
func (d *Driver) deleteExpired(ctx context.Context, keys [][]byte) error {
	now := d.now()
	return d.update(ctx, func(records *bolt.Bucket) error {
		for _, key := range keys {
			stored := records.Get(key)
			if stored == nil {
				continue
			}
			over, err := passed(key, stored, now)
			if err != nil {
				return err
			}
			if !over {
				continue
			}
			if err := records.Delete(key); err != nil {
				return err
			}
		}
		return nil
	})
}

func passed(key, stored []byte, now time.Time) (bool, error) {
	r, err := decode(string(key), stored)
	return err == nil && r.expires != 0 && r.expires < now.UnixMilli(), err
}
