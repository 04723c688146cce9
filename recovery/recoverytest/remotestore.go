package recoverytest

import (
	"context"
	"net/rpc"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// LentStore serves a store another process has open. net/rpc calls its
// methods.
type LentStore struct{ Driver kv.Driver }

// Call is what a driver is asked.
type Call struct {
	Key      string
	Old, New []byte
	NoOld    bool // gob does not tell nil from empty
	NoNew    bool
	TTL      time.Duration
}

// Found is a record, or none.
type Found struct {
	Value []byte
	None  bool
}

// Get is kv.Driver's.
func (l *LentStore) Get(c Call, f *Found) error {
	v, err := l.Driver.Get(context.Background(), c.Key)
	f.Value, f.None = v, v == nil
	return err
}

// Swap is kv.Driver's.
func (l *LentStore) Swap(c Call, done *bool) (err error) {
	*done, err = l.Driver.Swap(context.Background(), c.Key, bytesOrNil(c.Old, c.NoOld), bytesOrNil(c.New, c.NoNew), c.TTL)
	return err
}

// Keys is kv.Driver's.
func (l *LentStore) Keys(c Call, keys *[]string) (err error) {
	*keys, err = l.Driver.Keys(context.Background(), c.Key)
	return err
}

// borrowed is a driver over a LentStore.
type borrowed struct{ client *rpc.Client }

// Get implements kv.Driver.
func (b borrowed) Get(_ context.Context, key string) ([]byte, error) {
	var f Found
	err := b.client.Call("Store.Get", Call{Key: key}, &f)
	return bytesOrNil(f.Value, f.None), err
}

// Swap implements kv.Driver.
func (b borrowed) Swap(_ context.Context, key string, old, value []byte, ttl time.Duration) (done bool, err error) {
	err = b.client.Call("Store.Swap", Call{Key: key, Old: old, New: value, NoOld: old == nil, NoNew: value == nil, TTL: ttl}, &done)
	return done, err
}

// Keys implements kv.Driver.
func (b borrowed) Keys(_ context.Context, prefix string) (keys []string, err error) {
	err = b.client.Call("Store.Keys", Call{Key: prefix}, &keys)
	return keys, err
}

// Close implements kv.Driver.
func (b borrowed) Close() error { return b.client.Close() }

func bytesOrNil(b []byte, none bool) []byte {
	switch {
	case none:
		return nil
	case b == nil:
		return []byte{}
	}
	return b
}
