package recoverytest

import (
	"context"
	"net/rpc"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// StoreServer serves a store another process has open. net/rpc calls its
// methods.
type StoreServer struct{ Driver kv.Driver }

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
func (s *StoreServer) Get(c Call, f *Found) error {
	v, err := s.Driver.Get(context.Background(), c.Key)
	f.Value, f.None = v, v == nil
	return err
}

// Swap is kv.Driver's.
func (s *StoreServer) Swap(c Call, done *bool) (err error) {
	*done, err = s.Driver.Swap(context.Background(), c.Key, bytesOrNil(c.Old, c.NoOld), bytesOrNil(c.New, c.NoNew), c.TTL)
	return err
}

// Keys is kv.Driver's.
func (s *StoreServer) Keys(c Call, keys *[]string) (err error) {
	*keys, err = s.Driver.Keys(context.Background(), c.Key)
	return err
}

// remoteStore is a driver over a StoreServer in another process.
type remoteStore struct{ client *rpc.Client }

// Get implements kv.Driver.
func (r remoteStore) Get(_ context.Context, key string) ([]byte, error) {
	var f Found
	err := r.client.Call("Store.Get", Call{Key: key}, &f)
	return bytesOrNil(f.Value, f.None), err
}

// Swap implements kv.Driver.
func (r remoteStore) Swap(_ context.Context, key string, old, value []byte, ttl time.Duration) (done bool, err error) {
	err = r.client.Call("Store.Swap", Call{Key: key, Old: old, New: value, NoOld: old == nil, NoNew: value == nil, TTL: ttl}, &done)
	return done, err
}

// Keys implements kv.Driver.
func (r remoteStore) Keys(_ context.Context, prefix string) (keys []string, err error) {
	err = r.client.Call("Store.Keys", Call{Key: prefix}, &keys)
	return keys, err
}

// Close implements kv.Driver.
func (r remoteStore) Close() error { return r.client.Close() }

func bytesOrNil(b []byte, none bool) []byte {
	switch {
	case none:
		return nil
	case b == nil:
		return []byte{}
	}
	return b
}
