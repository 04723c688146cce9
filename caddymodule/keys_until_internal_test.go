package caddymodule

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// TestKY01_AKeyEndsWhileCaddyRuns: with its day, in UTC, for what all configurations
// of the store work with; and not before.
func TestKY01_AKeyEndsWhileCaddyRuns(t *testing.T) {
	t.Parallel()
	newest, old := strings.Repeat("0123456789abcdef", 4), strings.Repeat("fedcba9876543210", 4)
	restored, folder := strings.Repeat("00112233", 8), t.TempDir()
	a := &App{Secrets: []string{newest, old + " until 2027-01-31"}, logger: slog.New(slog.DiscardHandler), store: &FileStore{Path: filepath.Join(folder, storeFile)}}
	if err := os.WriteFile(filepath.Join(folder, restoredKeys), []byte(old+"\n"+restored+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	day := time.Date(2027, 1, 31, 23, 59, 59, 0, time.UTC)
	all, err := a.configuredRoots()
	if err != nil || len(all.opening(day)) != 2 || len(all.opening(day.Add(time.Second))) != 1 || !all.next(day).Equal(day.Add(time.Second)) || !all.next(day.Add(time.Second)).IsZero() {
		t.Fatalf("got %d, %v", len(all), err)
	}
	if got := all.ended(day.Add(time.Second)); got != "secret 2 ended with 2027-01-31" || all.ended(day) != "" {
		t.Errorf("got %q", got)
	}
	list, err := a.rootsAt(day)
	if err != nil || len(list) != 3 {
		t.Fatalf("got %d keys, %v, want those of a backup too, each once", len(list), err)
	}
	keys, err := secret.NewKeys(list...)
	if err != nil {
		t.Fatal(err)
	}
	before := keys.IDs()
	sealed := func() []byte {
		only, err := secret.NewKeys(bytes.Clone(all[1].root))
		if err != nil {
			t.Fatal(err)
		}
		return only.Seal("account/x", []byte("v"))
	}()
	s := &shared{keys: new(secret.Keys), logger: slog.New(slog.NewTextHandler(io.Discard, nil)), lists: []*secret.Keys{keys}}
	s.apply()
	var now atomic.Int64
	now.Store(day.Unix())
	stop := a.endKeys(s, keys, func() time.Time { return time.Unix(now.Load(), 0) }, time.Millisecond)
	defer stop()
	opens := func() bool { _, err := s.keys.Open("account/x", sealed); return err == nil }
	time.Sleep(20 * time.Millisecond)
	if !opens() {
		t.Error("on its last day it does not open any more")
	}
	now.Add(1)
	for end := time.Now().Add(5 * time.Second); opens(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it opens after its last day")
		}
	}
	if want := []string{before[0], before[2]}; !slices.Equal(s.keys.IDs(), want) || !slices.Equal(keys.IDs(), want) {
		t.Errorf("got %v, want the newest and that of the backup, %v", s.keys.IDs(), want)
	}
}
