//go:build unix

package rediskv_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/kv/rediskv"
)

// TestServerRefuses: answers of a server that is there but cannot write.
func TestServerRefuses(t *testing.T) {
	t.Parallel()
	server := kvtest.StartRedis(t)
	d := open(t, rediskv.Options{URL: server.URL()})
	put(t, d, "k", "1")
	tests := []struct {
		name       string
		begin, end []string
		want       string
	}{
		{"read-only replica", []string{"REPLICAOF", "127.0.0.1", "1"}, []string{"REPLICAOF", "NO", "ONE"}, "READONLY"},
		{"out of memory", []string{"CONFIG", "SET", "maxmemory", "1"}, []string{"CONFIG", "SET", "maxmemory", "0"}, "OOM"},
		{"wrong type", []string{"HSET", "sparekey:new", "f", "v"}, []string{"DEL", "sparekey:new"}, "WRONGTYPE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			do(t, server, tt.begin...)
			ok, err := d.Swap(t.Context(), "new", nil, []byte("x"), 0)
			if ok || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Swap: got %v, %v, want error %s", ok, err, tt.want)
			}
			do(t, server, tt.end...)
			if got, err := d.Get(t.Context(), "new"); got != nil || err != nil {
				t.Errorf("Get: got %q, %v, want no record", got, err)
			}
			if got, err := d.Get(t.Context(), "k"); string(got) != "1" || err != nil {
				t.Errorf("Get: got %q, %v, want %q", got, err, "1")
			}
		})
	}
}

// wantCannotTell checks that a call ends in time, with an error.
func wantCannotTell(t *testing.T, d kv.Driver, limit time.Duration) {
	t.Helper()
	calls := []struct {
		name string
		call func() (found bool, err error)
	}{
		{"Get", func() (bool, error) { v, err := d.Get(t.Context(), "k"); return v != nil, err }},
		{"Swap", func() (bool, error) { return d.Swap(t.Context(), "k", []byte("1"), []byte("2"), 0) }},
		{"Keys", func() (bool, error) { v, err := d.Keys(t.Context(), ""); return v != nil, err }},
	}
	for _, c := range calls {
		start := time.Now()
		found, err := c.call()
		if found || err == nil {
			t.Errorf("%s: got %v, %v, want an error", c.name, found, err)
		}
		if took := time.Since(start); took > limit {
			t.Errorf("%s: answered after %v, want %v at most", c.name, took, limit)
		}
	}
}

func TestStoppedServer(t *testing.T) {
	t.Parallel()
	server := kvtest.StartRedis(t, "--appendonly", "yes")
	d := open(t, rediskv.Options{URL: server.URL()})
	put(t, d, "k", "1")
	kvtest.WaitLive(t, d, true, 3*time.Second)
	var lost atomic.Int64
	defer d.Watch(func(sum uint64) {
		if sum == 0 {
			lost.Add(1)
		}
	})()

	server.Stop()
	wantCannotTell(t, d, time.Second)
	kvtest.WaitLive(t, d, false, 2*time.Second)
	waitAtLeast(t, &lost, 1)

	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	kvtest.WaitLive(t, d, true, 3*time.Second)
	waitAtLeast(t, &lost, 2) // before it is live again
	if got, err := d.Get(t.Context(), "k"); string(got) != "1" || err != nil {
		t.Errorf("Get after the restart: got %q, %v, want %q", got, err, "1")
	}
	put(t, d, "after the restart", "x") // the server has forgotten the script
}

func TestPausedServer(t *testing.T) {
	t.Parallel()
	server := kvtest.StartRedis(t)
	d := open(t, rediskv.Options{URL: server.URL()})
	put(t, d, "k", "1")
	kvtest.WaitLive(t, d, true, 3*time.Second)
	var lost atomic.Int64
	defer d.Watch(func(sum uint64) {
		if sum == 0 {
			lost.Add(1)
		}
	})()

	server.Pause()
	paused := time.Now()
	wantCannotTell(t, d, time.Second)
	kvtest.WaitLive(t, d, false, 2*time.Second)
	if took := time.Since(paused); took > 1900*time.Millisecond {
		t.Errorf("not live after %v, want the lease of 1.5 s", took)
	}
	server.Resume()
	kvtest.WaitLive(t, d, true, 3*time.Second)
	waitAtLeast(t, &lost, 1)
}

