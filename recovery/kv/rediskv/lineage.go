package rediskv

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// history is the server's own name for its data: another replica that is promoted
// takes a new one, and so does a server that starts. In a Cluster each shard has
// its own, so it is asked by the script that has the key. Where the user may not
// ask for it there is none, and what a fail-over brings back is not known.
const history = `
local function history()
	local info = redis.pcall('INFO', 'replication')
	if type(info) ~= 'string' then return '' end
	return string.match(info, 'master_replid:(%w+)') or ''
end
`

//nolint:gochecknoglobals // never change; NewScript computes their hash once
var (
	lineage = redis.NewScript(history + `return history()`)

	// remove compares and deletes in one step, and reports as swap does.
	//
	//	KEYS[1] key · ARGV 1 old value, 2 lineage, 3 channel, 4 report
	remove = redis.NewScript(history + `
if redis.call('GET', KEYS[1]) ~= ARGV[1] or history() ~= ARGV[2] then return 0 end
redis.call('PUBLISH', ARGV[3], ARGV[4])
redis.call('DEL', KEYS[1])
return 1`)
)

// Lineage implements [kv.Lineage].
func (d *Driver) Lineage(ctx context.Context, key string) (string, error) {
	ctx, cancel, err := d.begin(ctx)
	if err != nil {
		return "", fmt.Errorf("redis lineage: %w", err)
	}
	defer cancel()
	name, err := lineage.Run(ctx, d.client, []string{d.prefix + key}).Text()
	if err != nil {
		return "", fmt.Errorf("redis lineage: %w", d.end(err))
	}
	return name, nil
}

// Remove implements [kv.Lineage].
func (d *Driver) Remove(ctx context.Context, key string, old []byte, lineage string) (bool, error) {
	ctx, cancel, err := d.begin(ctx)
	if err != nil {
		return false, fmt.Errorf("redis remove: %w", err)
	}
	defer cancel()
	done, err := remove.Run(ctx, d.client, []string{d.prefix + key}, old, lineage, d.channel, kv.Sum(key)).Bool()
	if err != nil || done {
		d.watch.list.Report(kv.Sum(key))
	}
	if err != nil {
		return false, fmt.Errorf("redis remove: %w", d.end(err))
	}
	return done, nil
}

var _ kv.Lineage = (*Driver)(nil)
