package kv_test

import (
	"errors"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// TestReseal: a record keeps what it holds and its end, opens with the new key
// alone, and is left alone the second time; what another writes meanwhile stays.
func TestReseal(t *testing.T) {
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	a, b := secret.NewRoot(), secret.NewRoot()
	driver := &memkv.Faulty{Driver: memkv.New()}
	store := func(roots ...[]byte) *kv.Store {
		keys, err := secret.NewKeys(roots...)
		if err != nil {
			t.Fatal(err)
		}
		return &kv.Store{Driver: driver, Sealer: keys, Now: func() time.Time { return now }}
	}
	old, both, alone := store(a), store(b, a), store(b)
	end := now.Add(time.Hour)
	for key, until := range map[string]time.Time{"flow/1": end, "account/1": {}} {
		if _, err := kv.Create(t.Context(), old, key, "before", until); err != nil {
			t.Fatal(err)
		}
		meanwhile := func(op, _ string) error {
			if op != memkv.OpSwap {
				return nil
			}
			driver.Before = nil
			_, err := kv.Update(t.Context(), old, key, until, func(v *string, _ bool) error {
				*v = "meanwhile"
				return nil
			})
			return err
		}
		driver.Before = meanwhile
		for _, want := range []bool{true, false} {
			got, done, err := kv.Reseal(t.Context(), both, key)
			if err != nil || done != want || !got.Equal(until) {
				t.Errorf("%s: got %v, %v, %v; want %v, %v", key, got, done, err, until, want)
			}
		}
		if v, ok, err := kv.Load[string](t.Context(), alone, key); v != "meanwhile" || !ok || err != nil {
			t.Errorf("%s: got %q, %v, %v with the new key alone", key, v, ok, err)
		}
	}
	now = end
	if _, ok, err := kv.Load[string](t.Context(), alone, "flow/1"); ok || err != nil {
		t.Errorf("got %v, %v after its end, want that it is over", ok, err)
	}
	if _, _, err := kv.Reseal(t.Context(), old, "account/1"); !errors.Is(err, kv.ErrDamaged) {
		t.Errorf("without the key: got %v, want that it does not open", err)
	}
	if _, done, err := kv.Reseal(t.Context(), both, "account/2"); done || err != nil {
		t.Errorf("no record: got %v, %v", done, err)
	}
}