func TestKilledConnection(t *testing.T) {
	t.Parallel()
	server := kvtest.StartRedis(t)
	d := open(t, rediskv.Options{URL: server.URL()})
	kvtest.WaitLive(t, d, true, 3*time.Second)
	heard := make(chan uint64, 1000)
	defer d.Watch(func(sum uint64) { heard <- sum })()

	do(t, server, "CLIENT", "KILL", "TYPE", "pubsub")
	for _, when := range []string{"at the loss", "when reports arrive again"} {
		select {
		case got := <-heard:
			if got != 0 {
				t.Errorf("%s: got report %d, want 0", when, got)
			}
		case <-time.After(time.Second):
			t.Errorf("%s: no report within 1 s, want 0", when)
		}
	}
	kvtest.WaitLive(t, d, true, 3*time.Second)

	do(t, server, "CLIENT", "KILL", "TYPE", "normal")
	put(t, d, "k", "1") // on a new connection, at the first attempt
	for limit := time.After(time.Second); ; {
		select {
		case got := <-heard:
			if got == kv.Sum("k") {
				return
			}
		case <-limit:
			t.Fatal("the write is not reported within 1 s")
		}
	}
}

// TestOwnHeartbeatCounts: that others' reports arrive is no proof that ours do.
func TestOwnHeartbeatCounts(t *testing.T) {
	t.Parallel()
	server := kvtest.StartRedis(t)
	do(t, server, "ACL", "SETUSER", "mute", "on", "nopass", "~*", "&*", "+@all")
	d := open(t, rediskv.Options{URL: as(server, "mute:x")})
	open(t, rediskv.Options{URL: server.URL()}) // keeps the subscription busy
	kvtest.WaitLive(t, d, true, 3*time.Second)
	do(t, server, "ACL", "SETUSER", "mute", "-publish")
	kvtest.WaitLive(t, d, false, 2*time.Second)
	do(t, server, "ACL", "SETUSER", "mute", "+publish")
	kvtest.WaitLive(t, d, true, time.Second)
}

// TestForeignMessage: who may publish on our channel can only make us forget.
func TestForeignMessage(t *testing.T) {
	t.Parallel()
	server := kvtest.StartRedis(t)
	d := open(t, rediskv.Options{URL: server.URL()})
	kvtest.WaitLive(t, d, true, 3*time.Second)
	heard := make(chan uint64, 1000)
	defer d.Watch(func(sum uint64) { heard <- sum })()
	messages := []string{"beat other 1", "nonsense", "-1", "7"}
	for _, m := range messages {
		do(t, server, "PUBLISH", "sparekey:changes", m)
	}
	for _, want := range []uint64{0, 0, 7} { // nothing for the heartbeat
		select {
		case got := <-heard:
			if got != want {
				t.Errorf("got report %d, want %d", got, want)
			}
		case <-time.After(time.Second):
			t.Fatalf("no report within 1 s, want %d", want)
		}
	}
}

func TestCloseWhileServerIsPaused(t *testing.T) {
	t.Parallel()
	server := kvtest.StartRedis(t)
	d := open(t, rediskv.Options{URL: server.URL()})
	kvtest.WaitLive(t, d, true, 3*time.Second)
	server.Pause()
	start := time.Now()
	if err := d.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("Close took %v, want 2 s at most", took)
	}
	if d.Live() {
		t.Error("Live: got true, want false")
	}
}

func waitAtLeast(t *testing.T, n *atomic.Int64, want int64) {
	t.Helper()
	for start := time.Now(); n.Load() < want; time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > 3*time.Second {
			t.Fatalf("losses reported: got %d, want %d", n.Load(), want)
		}
	}
}

// A panic in who listens costs the subscription, which comes back: without it
// every request would ask Redis.
func TestAPanicEndsNoReports(t *testing.T) {
	t.Parallel()
	server := kvtest.StartRedis(t)
	d := open(t, rediskv.Options{URL: server.URL()})
	elsewhere := open(t, rediskv.Options{URL: server.URL()})
	kvtest.WaitLive(t, d, true, 3*time.Second)
	var panicked atomic.Bool
	reported := make(chan uint64, 100)
	defer d.Watch(func(sum uint64) {
		if sum == kv.Sum("first") && panicked.CompareAndSwap(false, true) {
			panic("lost")
		}
		reported <- sum
	})()
	put(t, elsewhere, "first", "1")
	for sum := uint64(1); sum != 0; sum = <-reported { // all is unknown: the subscription has ended
	}
	kvtest.WaitLive(t, d, true, 3*time.Second)
	put(t, elsewhere, "second", "1")
	for sum := uint64(0); sum != kv.Sum("second"); sum = <-reported {
	}
	if !panicked.Load() {
		t.Error("nothing has panicked")
	}
}
