package kv_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

type note struct{ Text string }

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func store(t *testing.T, d kv.Driver) (*kv.Store, *clock) {
	t.Helper()
	k, err := secret.NewKeys(bytes.Repeat([]byte("k"), secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{time.Now()}
	return &kv.Store{Driver: d, Sealer: k, Now: c.Now}, c
}

func TestStoreRoundTrip(t *testing.T) {
	s, c := store(t, memkv.New())
	end := c.now.Add(time.Minute)
	for _, want := range []bool{true, false} {
		if ok, err := kv.Create(t.Context(), s, "note/1", note{"a"}, end); ok != want || err != nil {
			t.Fatalf("create: got %v, %v, want %v", ok, err, want)
		}
	}
	if v, ok, err := kv.Load[note](t.Context(), s, "note/1"); v.Text != "a" || !ok || err != nil {
		t.Fatalf("load: got %+v, %v, %v", v, ok, err)
	}
	v, err := kv.Update(t.Context(), s, "note/1", end, func(n *note, exists bool) error {
		n.Text += "b"
		return nil
	})
	if v.Text != "ab" || err != nil {
		t.Fatalf("update: got %+v, %v", v, err)
	}
	if v, ok, err := kv.Take[note](t.Context(), s, "note/1"); v.Text != "ab" || !ok || err != nil {
		t.Fatalf("take: got %+v, %v, %v", v, ok, err)
	}
	if _, ok, err := kv.Take[note](t.Context(), s, "note/1"); ok || err != nil {
		t.Fatalf("take twice: got %v, %v", ok, err)
	}
}

func TestTK04_ExpiryIsAComparison(t *testing.T) {
	s, c := store(t, memkv.New()) // memkv forgets nothing by itself
	end := c.now.Add(time.Minute)
	if _, err := kv.Create(t.Context(), s, "note/1", note{"a"}, end); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		at   time.Time
		want bool
	}{{"a second before", end.Add(-time.Second), true}, {"at the end", end, false}, {"a second after", end.Add(time.Second), false}} {
		c.now = tc.at
		if _, ok, err := kv.Load[note](t.Context(), s, "note/1"); ok != tc.want || err != nil {
			t.Errorf("%s: got %v, %v, want %v", tc.name, ok, err, tc.want)
		}
	}
	if ok, err := kv.Create(t.Context(), s, "note/1", note{"b"}, end.Add(time.Hour)); !ok || err != nil {
		t.Errorf("an expired record is in the way: %v, %v", ok, err)
	}
}

func TestSE10_AValueMovedToAnotherKeyIsRefused(t *testing.T) {
	d := memkv.New()
	s, c := store(t, d)
	if _, err := kv.Create(t.Context(), s, "note/alice", note{"a"}, c.now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	raw, err := d.Get(t.Context(), "note/alice")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte("Text")) {
		t.Error("TK-02: the value is readable in the store")
	}
	if _, err := d.Swap(t.Context(), "note/bob", nil, raw, 0); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := kv.Load[note](t.Context(), s, "note/bob"); ok || !errors.Is(err, kv.ErrDamaged) {
		t.Errorf("got %v, %v, want ErrDamaged", ok, err)
	}
	if _, err := kv.Update(t.Context(), s, "note/bob", time.Time{}, func(*note, bool) error { return nil }); !errors.Is(err, kv.ErrDamaged) {
		t.Errorf("update: got %v, want ErrDamaged, never a new record", err)
	}
}

func TestALostReplyIsNoFailure(t *testing.T) {
	lose := errors.New("reply lost")
	f := &memkv.Faulty{Driver: memkv.New()}
	s, c := store(t, f)
	f.After = func(op, _ string) error {
		if op == memkv.OpSwap {
			return lose
		}
		return nil
	}
	if ok, err := kv.Create(t.Context(), s, "note/1", note{"a"}, c.now.Add(time.Hour)); !ok || err != nil {
		t.Errorf("written, reply lost: got %v, %v, want success", ok, err)
	}
	f.After = nil
	f.Before = func(op, _ string) error {
		if op == memkv.OpSwap {
			return lose
		}
		return nil
	}
	if _, err := kv.Update(t.Context(), s, "note/1", c.now.Add(time.Hour), func(n *note, _ bool) error { n.Text = "b"; return nil }); !errors.Is(err, lose) {
		t.Errorf("not written: got %v, want the error", err)
	}
	f.Before = nil
	if v, _, _ := kv.Load[note](t.Context(), s, "note/1"); v.Text != "a" {
		t.Errorf("got %q, want a", v.Text)
	}
}

func TestARecordThatKeepsChangingIsDenied(t *testing.T) {
	d := memkv.New()
	s, c := store(t, d)
	end := c.now.Add(time.Hour)
	_, err := kv.Update(t.Context(), s, "note/1", end, func(n *note, _ bool) error {
		raw, err := d.Get(context.Background(), "note/1")
		if err != nil {
			return err
		}
		_, err = d.Swap(context.Background(), "note/1", raw, append([]byte{}, s.Sealer.Seal("note/1", append(make([]byte, 8), `{"Text":"x"}`...))...), 0)
		return err
	})
	if !errors.Is(err, kv.ErrContended) {
		t.Errorf("got %v, want ErrContended", err)
	}
}

func TestParallelUpdatesLoseNothing(t *testing.T) {
	s, c := store(t, memkv.New())
	end := c.now.Add(time.Hour)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				if _, err := kv.Update(t.Context(), s, "count", end, func(n *int, _ bool) error { *n++; return nil }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got, _, _ := kv.Load[int](t.Context(), s, "count"); got != 80 {
		t.Errorf("got %d, want 80", got)
	}
}
