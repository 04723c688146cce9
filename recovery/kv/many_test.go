package kv_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
)

// oneByOne is a driver that offers nothing but the four methods.
type oneByOne struct{ kv.Driver }

func TestSeveralAtOnce(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]kv.Driver{"together": memkv.New(), "one by one": oneByOne{memkv.New()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := store(t, d)
			var keys, want []string
			for i := range 50 {
				key := fmt.Sprintf("note/%02d", i)
				keys = append(keys, key)
				if i%3 == 0 {
					continue
				}
				want = append(want, key)
				if _, err := kv.Create(t.Context(), s, key, key, c.now.Add(1e9)); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			err := kv.LoadMany(t.Context(), s, keys, func(key, v string, err error) error {
				if v != key {
					t.Errorf("%s: got %q", key, v)
				}
				got = append(got, key)
				return err
			})
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
			if _, err := d.Swap(t.Context(), "note/00", nil, []byte("not sealed"), 0); err != nil {
				t.Fatal(err)
			}
			err = kv.LoadMany(t.Context(), s, keys, func(_, _ string, err error) error { return err })
			if !errors.Is(err, kv.ErrDamaged) {
				t.Errorf("a damaged one: got %v", err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			err = kv.LoadMany(t.Context(), s, keys, func(string, string, error) error { t.Error("called"); return nil })
			if !errors.Is(err, kv.ErrClosed) {
				t.Errorf("closed: got %v", err)
			}
		})
	}
}
