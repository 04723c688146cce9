// Package kv is the whole of what Sparekey asks of a database: read one
// record, replace one record if it is still the one that was read.
//
// A [Driver] is four methods on raw bytes and knows nothing of accounts,
// expiry or sealing. [Store] puts those on top, once for all drivers.
//
// Not promised: transactions over several records, order between records,
// scans on a request path, or that an expired record is gone from the disk.
package kv

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"
)

// ErrClosed is what a [Driver] answers after Close.
var ErrClosed = errors.New("kv: the store is closed")

// ErrAway is what an error of opening a store wraps, or of a [Driver], when the
// same may work later with nothing changed: the server is not there yet, or is
// loading. Any other error of opening one needs somebody first.
var ErrAway = errors.New("kv: the store is away")

// Driver keeps raw records. It must be safe for use by many goroutines.
//
// An error always means "cannot tell" (unreachable, damaged, closed, deadline
// passed); a caller denies on it. "Not found" is never an error.
type Driver interface {
	// Get returns the bytes of key, or nil when there is no such record.
	// A record whose ttl has passed may still be returned.
	Get(ctx context.Context, key string) ([]byte, error)

	// Swap writes new under key if the record still is old, byte for byte,
	// and tells whether it did. A nil old means "there must be no record",
	// a nil new deletes. ttl frees space some time after it has passed (zero:
	// never); it is not what makes a record invalid. When Swap returns true
	// the change survives a crash of this process and of the machine as far
	// as the driver's own documentation says. An error leaves open whether
	// the write happened: read again to find out.
	Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error)

	// Keys lists the keys that begin with prefix, in no particular order.
	// It may scan everything: for backup, doctor and tests only.
	Keys(ctx context.Context, prefix string) ([]string, error)

	// Close releases the driver. Calls after it return [ErrClosed], but a
	// further Close returns nil.
	Close() error
}

// Watcher is offered by drivers that report changes, also those made by other
// processes. Without it nothing may be cached.
type Watcher interface {
	// Watch calls changed with the [Sum] of each key some time after it was
	// written (deleted, replaced, created), and with 0 when reports may have
	// been lost: forget everything then. changed must be quick and must not
	// call the driver. stop ends the calls; it may be called twice.
	Watch(changed func(sum uint64)) (stop func())

	// Live tells whether every change acknowledged until a moment ago has
	// been or will be reported. While it is false, read the driver.
	Live() bool
}

// Sum is the short name under which changes of key are reported: the first
// eight bytes of its SHA-256, never 0.
func Sum(key string) uint64 {
	h := sha256.Sum256([]byte(key))
	if n := binary.BigEndian.Uint64(h[:8]); n != 0 {
		return n
	}
	return 1
}
