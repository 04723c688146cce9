package memkv

import (
	"context"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// Operations named to the hooks of [Faulty].
const (
	OpGet  = "get"
	OpSwap = "swap"
	OpKeys = "keys" // with the prefix in place of the key
)

// Faulty lets a test break a driver at a chosen call: a crash, a lost reply,
// a store that is away. A nil hook does nothing. Hooks are called from the
// goroutine of the call, so several at a time when the test makes several.
type Faulty struct {
	kv.Driver

	// Before is asked before each call. Its error is the answer, and the
	// driver is not touched.
	Before func(op, key string) error

	// After is asked after each Get and Keys that succeeded and each Swap
	// that wrote. Its error replaces the answer: what was written stays
	// written, as when the reply is lost.
	After func(op, key string) error
}

// Get implements [kv.Driver].
func (f *Faulty) Get(ctx context.Context, key string) ([]byte, error) {
	if err := ask(f.Before, OpGet, key); err != nil {
		return nil, err
	}
	value, err := f.Driver.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	if err := ask(f.After, OpGet, key); err != nil {
		return nil, err
	}
	return value, nil
}

// GetMany implements [kv.Many]: the hooks are asked for each key, one after the
// other.
func (f *Faulty) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		var err error
		if values[i], err = f.Get(ctx, key); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Swap implements [kv.Driver].
func (f *Faulty) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	if err := ask(f.Before, OpSwap, key); err != nil {
		return false, err
	}
	ok, err := f.Driver.Swap(ctx, key, old, new, ttl)
	if err != nil || !ok {
		return false, err
	}
	if err := ask(f.After, OpSwap, key); err != nil {
		return false, err
	}
	return true, nil
}

// Keys implements [kv.Driver].
func (f *Faulty) Keys(ctx context.Context, prefix string) ([]string, error) {
	if err := ask(f.Before, OpKeys, prefix); err != nil {
		return nil, err
	}
	keys, err := f.Driver.Keys(ctx, prefix)
	if err != nil {
		return nil, err
	}
	if err := ask(f.After, OpKeys, prefix); err != nil {
		return nil, err
	}
	return keys, nil
}

// Watch implements [kv.Watcher] when the driver below does. Otherwise nothing
// is ever reported, and Live says so.
func (f *Faulty) Watch(changed func(sum uint64)) (stop func()) {
	if w, ok := f.Driver.(kv.Watcher); ok {
		return w.Watch(changed)
	}
	return func() {}
}

// Live implements [kv.Watcher].
func (f *Faulty) Live() bool {
	w, ok := f.Driver.(kv.Watcher)
	return ok && w.Live()
}

func ask(hook func(op, key string) error, op, key string) error {
	if hook == nil {
		return nil
	}
	return hook(op, key)
}

var (
	_ kv.Driver  = (*Faulty)(nil)
	_ kv.Watcher = (*Faulty)(nil)
	_ kv.Many    = (*Faulty)(nil)
)
