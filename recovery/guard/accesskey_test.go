package guard_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// counted is a store that counts what is read.
type counted struct {
	kv.Driver
	reads atomic.Int64
}

func (d *counted) Get(ctx context.Context, key string) ([]byte, error) {
	d.reads.Add(1)
	return d.Driver.Get(ctx, key)
}

// Watch and Live implement kv.Watcher.
func (d *counted) Watch(report func(uint64)) func() { return d.Driver.(kv.Watcher).Watch(report) }
func (d *counted) Live() bool                       { return d.Driver.(kv.Watcher).Live() }

// TestAccessKeysAreReadOnce, and revoked at once: as a session is.
func TestAccessKeysAreReadOnce(t *testing.T) {
	store := &counted{Driver: memkv.New()}
	w := recoverytest.New(t, recoverytest.WithDriver(store))
	w.Setup(recoverytest.Alice())
	a, err := w.Engine.Find(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	key, kept, err := w.Engine.AddKey(t.Context(), a.ID, recovery.AccessKey{Name: "backup", Paths: []string{"/api/*"}})
	if err != nil {
		t.Fatal(err)
	}
	q := guard.Question{Key: key, Rules: &guard.Rules{Keys: []string{"/api/*"}, Factors: 2, Fresh: time.Minute}, Paths: []string{"/api/x"}}
	first := w.Guard.Check(t.Context(), q)
	if !first.OK() || first.Identity.User != "alice" {
		t.Fatalf("got reason %d, want the key to open", first.Reason)
	}
	first.Touch()
	w.Guard.Check(t.Context(), q) // the day of its use was written
	before := store.reads.Load()
	for range 1000 {
		if d := w.Guard.Check(t.Context(), q); !d.OK() || d.Due() {
			t.Fatal("got it refused, or its use to be written again")
		}
	}
	if n := store.reads.Load() - before; n != 0 {
		t.Errorf("got %d reads for a key that is known, want none", n)
	}
	if n := testing.AllocsPerRun(100, func() { w.Guard.Check(t.Context(), q) }); n > maxCheckAllocs {
		t.Errorf("got %v allocations, want at most %d", n, maxCheckAllocs)
	}
	other := q
	other.Rules = new(guard.Rules)
	if d := w.Guard.Again(first, other); d.OK() || d.Reason != guard.DeniedKey {
		t.Errorf("a gate further in that takes no keys: got reason %d, want it refused", d.Reason)
	}
	if _, err := w.Node().Engine.RevokeKey(t.Context(), a.ID, kept.ID); err != nil {
		t.Fatal(err)
	}
	if d := w.Guard.Check(t.Context(), q); d.OK() || d.Reason != guard.DeniedKey {
		t.Errorf("revoked elsewhere: got reason %d, want it refused", d.Reason)
	}
}
