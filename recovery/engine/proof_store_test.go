package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// snapshots is a store of the proof, which is put back before each move. What was
// written once is never changed, so that all states share it.
type snapshots struct {
	mu      sync.Mutex
	records map[string][]byte
	shared  bool // with a state: copied before the next write
}

func newSnapshots() *snapshots { return &snapshots{records: map[string][]byte{}} }

// all is every record, to be put back.
func (d *snapshots) all() map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shared = true
	return d.records
}

func (d *snapshots) put(records map[string][]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.records, d.shared = records, true
}

// Get implements [kv.Driver].
func (d *snapshots) Get(ctx context.Context, key string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.records[key], ctx.Err()
}

// GetMany implements [kv.Many].
func (d *snapshots) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	values := make([][]byte, len(keys))
	for i, key := range keys {
		values[i] = d.records[key]
	}
	return values, ctx.Err()
}

// Swap implements [kv.Driver].
func (d *snapshots) Swap(ctx context.Context, key string, old, new []byte, _ time.Duration) (bool, error) {
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
	return true, nil
}

// Keys implements [kv.Driver].
func (d *snapshots) Keys(ctx context.Context, prefix string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	keys := slices.Collect(maps.Keys(d.records))
	return slices.DeleteFunc(keys, func(k string) bool { return !strings.HasPrefix(k, prefix) }), ctx.Err()
}

// Close implements [kv.Driver].
func (*snapshots) Close() error { return nil }

var (
	_ kv.Driver = (*snapshots)(nil)
	_ kv.Many   = (*snapshots)(nil)
)

// mostParsed is how many accounts are remembered as they were parsed.
const mostParsed = 256

// parsed remembers what the JSON of an account says. Each state is gone on from
// several times, and each time the same accounts are read: that would be a third of
// the proof.
type parsed struct {
	mu       sync.Mutex
	accounts map[string]*recovery.Account
}

func newParsed() *parsed { return &parsed{accounts: map[string]*recovery.Account{}} }

// parse is [json.Unmarshal].
func (p *parsed) parse(data []byte, v any) error {
	a, ok := v.(*recovery.Account)
	if !ok {
		return json.Unmarshal(data, v)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.accounts[string(data)]
	if known == nil {
		known = &recovery.Account{}
		if err := json.Unmarshal(data, known); err != nil {
			return err
		}
		if len(p.accounts) >= mostParsed {
			clear(p.accounts)
		}
		p.accounts[string(data)] = known
	}
	*a = *known.Clone()
	return nil
}
