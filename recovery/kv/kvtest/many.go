package kvtest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

func testMany(t *testing.T, d kv.Driver) {
	m, ok := d.(kv.Many)
	if !ok {
		return // read one by one
	}
	values, keys := map[string][]byte{"a": []byte("1"), "empty": {}, "z": bytes.Repeat([]byte("x"), 64<<10)}, []string{"z", "none", "a", "empty", "a"}
	for key, value := range values {
		mustSwap(t, d, key, nil, value)
	}
	got, err := m.GetMany(t.Context(), keys)
	if err != nil || len(got) != len(keys) {
		t.Fatalf("got %d records, %v, want %d", len(got), err, len(keys))
	}
	for i, key := range keys {
		if want, there := values[key]; !bytes.Equal(got[i], want) || (got[i] != nil) != there {
			t.Errorf("%s: got %.20q (nil: %t), want %.20q", key, got[i], got[i] == nil, want)
		}
	}
	if got, err = m.GetMany(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("no keys: got %d records, %v", len(got), err)
	}
	long := strings.Split(strings.Repeat("a ", 300)+"a", " ")
	if got, err = m.GetMany(t.Context(), long); err != nil || len(got) != len(long) || string(got[300]) != "1" {
		t.Errorf("got %d records of %d, %v", len(got), len(long), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.GetMany(ctx, keys); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := m.GetMany(t.Context(), keys); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("closed: got %v, want ErrClosed", err)
	}
}
