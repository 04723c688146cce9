//go:build unix

package rediskv_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/kv/rediskv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, o rediskv.Options) *rediskv.Driver {
	t.Helper()
	d, err := rediskv.Open(t.Context(), o)
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

func put(t *testing.T, d kv.Driver, key, value string) {
	t.Helper()
	if ok, err := d.Swap(t.Context(), key, nil, []byte(value), 0); err != nil || !ok {
		t.Fatalf("Swap(%q): got %v, %v, want true", key, ok, err)
	}
}

// do sends a command that must succeed.
func do(t *testing.T, server *kvtest.Redis, args ...string) string {
	t.Helper()
	answer, err := server.Do(args...)
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return answer
}

func TestContract(t *testing.T) {
	t.Parallel()
	server := kvtest.StartRedis(t)
	var n int
	// A prefix with what a pattern would take as special.
	prefix := func() string { n++; return fmt.Sprintf("spare[k]*\\%d:", n) }
	kvtest.Run(t, func(t *testing.T) kv.Driver {
		return open(t, rediskv.Options{URL: server.URL(), Prefix: prefix()})
	})
	t.Run("shared", func(t *testing.T) {
		kvtest.RunShared(t, func(t *testing.T) (a, b kv.Driver) {
			o := rediskv.Options{URL: server.URL(), Prefix: prefix()}
			return open(t, o), open(t, o)
		})
	})
	t.Run("reopen", func(t *testing.T) {
		o := rediskv.Options{URL: server.URL(), Prefix: prefix()}
		kvtest.RunReopen(t, func(t *testing.T) kv.Driver { return open(t, o) })
	})
}

func TestWhatIsInRedis(t *testing.T) {
	t.Parallel()
	server := kvtest.StartRedis(t)
	d := open(t, rediskv.Options{URL: server.URL()})
	tests := []struct {
		key     string
		ttl     time.Duration
		wantTTL string // of PTTL, its beginning
	}{
		{"for ever", 0, "-1"},
		{"a day", 24 * time.Hour, "86"},
		{"more than a century", 1<<63 - 1, "9223"},
	}
	for _, tt := range tests {
		if ok, err := d.Swap(t.Context(), tt.key, nil, []byte("x"), tt.ttl); !ok || err != nil {
			t.Fatalf("Swap(%q): got %v, %v, want true", tt.key, ok, err)
		}
		if got := do(t, server, "GET", "sparekey:"+tt.key); got != "x" {
			t.Errorf("%q: got %q, want %q", tt.key, got, "x")
		}
		if got := do(t, server, "PTTL", "sparekey:"+tt.key); !strings.HasPrefix(got, tt.wantTTL) {
			t.Errorf("ttl of %q: got %s, want %s…", tt.key, got, tt.wantTTL)
		}
	}
	if ok, err := d.Swap(t.Context(), "soon", nil, []byte("x"), time.Nanosecond); !ok || err != nil {
		t.Fatalf("Swap: got %v, %v, want true", ok, err)
	}
	time.Sleep(20 * time.Millisecond)
	if got := do(t, server, "EXISTS", "sparekey:soon"); got != "0" {
		t.Errorf("EXISTS after the ttl: got %s, want 0", got)
	}
}

func TestSwapIsOneCommand(t *testing.T) {
	t.Parallel()
	server := kvtest.StartRedis(t)
	d := open(t, rediskv.Options{URL: server.URL()})
	put(t, d, "first", "loads the script")
	do(t, server, "CONFIG", "RESETSTAT")
	for i := range 10 {
		put(t, d, fmt.Sprint(i), "x")
	}
	if stats := server.CommandStats(t); stats["evalsha"] != 10 || stats["eval"] != 0 {
		t.Errorf("got %d evalsha, %d eval, want 10, 0", stats["evalsha"], stats["eval"])
	}
}

// TestIdleWatch: the watch costs two commands a second and no read.
func TestIdleWatch(t *testing.T) {
	t.Parallel()
	server := kvtest.StartRedis(t)
	d := open(t, rediskv.Options{URL: server.URL()})
	kvtest.WaitLive(t, d, true, 3*time.Second)
	do(t, server, "CONFIG", "RESETSTAT")
	for start := time.Now(); time.Since(start) < 1100*time.Millisecond; {
		for range 1000 {
			if !d.Live() {
				t.Fatal("Live: got false, want true")
			}
		}
	}
	stats := server.CommandStats(t)
	delete(stats, "config|resetstat")
	if got := stats["publish"]; got < 1 || got > 3 {
		t.Errorf("heartbeats in 1.1 s: got %d, want 2 or 3", got)
	}
	delete(stats, "publish")
	if len(stats) != 0 {
		t.Errorf("other commands: got %v, want none", stats)
	}
}

func TestLiveDoesNotAllocate(t *testing.T) {
	server := kvtest.StartRedis(t)
	d := open(t, rediskv.Options{URL: server.URL()})
	if got := testing.AllocsPerRun(1000, func() { d.Live() }); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func BenchmarkLive(b *testing.B) {
	server := kvtest.StartRedis(b)
	d := open(b, rediskv.Options{URL: server.URL()})
	kvtest.WaitLive(b, d, true, 3*time.Second)
	b.ReportAllocs()
	for b.Loop() {
		d.Live()
	}
}
