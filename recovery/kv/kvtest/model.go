package kvtest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// testModel runs random operations on the driver and on a map and compares.
// Each run has keys of its own, so one driver serves them all.
func testModel(t *testing.T, d kv.Driver) {
	var run atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{
			driver:  d,
			prefix:  fmt.Sprintf("model/%d/", run.Add(1)),
			records: make(map[string][]byte),
		}
		rt.Repeat(map[string]func(*rapid.T){
			"swap": m.swap,
			"get":  m.get,
			"keys": m.keys,
		})
	})
}

type model struct {
	driver  kv.Driver
	prefix  string
	records map[string][]byte
}

func (m *model) swap(rt *rapid.T) {
	key := m.key(rt)
	now := m.records[key]
	old := value(rt, "old")
	if rapid.Bool().Draw(rt, "right old") {
		old = now
	}
	new := value(rt, "new")
	got, err := m.driver.Swap(rt.Context(), key, old, new, 0)
	if err != nil {
		rt.Fatalf("Swap(%q): %v", key, err)
	}
	want := (old == nil) == (now == nil) && bytes.Equal(old, now)
	if got != want {
		rt.Fatalf("Swap(%q, %s, %s) on %s: got %v, want %v", key, show(old), show(new), show(now), got, want)
	}
	if want && new == nil {
		delete(m.records, key)
	} else if want {
		m.records[key] = new
	}
}

func (m *model) get(rt *rapid.T) {
	key := m.key(rt)
	got, err := m.driver.Get(rt.Context(), key)
	if err != nil {
		rt.Fatalf("Get(%q): %v", key, err)
	}
	want := m.records[key]
	if (got == nil) != (want == nil) || !bytes.Equal(got, want) {
		rt.Fatalf("Get(%q): got %s, want %s", key, show(got), show(want))
	}
}

func (m *model) keys(rt *rapid.T) {
	prefix := m.prefix + rapid.SampledFrom([]string{"", "a", "*"}).Draw(rt, "prefix")
	got, err := m.driver.Keys(rt.Context(), prefix)
	if err != nil {
		rt.Fatalf("Keys(%q): %v", prefix, err)
	}
	want := slices.DeleteFunc(slices.Collect(maps.Keys(m.records)), func(k string) bool {
		return !strings.HasPrefix(k, prefix)
	})
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		rt.Fatalf("Keys(%q): got %q, want %q", prefix, got, want)
	}
}

func (m *model) key(rt *rapid.T) string {
	return m.prefix + rapid.SampledFrom([]string{"a", "aa", "b", "*", "\x00"}).Draw(rt, "key")
}

// value draws nil, empty, short and page-sized values, from few enough that
// the same one comes up again.
func value(rt *rapid.T, label string) []byte {
	return rapid.SampledFrom([][]byte{nil, {}, []byte("1"), []byte("2"), {0}, bytes.Repeat([]byte("x"), 5000)}).Draw(rt, label)
}

// show prints a value for a failure line: nil and empty look different, and
// long values stay short.
func show(value []byte) string {
	switch {
	case value == nil:
		return "nil"
	case len(value) > 40:
		return fmt.Sprintf("%q… (%d bytes)", value[:40], len(value))
	default:
		return fmt.Sprintf("%q", value)
	}
}
