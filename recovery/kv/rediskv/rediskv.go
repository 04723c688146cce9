// Package rediskv keeps records in Redis (7.0 or later, or Valkey), for several
// Caddys that share accounts and sessions.
//
// What Swap wrote survives what the server's own persistence survives: with
// its default snapshots, minutes may be lost in a crash of the server, with
// "appendonly yes" a second, with "appendfsync always" nothing. Open warns when
// nothing is persisted at all.
//
// Every error means "cannot tell". A key that is not there is the only thing
// reported as not found.
//
// Not promised: use of an older Redis, of a server that evicts keys (refused),
// or reading from replicas.
package rediskv

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// Defaults of [Options].
const (
	DefaultPrefix  = "sparekey:"
	DefaultTimeout = 500 * time.Millisecond
)

// Options of [Open].
type Options struct {
	// URL of the server: redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE], or
	// rediss:// for TLS. Required.
	URL string

	// Prefix of all keys and of the channel. The user of the server needs
	// rights to "~PREFIX* &PREFIX*" only. Default: [DefaultPrefix].
	Prefix string

	// Timeout of each command, connecting included. Default: [DefaultTimeout].
	Timeout time.Duration

	// Logger gets warnings about the server and the state of the watch. That
	// of the first Open in a process also gets what go-redis has to say, at
	// debug level. Default: nothing is logged.
	Logger *slog.Logger
}

// Driver is a connection to a server. Use [Open].
type Driver struct {
	client  redis.UniversalClient
	prefix  string
	channel string // of reports
	timeout time.Duration
	watch   *watch

	closed    atomic.Bool
	stopWatch context.CancelFunc
	running   sync.WaitGroup
}

// Get implements [kv.Driver].
func (d *Driver) Get(ctx context.Context, key string) ([]byte, error) {
	ctx, cancel, err := d.begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("redis get: %w", err)
	}
	defer cancel()
	value, err := d.client.Get(ctx, d.prefix+key).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("redis get: %w", d.end(err))
	}
	return []byte(value), nil // of "", too, this is not nil
}

// GetMany implements [kv.Many]: one pipeline, on a Cluster one for each shard.
func (d *Driver) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	ctx, cancel, err := d.begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("redis get: %w", err)
	}
	defer cancel()
	found, pipe := make([]*redis.StringCmd, len(keys)), d.client.Pipeline()
	for i, key := range keys {
		found[i] = pipe.Get(ctx, d.prefix+key)
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("redis get: %w", d.end(err))
	}
	values := make([][]byte, len(keys))
	for i, f := range found { // each has an error of its own
		value, err := f.Result()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("redis get: %w", d.end(err))
		}
		values[i] = []byte(value)
	}
	return values, nil
}

// swap compares and writes in one step. The report comes first: a server that
// forbids it must refuse before anything is written, and nobody can read
// between the two.
//
//	KEYS[1] key · ARGV 1 "1": there is an old value, 2 old value,
//	3 "1": there is a new value, 4 new value, 5 ttl in ms or "0",
//	6 channel, 7 report
//
//nolint:gochecknoglobals // never changes; NewScript computes its hash once
var swap = redis.NewScript(`
local now = redis.call('GET', KEYS[1])
if ARGV[1] == '1' then
	if now ~= ARGV[2] then return 0 end
elseif now then
	return 0
end
redis.call('PUBLISH', ARGV[6], ARGV[7])
if ARGV[3] ~= '1' then
	redis.call('DEL', KEYS[1])
elseif ARGV[5] == '0' then
	redis.call('SET', KEYS[1], ARGV[4])
else
	redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
end
return 1`)

// Swap implements [kv.Driver].
func (d *Driver) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	ctx, cancel, err := d.begin(ctx)
	if err != nil {
		return false, fmt.Errorf("redis swap: %w", err)
	}
	defer cancel()
	done, err := swap.Run(ctx, d.client, []string{d.prefix + key},
		old != nil, old, new != nil, new, milliseconds(ttl),
		d.channel, kv.Sum(key)).Bool()
	if err != nil || done {
		// Our own caches need not wait for the report to come back.
		d.watch.list.Report(kv.Sum(key))
	}
	if err != nil {
		return false, fmt.Errorf("redis swap: %w", d.end(err))
	}
	return done, nil
}

// milliseconds rounds up, because 0 is for ever and Redis takes no fractions.
func milliseconds(ttl time.Duration) int64 {
	if ttl == 0 {
		return 0
	}
	return max(1, int64((ttl-1)/time.Millisecond)+1)
}

// Keys implements [kv.Driver]. It scans the whole database.
func (d *Driver) Keys(ctx context.Context, prefix string) ([]string, error) {
	const atOnce = 1000
	found := make(map[string]struct{}) // a scan may show a key twice
	for cursor, first := uint64(0), true; first || cursor != 0; first = false {
		keys, next, err := d.scan(ctx, cursor, pattern(d.prefix+prefix), atOnce)
		if err != nil {
			return nil, fmt.Errorf("redis scan: %w", err)
		}
		for _, key := range keys {
			found[strings.TrimPrefix(key, d.prefix)] = struct{}{}
		}
		cursor = next
	}
	keys := make([]string, 0, len(found))
	for key := range found {
		keys = append(keys, key)
	}
	return keys, nil
}

func (d *Driver) scan(ctx context.Context, cursor uint64, match string, count int64) ([]string, uint64, error) {
	ctx, cancel, err := d.begin(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer cancel()
	keys, next, err := d.client.Scan(ctx, cursor, match, count).Result()
	if err != nil {
		return nil, 0, d.end(err)
	}
	return keys, next, nil
}

// pattern matches what begins with prefix, whatever is in it.
func pattern(prefix string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(prefix) + "*"
}

// Close implements [kv.Driver]. Calls that are running get an error.
func (d *Driver) Close() error {
	if d.closed.Swap(true) {
		return nil
	}
	d.stopWatch()
	err := d.client.Close()
	d.running.Wait()
	if err != nil {
		return fmt.Errorf("close redis client: %w", err)
	}
	return nil
}

// Watch implements [kv.Watcher]. A change is reported by the server, so also
// to the driver that made it.
func (d *Driver) Watch(changed func(sum uint64)) (stop func()) {
	return d.watch.list.Add(changed)
}

// Live implements [kv.Watcher]. It is true for at most 1.5 s after the last
// proof that reports arrive, and costs one atomic load and one look at the
// clock.
func (d *Driver) Live() bool {
	return d.watch.live()
}

// begin refuses what cannot succeed and sets the deadline of one command.
func (d *Driver) begin(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if d.closed.Load() {
		return nil, nil, kv.ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	return ctx, cancel, nil
}

// end translates an error of the client.
func (d *Driver) end(err error) error {
	if errors.Is(err, redis.ErrClosed) {
		return kv.ErrClosed
	}
	return away(err)
}

var (
	_ kv.Driver  = (*Driver)(nil)
	_ kv.Watcher = (*Driver)(nil)
	_ kv.Many    = (*Driver)(nil)
)
