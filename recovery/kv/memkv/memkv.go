// Package memkv keeps records in memory: for tests, and for trying things out.
//
// Not promised: anything after Close or the end of the process, and freeing of
// space. A ttl is ignored, which the contract allows and which makes tests
// prove that expiry is decided above the driver.
package memkv

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/internal/watch"
)

// Driver is a map with a lock. Use [New].
type Driver struct {
	watchers watch.List

	mu      sync.RWMutex
	records map[string][]byte // nil once closed
	shared  bool              // with a moment: copied before the next write
}

// New returns an empty driver.
func New() *Driver {
	return &Driver{records: make(map[string][]byte)}
}

// Get implements [kv.Driver].
func (d *Driver) Get(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.records == nil {
		return nil, kv.ErrClosed
	}
	return bytes.Clone(d.records[key]), nil
}

// GetMany implements [kv.Many].
func (d *Driver) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.records == nil {
		return nil, kv.ErrClosed
	}
	values := make([][]byte, len(keys))
	for i, key := range keys {
		values[i] = bytes.Clone(d.records[key])
	}
	return values, nil
}

// Swap implements [kv.Driver]. The change is gone when the process ends.
func (d *Driver) Swap(ctx context.Context, key string, old, new []byte, _ time.Duration) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	ok, err := d.swap(key, old, new)
	if ok {
		d.watchers.Report(kv.Sum(key))
	}
	return ok, err
}

func (d *Driver) swap(key string, old, new []byte) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.records == nil {
		return false, kv.ErrClosed
	}
	now, found := d.records[key]
	if found != (old != nil) || !bytes.Equal(now, old) {
		return false, nil
	}
	if d.shared {
		d.records, d.shared = maps.Clone(d.records), false
	}
	if new == nil {
		delete(d.records, key)
	} else {
		d.records[key] = bytes.Clone(new)
	}
	return true, nil
}

// Keys implements [kv.Driver].
func (d *Driver) Keys(ctx context.Context, prefix string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.records == nil {
		return nil, kv.ErrClosed
	}
	keys := slices.Collect(maps.Keys(d.records))
	return slices.DeleteFunc(keys, func(k string) bool { return !strings.HasPrefix(k, prefix) }), nil
}

// Moment is every record there is, for [Driver.Restore]: to be read only. Nothing is
// copied before the next write, and then no value.
func (d *Driver) Moment() map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shared = true
	return d.records
}

// Restore puts every record back as it was at a moment, for searches that go on from
// the same one many times. What differs is reported like a write.
func (d *Driver) Restore(moment map[string][]byte) {
	d.mu.Lock()
	before := d.records
	d.records, d.shared = moment, true
	d.mu.Unlock()
	for key, value := range before {
		if !bytes.Equal(moment[key], value) {
			d.watchers.Report(kv.Sum(key))
		}
	}
	for key := range moment {
		if _, found := before[key]; !found {
			d.watchers.Report(kv.Sum(key))
		}
	}
}

// Close implements [kv.Driver].
func (d *Driver) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.records = nil
	return nil
}

// Watch implements [kv.Watcher]. A change is reported before Swap returns.
func (d *Driver) Watch(changed func(sum uint64)) (stop func()) {
	return d.watchers.Add(changed)
}

// Live implements [kv.Watcher]: true until Close.
func (d *Driver) Live() bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.records != nil
}

var (
	_ kv.Driver  = (*Driver)(nil)
	_ kv.Watcher = (*Driver)(nil)
	_ kv.Many    = (*Driver)(nil)
)
