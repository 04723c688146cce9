package recoverytest

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// Moments is a driver for searches that go on from the same moment many times. What
// was written once is never changed, so that all moments share it; whoever reads a
// record must not change it either, which makes this no driver for anything else.
type Moments struct {
	mu       sync.Mutex
	records  map[string][]byte
	shared   bool // with a moment: copied before the next write
	watchers []func(sum uint64)
}

// NewMoments returns an empty one.
func NewMoments() *Moments { return &Moments{records: map[string][]byte{}} }

// Now is every record there is, to be put back: to be read only.
func (d *Moments) Now() map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shared = true
	return d.records
}

// Put puts every record back as it was.
func (d *Moments) Put(records map[string][]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.records
	d.records, d.shared = records, true
	if len(d.watchers) == 0 {
		return
	}
	for key, value := range before {
		if !same(records[key], value) {
			d.report(key)
		}
	}
	for key := range records {
		if before[key] == nil {
			d.report(key)
		}
	}
}

// same tells whether both are what was written at one time.
func same(a, b []byte) bool { return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0] }

func (d *Moments) report(key string) {
	sum := kv.Sum(key)
	for _, changed := range d.watchers {
		changed(sum)
	}
}

// Get implements [kv.Driver].
func (d *Moments) Get(ctx context.Context, key string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.records[key], ctx.Err()
}

// GetMany implements [kv.Many].
func (d *Moments) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	values := make([][]byte, len(keys))
	for i, key := range keys {
		values[i] = d.records[key]
	}
	return values, ctx.Err()
}

// Swap implements [kv.Driver].
func (d *Moments) Swap(ctx context.Context, key string, old, new []byte, _ time.Duration) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now, found := d.records[key]
	if ctx.Err() != nil || found != (old != nil) || !bytes.Equal(now, old) {
		return false, ctx.Err()
	}
	if d.shared {
		d.records, d.shared = maps.Clone(d.records), false
	}
	if new == nil {
		delete(d.records, key)
	} else {
		d.records[key] = bytes.Clone(new)
	}
	d.report(key)
	return true, nil
}

// Keys implements [kv.Driver].
func (d *Moments) Keys(ctx context.Context, prefix string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	keys := slices.Collect(maps.Keys(d.records))
	return slices.DeleteFunc(keys, func(k string) bool { return !strings.HasPrefix(k, prefix) }), ctx.Err()
}

// Close implements [kv.Driver].
func (*Moments) Close() error { return nil }

// Watch implements [kv.Watcher]: until the end of the test.
func (d *Moments) Watch(changed func(sum uint64)) (stop func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watchers = append(d.watchers, changed)
	return func() {}
}

// Live implements [kv.Watcher].
func (*Moments) Live() bool { return true }

var (
	_ kv.Driver  = (*Moments)(nil)
	_ kv.Many    = (*Moments)(nil)
	_ kv.Watcher = (*Moments)(nil)
)
