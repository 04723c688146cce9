// Package kvtest is the contract of kv.Driver as tests: every driver passes
// all of it, none may leave a part out.
package kvtest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// Run checks that a driver keeps the contract of [kv.Driver] and, where it
// offers it, of [kv.Watcher]. open returns a driver without records and
// registers its own clean-up, which must bear that the driver is closed
// already.
func Run(t *testing.T, open func(t *testing.T) kv.Driver) {
	checks := []struct {
		name string
		run  func(t *testing.T, d kv.Driver)
	}{
		{"create, replace, delete", testLifecycle},
		{"nil is not empty", testEmpty},
		{"a wrong old value is refused", testWrongOld},
		{"what is returned is a copy", testCopies},
		{"any bytes", testBinary},
		{"64 KiB", testLarge},
		{"ttl", testTTL},
		{"keys by prefix", testKeys},
		{"several at once", testMany},
		{"a record is taken once", testTake},
		{"a record is created once", testCreate},
		{"counting loses nothing", testCount},
		{"cancelled", testCancelled},
		{"closed", testClosed},
		{"watch", testWatch},
		{"model", testModel},
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// RunReopen checks that records survive Close. open opens the same place each
// time.
func RunReopen(t *testing.T, open func(t *testing.T) kv.Driver) {
	want := map[string][]byte{"account/1": []byte("one"), "account/\x00\xff": {}, "big": bytes.Repeat([]byte("x"), 64<<10)}
	d := open(t)
	for key, value := range want {
		mustSwap(t, d, key, nil, value)
	}
	mustSwap(t, d, "gone", nil, []byte("x"))
	mustSwap(t, d, "gone", []byte("x"), nil)

	for range 3 {
		if err := d.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		d = open(t)
		for key, value := range want {
			wantValue(t, d, key, value)
		}
		wantValue(t, d, "gone", nil)
		wantKeys(t, d, "", "account/1", "account/\x00\xff", "big")
	}
}

// RunShared checks two drivers on the same records, as two processes have
// them. open returns them without records and registers the clean-up of both.
func RunShared(t *testing.T, open func(t *testing.T) (a, b kv.Driver)) {
	t.Run("each sees the other's writes", func(t *testing.T) {
		a, b := open(t)
		mustSwap(t, a, "k", nil, []byte("1"))
		wantValue(t, b, "k", []byte("1"))
		mustSwap(t, b, "k", []byte("1"), []byte("2"))
		wantSwap(t, a, "k", []byte("1"), []byte("3"), false)
		wantValue(t, a, "k", []byte("2"))
	})
	t.Run("a record is taken once", func(t *testing.T) {
		a, b := open(t)
		takeOnce(t, a, b)
	})
	t.Run("each hears of the other's writes", func(t *testing.T) {
		a, b := open(t)
		hearAll(t, b, a)
	})
}

func testLifecycle(t *testing.T, d kv.Driver) {
	wantValue(t, d, "k", nil)
	wantSwap(t, d, "k", nil, []byte("1"), true)
	wantValue(t, d, "k", []byte("1"))
	wantSwap(t, d, "k", []byte("1"), []byte("2"), true)
	wantValue(t, d, "k", []byte("2"))
	wantSwap(t, d, "k", []byte("2"), []byte("2"), true)
	wantSwap(t, d, "k", []byte("2"), nil, true)
	wantValue(t, d, "k", nil)
	wantSwap(t, d, "k", nil, []byte("3"), true)
	wantValue(t, d, "k", []byte("3"))
}

func testEmpty(t *testing.T, d kv.Driver) {
	wantSwap(t, d, "k", []byte{}, []byte("1"), false)
	wantSwap(t, d, "k", []byte{}, nil, false)
	wantSwap(t, d, "k", nil, []byte{}, true)
	wantValue(t, d, "k", []byte{})
	wantSwap(t, d, "k", nil, []byte("1"), false)
	wantValue(t, d, "k", []byte{})
	wantKeys(t, d, "", "k")
	wantSwap(t, d, "k", []byte{}, []byte("1"), true)
	wantSwap(t, d, "k", []byte("1"), []byte{}, true)
	wantSwap(t, d, "k", []byte{}, nil, true)
	wantValue(t, d, "k", nil)
}

func testWrongOld(t *testing.T, d kv.Driver) {
	wantSwap(t, d, "none", nil, nil, true)
	wantSwap(t, d, "none", []byte("x"), []byte("y"), false)
	wantSwap(t, d, "none", []byte("x"), nil, false)
	wantValue(t, d, "none", nil)

	mustSwap(t, d, "k", nil, []byte("value"))
	wrong := [][]byte{nil, {}, []byte("valu"), []byte("value\x00"), []byte("Value"), []byte("valuf")}
	for _, old := range wrong {
		wantSwap(t, d, "k", old, []byte("new"), false)
		wantSwap(t, d, "k", old, nil, false)
	}
	wantValue(t, d, "k", []byte("value"))
}

func testCopies(t *testing.T, d kv.Driver) {
	value := []byte("value")
	mustSwap(t, d, "k", nil, value)
	value[0] = 'X'
	got, err := d.Get(t.Context(), "k")
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	wantValue(t, d, "k", []byte("value"))
	got[0] = 'Y'
	wantValue(t, d, "k", []byte("value"))
}

func testBinary(t *testing.T, d kv.Driver) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	keys := []string{string(all), "\x00", "\xff\xfe", "a\r\nb", "*", "%s {tag} [a-z] \\?", "é/ü"}
	for _, key := range keys {
		value := slices.Concat(all, []byte(key))
		wantSwap(t, d, key, nil, value, true)
		wantSwap(t, d, key, all, nil, false)
		wantValue(t, d, key, value)
	}
	wantKeys(t, d, "", keys...)
	wantKeys(t, d, "*", "*")
	wantKeys(t, d, "%s {tag} [a-z] \\?", "%s {tag} [a-z] \\?")
	for _, key := range keys {
		wantSwap(t, d, key, slices.Concat(all, []byte(key)), nil, true)
	}
	wantKeys(t, d, "")
}

func testLarge(t *testing.T, d kv.Driver) {
	old := bytes.Repeat([]byte{0, 'a', '\n', 0xff}, 16<<10)
	new := bytes.Clone(old)
	new[len(new)-1]++
	wantSwap(t, d, "k", nil, old, true)
	wantSwap(t, d, "k", new, nil, false)
	wantSwap(t, d, "k", old, new, true)
	wantValue(t, d, "k", new)
}

// testTTL checks what every driver owes: a ttl that has not passed keeps the
// record, and replacing a record replaces its ttl.
func testTTL(t *testing.T, d kv.Driver) {
	swap := func(key string, old, new []byte, ttl time.Duration) {
		t.Helper()
		if ok, err := d.Swap(t.Context(), key, old, new, ttl); !ok || err != nil {
			t.Fatalf("Swap(%q, ttl %v): got %v, %v, want true", key, ttl, ok, err)
		}
	}
	swap("hour", nil, []byte("1"), time.Hour)
	swap("lengthened", nil, []byte("1"), 50*time.Millisecond)
	swap("lengthened", []byte("1"), []byte("2"), time.Hour)
	swap("for ever", nil, []byte("1"), 50*time.Millisecond)
	swap("for ever", []byte("1"), []byte("2"), 0)
	swap("tiny", nil, []byte("1"), time.Nanosecond)
	time.Sleep(120 * time.Millisecond)
	wantValue(t, d, "hour", []byte("1"))
	wantValue(t, d, "lengthened", []byte("2"))
	wantValue(t, d, "for ever", []byte("2"))
}

func testKeys(t *testing.T, d kv.Driver) {
	wantKeys(t, d, "")
	for _, key := range []string{"a", "a/1", "a/2", "a/2/x", "ab", "b/1", "A/1"} {
		mustSwap(t, d, key, nil, []byte("x"))
	}
	wantKeys(t, d, "a/", "a/1", "a/2", "a/2/x")
	wantKeys(t, d, "a", "a", "a/1", "a/2", "a/2/x", "ab")
	wantKeys(t, d, "b/1", "b/1")
	wantKeys(t, d, "c")
	wantKeys(t, d, "", "a", "a/1", "a/2", "a/2/x", "ab", "b/1", "A/1")
}

func testCancelled(t *testing.T, d kv.Driver) {
	mustSwap(t, d, "k", nil, []byte("1"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantErrors(t, d, ctx, context.Canceled)
	wantValue(t, d, "k", []byte("1"))
}

func testClosed(t *testing.T, d kv.Driver) {
	mustSwap(t, d, "k", nil, []byte("1"))
	for range 2 {
		if err := d.Close(); err != nil {
			t.Fatalf("Close: got %v, want nil", err)
		}
	}
	wantErrors(t, d, t.Context(), kv.ErrClosed)
	if w, ok := d.(kv.Watcher); ok && w.Live() {
		t.Error("Live after Close: got true, want false")
	}
}

func wantErrors(t *testing.T, d kv.Driver, ctx context.Context, want error) {
	t.Helper()
	if got, err := d.Get(ctx, "k"); got != nil || !errors.Is(err, want) {
		t.Errorf("Get: got %q, %v, want error %v", got, err, want)
	}
	if ok, err := d.Swap(ctx, "k", []byte("1"), []byte("2"), 0); ok || !errors.Is(err, want) {
		t.Errorf("Swap: got %v, %v, want error %v", ok, err, want)
	}
	if got, err := d.Keys(ctx, ""); got != nil || !errors.Is(err, want) {
		t.Errorf("Keys: got %q, %v, want error %v", got, err, want)
	}
}

func wantValue(t *testing.T, d kv.Driver, key string, want []byte) {
	t.Helper()
	got, err := d.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("Get(%q): %v", key, err)
	}
	if (got == nil) != (want == nil) || !bytes.Equal(got, want) {
		t.Fatalf("Get(%q): got %s, want %s", key, show(got), show(want))
	}
}

func wantSwap(t *testing.T, d kv.Driver, key string, old, new []byte, want bool) {
	t.Helper()
	got, err := d.Swap(t.Context(), key, old, new, 0)
	if err != nil {
		t.Fatalf("Swap(%q): %v", key, err)
	}
	if got != want {
		t.Fatalf("Swap(%q, %s, %s): got %v, want %v", key, show(old), show(new), got, want)
	}
}

func mustSwap(t *testing.T, d kv.Driver, key string, old, new []byte) {
	t.Helper()
	wantSwap(t, d, key, old, new, true)
}

func wantKeys(t *testing.T, d kv.Driver, prefix string, want ...string) {
	t.Helper()
	got, err := d.Keys(t.Context(), prefix)
	if err != nil {
		t.Fatalf("Keys(%q): %v", prefix, err)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("Keys(%q): got %q, want %q", prefix, got, want)
	}
}
