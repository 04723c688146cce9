package memkv_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
)

func TestContract(t *testing.T) {
	kvtest.Run(t, func(*testing.T) kv.Driver { return memkv.New() })
}

func TestFaultyWithoutHooksKeepsContract(t *testing.T) {
	kvtest.Run(t, func(*testing.T) kv.Driver { return &memkv.Faulty{Driver: memkv.New()} })
}

func TestFaulty(t *testing.T) {
	errCrash := errors.New("crash")
	tests := []struct {
		name          string
		before, after string // the operation that fails
		wantGet       error
		wantSwap      error
		wantValue     string // what is below in the end
	}{
		{name: "before get", before: memkv.OpGet, wantGet: errCrash, wantValue: "new"},
		{name: "after get", after: memkv.OpGet, wantGet: errCrash, wantValue: "new"},
		{name: "before swap", before: memkv.OpSwap, wantSwap: errCrash, wantValue: "old"},
		{name: "after swap", after: memkv.OpSwap, wantSwap: errCrash, wantValue: "new"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			below := memkv.New()
			if _, err := below.Swap(t.Context(), "k", nil, []byte("old"), 0); err != nil {
				t.Fatal(err)
			}
			d := &memkv.Faulty{Driver: below, Before: failAt(tt.before, errCrash), After: failAt(tt.after, errCrash)}
			if _, err := d.Get(t.Context(), "k"); !errors.Is(err, tt.wantGet) {
				t.Errorf("Get: got error %v, want %v", err, tt.wantGet)
			}
			ok, err := d.Swap(t.Context(), "k", []byte("old"), []byte("new"), 0)
			if !errors.Is(err, tt.wantSwap) || ok != (tt.wantSwap == nil) {
				t.Errorf("Swap: got %v, %v, want error %v", ok, err, tt.wantSwap)
			}
			if got, _ := below.Get(t.Context(), "k"); string(got) != tt.wantValue {
				t.Errorf("below: got %q, want %q", got, tt.wantValue)
			}
		})
	}
}

func TestFaultyAfterIsAskedForWritesOnly(t *testing.T) {
	var asked []string
	d := &memkv.Faulty{Driver: memkv.New(), After: func(op, key string) error {
		asked = append(asked, fmt.Sprint(op, " ", key))
		return nil
	}}
	for _, old := range [][]byte{nil, nil, []byte("wrong"), []byte("1")} { // the second and third are refused
		if _, err := d.Swap(t.Context(), "k", old, []byte("1"), 0); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"swap k", "swap k"}; !slices.Equal(asked, want) {
		t.Errorf("got %q, want %q", asked, want)
	}
}

func failAt(op string, err error) func(string, string) error {
	return func(got, _ string) error {
		if got == op {
			return err
		}
		return nil
	}
}

// A moment is put back whole however often, what is written afterwards is in no
// moment, and who watches is told of what differs.
func TestRestore(t *testing.T) {
	d := memkv.New()
	write := func(key, old, now string) {
		t.Helper()
		if ok, err := d.Swap(t.Context(), key, bytesOrNil(old), bytesOrNil(now), 0); err != nil || !ok {
			t.Fatalf("Swap %s: %v, %v", key, ok, err)
		}
	}
	write("kept", "", "1")
	write("changed", "", "1")
	write("gone", "", "1")
	moment := d.Moment()
	var told []uint64
	defer d.Watch(func(sum uint64) { told = append(told, sum) })()
	for range 2 {
		write("changed", "1", "2")
		write("gone", "1", "")
		write("new", "", "1")
		told = nil
		d.Restore(moment)
		want := []uint64{kv.Sum("changed"), kv.Sum("gone"), kv.Sum("new")}
		slices.Sort(want)
		if slices.Sort(told); !slices.Equal(told, want) {
			t.Errorf("told of %v, want %v", told, want)
		}
		for key, want := range map[string]string{"kept": "1", "changed": "1", "gone": "1", "new": ""} {
			if got, err := d.Get(t.Context(), key); err != nil || string(got) != want {
				t.Errorf("%s: got %q, %v, want %q", key, got, err, want)
			}
		}
	}
}

func bytesOrNil(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}
