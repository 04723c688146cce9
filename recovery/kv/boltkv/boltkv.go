// Package boltkv keeps records in one bbolt file: the default store, for one
// process on one machine.
//
// When Swap returns true the change is on the disk: it survives a crash of the
// process and, as far as disk and file system keep what they confirmed to
// fsync, of the machine.
//
// A damaged file is refused and never recreated, because an empty store would
// make the next visitor the first admin. Every record carries a checksum: bits
// that turned on the disk are an error, never another answer.
//
// Not promised: use by two processes at a time, use over a network file
// system, that the file shrinks, or that a deleted record is gone from the
// disk.
package boltkv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/internal/watch"
)

// Errors of Open and, for the first, of every call.
var (
	// ErrDamaged says that the file, or the record asked for, is not what was
	// written. When it is the file, every further call answers this too.
	ErrDamaged = errors.New("the store is damaged")

	// ErrInUse says that another process has the file open.
	ErrInUse = errors.New("the store is in use by another process")

	// ErrPermissions says that others than the owner may open the file.
	ErrPermissions = errors.New("the store is open to other users")

	// ErrNotFile says that there is something else in the place of the file.
	ErrNotFile = errors.New("the store is not a file")
)

// bucket holds all records. Its name is the version of the format too.
const bucket = "records-1"

// Options of [Open]. The zero value is good.
type Options struct {
	// Logger gets what no caller can be told. Default: nothing is logged.
	Logger *slog.Logger

	// Now tells when a ttl has passed. Default: time.Now.
	Now func() time.Time

	// SweepEvery is the pause between two looks for expired records.
	// Default: 1 minute.
	SweepEvery time.Duration
}

// Driver is an open file. Use [Open].
type Driver struct {
	path   string
	now    func() time.Time
	logger *slog.Logger

	db   *bolt.DB
	file *os.File // that of db, to give up the lock when db cannot be closed

	use      sync.RWMutex          // held for reading by each call, for writing by Close
	writer   chan struct{}         // has room for the one call that may write
	closed   atomic.Bool           // changes under use
	damage   atomic.Pointer[error] // set once
	watchers watch.List

	reads, writes atomic.Uint64

	stopSweeper context.CancelFunc
	sweeper     sync.WaitGroup
}

