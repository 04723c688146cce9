package kvtest

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

func testWatch(t *testing.T, d kv.Driver) {
	hearAll(t, d, d)
	hearNothingAfterStop(t, d)
}

// hearAll checks that listener reports what writer writes.
func hearAll(t *testing.T, listener, writer kv.Driver) {
	t.Helper()
	w, ok := listener.(kv.Watcher)
	if !ok {
		return // optional; a driver that means to offer it says so with a guard
	}
	heard := make(chan uint64, 64)
	stop := w.Watch(func(sum uint64) { heard <- sum })
	defer stop()
	WaitLive(t, listener, true, 3*time.Second)

	steps := []struct {
		name     string
		old, new []byte
	}{
		{"create", nil, []byte("1")},
		{"replace", []byte("1"), []byte("2")},
		{"delete", []byte("2"), nil},
	}
	for _, s := range steps {
		mustSwap(t, writer, "watched", s.old, s.new)
		if !hears(heard, kv.Sum("watched"), time.Second) {
			t.Errorf("%s: not reported within 1 s", s.name)
		}
	}
	if !w.Live() {
		t.Error("Live: got false, want true")
	}
}

func hearNothingAfterStop(t *testing.T, d kv.Driver) {
	t.Helper()
	w, ok := d.(kv.Watcher)
	if !ok {
		return
	}
	stopped, running := make(chan uint64, 64), make(chan uint64, 64)
	stop := w.Watch(func(sum uint64) { stopped <- sum })
	defer w.Watch(func(sum uint64) { running <- sum })()
	stop()
	stop()
	mustSwap(t, d, "after stop", nil, []byte("1"))
	if !hears(running, kv.Sum("after stop"), time.Second) {
		t.Error("the other watcher: not reported within 1 s")
	}
	if hears(stopped, kv.Sum("after stop"), 20*time.Millisecond) {
		t.Error("reported after stop")
	}
}

// hears tells whether sum arrives within the given time.
func hears(heard <-chan uint64, sum uint64, within time.Duration) bool {
	limit := time.After(within)
	for {
		select {
		case got := <-heard:
			if got == sum {
				return true
			}
		case <-limit:
			return false
		}
	}
}

// WaitLive waits until Live of d is want and fails the test when that takes
// longer than limit.
func WaitLive(t testing.TB, d kv.Driver, want bool, limit time.Duration) {
	t.Helper()
	w, ok := d.(kv.Watcher)
	if !ok {
		t.Fatalf("%T is no kv.Watcher", d)
	}
	for start := time.Now(); w.Live() != want; time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > limit {
			t.Fatalf("Live after %v: got %v, want %v", limit, !want, want)
		}
	}
}
