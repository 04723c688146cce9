package caddymodule

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What root's commands write is for the Caddy that runs as another user, and which could
// not start with a key file that is root's.
func TestRootHandsItsFilesOver(t *testing.T) {
	t.Parallel()
	if !isRoot() {
		t.Skip("not root")
	}
	const other = 65534
	folder := t.TempDir()
	if err := os.Chown(folder, other, other); err != nil {
		t.Skip(err)
	}
	a := &App{Secrets: []string{strings.Repeat("0f", 32)}, store: &FileStore{Path: filepath.Join(folder, storeFile)}}
	if n, err := a.keepRoots([][]byte{bytes.Repeat([]byte{7}, 32)}); n != 1 || err != nil {
		t.Fatalf("got %d, %v", n, err)
	}
	if err := (markFile{filepath.Join(folder, "marks.json")}).Note("store", 3); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{restoredKeys, "marks.json"} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if s := info.Sys().(*syscall.Stat_t); s.Uid != other || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got owner %d, mode %o", name, s.Uid, info.Mode().Perm())
		}
	}
}