// Get implements [kv.Driver].
func (d *Driver) Get(ctx context.Context, key string) ([]byte, error) {
	var value []byte
	d.reads.Add(1)
	err := d.view(ctx, func(records *bolt.Bucket) error {
		stored := records.Get([]byte(key))
		if stored == nil {
			return nil
		}
		r, err := decode(key, stored)
		value = append([]byte{}, r.value...) // stored is only valid in here
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("get from %s: %w", d.path, err)
	}
	return value, nil
}

// GetMany implements [kv.Many]: one transaction, so of one moment.
func (d *Driver) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	d.reads.Add(1)
	err := d.view(ctx, func(records *bolt.Bucket) error {
		for i, key := range keys {
			stored := records.Get([]byte(key))
			if stored == nil {
				continue
			}
			r, err := decode(key, stored)
			if err != nil {
				return err
			}
			values[i] = append([]byte{}, r.value...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("get from %s: %w", d.path, err)
	}
	return values, nil
}

// errOtherValue ends a transaction without a write.
var errOtherValue = errors.New("the record is another")

// Swap implements [kv.Driver]. It writes and flushes before it returns true.
// The key must not be empty nor longer than 32,768 bytes.
func (d *Driver) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	d.writes.Add(1)
	err := d.update(ctx, func(records *bolt.Bucket) error {
		same, err := holds(records, key, old)
		if err != nil {
			return err
		}
		if !same {
			return errOtherValue
		}
		if new == nil {
			return records.Delete([]byte(key))
		}
		return records.Put([]byte(key), encode(key, record{expires: d.expiry(ttl), value: new}))
	})
	if errors.Is(err, errOtherValue) {
		return false, nil
	}
	d.watchers.Report(kv.Sum(key)) // also after an error: it may have been written
	if err != nil {
		return false, fmt.Errorf("write to %s: %w", d.path, roomless(err))
	}
	return true, nil
}

// holds tells whether the record of key is old, where nil means none.
func holds(records *bolt.Bucket, key string, old []byte) (bool, error) {
	stored := records.Get([]byte(key))
	if stored == nil || old == nil {
		return stored == nil && old == nil, nil
	}
	r, err := decode(key, stored)
	return err == nil && bytes.Equal(r.value, old), err
}

// expiry is in milliseconds, rounded up: a very long ttl would not fit in
// nanoseconds.
func (d *Driver) expiry(ttl time.Duration) int64 {
	if ttl == 0 {
		return 0
	}
	return d.now().Add(ttl).UnixMilli() + 1
}

// Keys implements [kv.Driver].
func (d *Driver) Keys(ctx context.Context, prefix string) ([]string, error) {
	var keys []string
	d.reads.Add(1)
	err := d.view(ctx, func(records *bolt.Bucket) error {
		c := records.Cursor()
		for k, _ := c.Seek([]byte(prefix)); k != nil && bytes.HasPrefix(k, []byte(prefix)); k, _ = c.Next() {
			keys = append(keys, string(k))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list keys of %s: %w", d.path, err)
	}
	return keys, nil
}

// Close implements [kv.Driver]. It waits for the calls that are running.
func (d *Driver) Close() error {
	d.stopSweeper()
	d.sweeper.Wait()
	d.use.Lock()
	defer d.use.Unlock()
	if d.closed.Swap(true) {
		return nil
	}
	if d.damage.Load() != nil {
		// A panic may have left bbolt's locks held; only the file can be given up.
		return d.file.Close()
	}
	if err := d.db.Close(); err != nil {
		return fmt.Errorf("close %s: %w", d.path, err)
	}
	return nil
}

// Watch implements [kv.Watcher]. A change is reported before Swap returns,
// also one of which Swap cannot tell whether it happened. Expired records that
// are swept away are not reported.
func (d *Driver) Watch(changed func(sum uint64)) (stop func()) {
	return d.watchers.Add(changed)
}

// Live implements [kv.Watcher]: there is no other process, so it is true until
// Close or damage.
func (d *Driver) Live() bool {
	return !d.closed.Load() && d.damage.Load() == nil
}

// Stats returns how many transactions were asked for since Open: reads by Get
// and Keys, writes by Swap. The sweeper's own are not counted.
func (d *Driver) Stats() (reads, writes uint64) {
	return d.reads.Load(), d.writes.Load()
}

func (d *Driver) view(ctx context.Context, f func(records *bolt.Bucket) error) error {
	return d.transact(ctx, func() error {
		return d.db.View(func(tx *bolt.Tx) error { return f(tx.Bucket([]byte(bucket))) })
	})
}

func (d *Driver) update(ctx context.Context, f func(records *bolt.Bucket) error) error {
	return d.transact(ctx, func() error {
		// bbolt waits for its writer without regard to the deadline, so wait here.
		select {
		case d.writer <- struct{}{}:
			defer func() { <-d.writer }()
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := d.damaged(); err != nil {
			return err
		}
		return d.db.Update(func(tx *bolt.Tx) error { return f(tx.Bucket([]byte(bucket))) })
	})
}

// transact runs one transaction, keeps Close away meanwhile, and turns the
// panics with which bbolt answers damaged pages into [ErrDamaged].
func (d *Driver) transact(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.use.RLock()
	defer d.use.RUnlock()
	if d.closed.Load() {
		return kv.ErrClosed
	}
	if err := d.damaged(); err != nil {
		return err
	}
	err := guard(f)
	if errors.Is(err, errPanic) {
		err = damaged(err)
		d.damage.CompareAndSwap(nil, &err)
	}
	return err
}

func (d *Driver) damaged() error {
	if err := d.damage.Load(); err != nil {
		return *err
	}
	return nil
}

// errPanic is what [guard] makes of a panic.
var errPanic = errors.New("reading it failed")

// guard turns a panic of f into an error, also the memory fault of a mapped
// file that is shorter than it says.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errPanic, p)
		}
	}()
	return f()
}

var (
	_ kv.Driver  = (*Driver)(nil)
	_ kv.Watcher = (*Driver)(nil)
	_ kv.Many    = (*Driver)(nil)
)
