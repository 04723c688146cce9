package boltkv_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/boltkv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
)

func open(t *testing.T, path string, o boltkv.Options) *boltkv.Driver {
	t.Helper()
	d, err := boltkv.Open(path, o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return d
}

func tempPath(t *testing.T) string { return filepath.Join(t.TempDir(), "sparekey.db") }

func put(t *testing.T, d kv.Driver, key, value string, ttl time.Duration) {
	t.Helper()
	if ok, err := d.Swap(t.Context(), key, nil, []byte(value), ttl); err != nil || !ok {
		t.Fatalf("Swap(%q): got %v, %v, want true", key, ok, err)
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	kvtest.Run(t, func(t *testing.T) kv.Driver { return open(t, tempPath(t), boltkv.Options{}) })
}

func TestReopen(t *testing.T) {
	path := tempPath(t)
	kvtest.RunReopen(t, func(t *testing.T) kv.Driver { return open(t, path, boltkv.Options{}) })
}

func TestCreatesPrivateFolderAndFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "sparekey.db")
	open(t, path, boltkv.Options{})
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want && runtime.GOOS != "windows" {
			t.Errorf("mode of %s: got %#o, want %#o", name, got, want)
		}
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("folder: got %v, %v, want the store only", left, err)
	}
}

func TestFirstStartOfMany(t *testing.T) {
	t.Parallel()
	path := tempPath(t)
	const many = 8
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			d, err := boltkv.Open(path, boltkv.Options{})
			for errors.Is(err, boltkv.ErrInUse) {
				d, err = boltkv.Open(path, boltkv.Options{})
			}
			if err != nil {
				t.Errorf("Open: %v", err)
				return
			}
			put(t, d, fmt.Sprint(i), "x", 0)
			if err := d.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
	wg.Wait()
	keys, err := open(t, path, boltkv.Options{}).Keys(t.Context(), "")
	if err != nil || len(keys) != many {
		t.Errorf("Keys: got %q, %v, want %d: one start replaced the store of another", keys, err, many)
	}
}

func TestStatsCountsTransactions(t *testing.T) {
	d := open(t, tempPath(t), boltkv.Options{SweepEvery: time.Millisecond})
	put(t, d, "k", "1", 0)
	for range 3 {
		if _, err := d.Get(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Keys(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond) // the sweeper runs and is not counted
	if reads, writes := d.Stats(); reads != 4 || writes != 1 {
		t.Errorf("got %d reads, %d writes, want 4, 1", reads, writes)
	}
}

func TestSweeper(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	now.Store(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).Unix())
	d := open(t, tempPath(t), boltkv.Options{
		Now:        func() time.Time { return time.Unix(now.Load(), 0) },
		SweepEvery: 5 * time.Millisecond,
	})
	put(t, d, "account", "for ever", 0)
	put(t, d, "session", "a day", 24*time.Hour)
	put(t, d, "century", "longest", 1<<63-1)
	for i := range 450 { // more than are deleted in one go
		put(t, d, fmt.Sprintf("ticket/%d", i), "x", time.Minute)
	}
	time.Sleep(20 * time.Millisecond)
	wantCount(t, d, 453)

	now.Add(61)
	wantCount(t, d, 3)
	now.Add(24 * 3600)
	wantCount(t, d, 2)
	if got, err := d.Get(t.Context(), "account"); err != nil || string(got) != "for ever" {
		t.Errorf("Get: got %q, %v, want %q", got, err, "for ever")
	}
}

// TestSweeperLooksAgain: a record is replaced between the look that found it
// expired and its deletion.
func TestSweeperLooksAgain(t *testing.T) {
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	var d *boltkv.Driver
	ready, done := make(chan struct{}), make(chan struct{})
	calls := 0 // all made by Swap below or, later, by the sweeper
	d = open(t, tempPath(t), boltkv.Options{SweepEvery: 3 * time.Millisecond, Now: func() time.Time {
		select {
		case <-ready:
		default:
			return start
		}
		switch calls++; calls {
		case 2: // about to delete what the first call has made expired
			if ok, err := d.Swap(t.Context(), "k", []byte("old"), []byte("new"), 0); err != nil || !ok {
				t.Errorf("Swap: got %v, %v, want true", ok, err)
			}
		case 3:
			close(done)
		}
		return start.Add(time.Hour)
	}})
	put(t, d, "k", "old", time.Minute)
	close(ready)
	<-done
	if got, err := d.Get(t.Context(), "k"); err != nil || string(got) != "new" {
		t.Errorf("Get: got %q, %v, want %q", got, err, "new")
	}
}

// wantCount waits until the sweeper has left want records.
func wantCount(t *testing.T, d kv.Driver, want int) {
	t.Helper()
	var keys []string
	for start := time.Now(); time.Since(start) < 5*time.Second; time.Sleep(5 * time.Millisecond) {
		var err error
		if keys, err = d.Keys(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		if len(keys) == want {
			return
		}
	}
	t.Fatalf("records: got %d, want %d", len(keys), want)
}

func TestCloseAmidWrites(t *testing.T) {
	path := tempPath(t)
	d := open(t, path, boltkv.Options{})
	var written atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := 0; ; n++ {
				ok, err := d.Swap(t.Context(), fmt.Sprintf("%d/%d", i, n), nil, []byte("x"), 0)
				if err != nil {
					if !errors.Is(err, kv.ErrClosed) {
						t.Errorf("Swap: got %v, want %v", err, kv.ErrClosed)
					}
					return
				}
				if ok {
					written.Add(1)
				}
			}
		})
	}
	time.Sleep(30 * time.Millisecond)
	if err := d.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	wg.Wait()
	keys, err := open(t, path, boltkv.Options{}).Keys(t.Context(), "")
	if err != nil || int64(len(keys)) != written.Load() || len(keys) == 0 {
		t.Errorf("got %d records, %v, want %d", len(keys), err, written.Load())
	}
}

func TestWaitingWriterHeedsItsDeadline(t *testing.T) {
	release, entered := make(chan struct{}), make(chan struct{})
	var once sync.Once
	d := open(t, tempPath(t), boltkv.Options{Now: func() time.Time {
		once.Do(func() { close(entered); <-release }) // within the transaction
		return time.Now()
	}})
	done := make(chan struct{})
	go func() {
		defer close(done)
		put(t, d, "a", "x", time.Hour)
	}()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if ok, err := d.Swap(ctx, "b", nil, []byte("x"), 0); ok || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Swap: got %v, %v, want the deadline", ok, err)
	}
	close(release)
	<-done
}

func BenchmarkLive(b *testing.B) {
	d, err := boltkv.Open(filepath.Join(b.TempDir(), "sparekey.db"), boltkv.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	b.ReportAllocs()
	for b.Loop() {
		if !d.Live() {
			b.Fatal("not live")
		}
	}
}
