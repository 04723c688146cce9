package caddymodule

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// restoredKeys holds the root keys of backups that were brought back, one a line.
// They stand behind the host's own: they open and check, and seal nothing.
const restoredKeys = "restored.keys"

// roots are all root keys that open now, the host's own in front.
func (a *App) roots() ([][]byte, error) { return a.rootsAt(time.Now()) }

// rootsAt are those that open at a time. One of the host's own that has ended does
// not open because a backup has it too.
func (a *App) rootsAt(now time.Time) ([][]byte, error) {
	own, err := a.ownRoots()
	if err != nil {
		return nil, err
	}
	roots := own.opening(now)
	more, err := rootsIn(filepath.Join(a.store.Folder(), restoredKeys))
	for _, root := range more {
		if !own.has(root) && !slices.ContainsFunc(roots, func(have []byte) bool { return string(have) == string(root) }) {
			roots = append(roots, root)
		}
	}
	return roots, err
}

// ownRoots reads the configured keys, or the generated one.
func (a *App) ownRoots() (roots, error) {
	if len(a.Secrets) > 0 {
		return a.configuredRoots()
	}
	root, err := generatedKey(filepath.Join(a.store.Folder(), keyFile))
	return roots{{root: root}}, err
}

// rootsIn reads such a file; none when there is none.
func rootsIn(path string) ([][]byte, error) {
	err := ownerOnly(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path) //nolint:gosec // the path comes from the configuration
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	var roots [][]byte
	for line := range strings.FieldsSeq(string(text)) {
		root, err := readKey(line)
		if err != nil {
			return nil, fmt.Errorf("key file %s: a line %w", path, err)
		}
		roots = append(roots, root)
	}
	return roots, nil
}

// keepRoots writes the keys that are not here yet, and returns how many these are.
func (a *App) keepRoots(roots [][]byte) (int, error) {
	have, err := a.roots()
	if err != nil {
		return 0, err
	}
	path := filepath.Join(a.store.Folder(), restoredKeys)
	all, err := rootsIn(path)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, root := range roots {
		if !slices.ContainsFunc(have, func(x []byte) bool { return string(x) == string(root) }) {
			all, n = append(all, root), n+1
		}
	}
	if n == 0 {
		return 0, nil
	}
	var b strings.Builder
	for _, root := range all {
		fmt.Fprintln(&b, hex.EncodeToString(root))
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // 0600 by itself
	if err != nil {
		return 0, fmt.Errorf("key file: %w", err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone already when all went well
	_, err1 := f.WriteString(b.String())
	if err := errors.Join(err1, handOver(f), f.Sync(), f.Close()); err != nil {
		return 0, fmt.Errorf("key file: %w", err)
	}
	return n, os.Rename(f.Name(), path)
}
