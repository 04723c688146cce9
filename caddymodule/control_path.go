package caddymodule

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// socketPath is the longest path a socket may have: 104 bytes with the final
// zero on macOS and the BSDs, 108 on Linux.
const socketPath = 96

// controlSockets lists where the control socket of a store may be, best first:
// beside the store, or, when that path is too long, in a folder for run-time
// files. The name of the latter needs the root key, so that nobody else can
// take it first.
func controlSockets(keys *secret.Keys, store Store) []string {
	name := strings.TrimSuffix(filepath.Base(store.Place()), ".db") + ".sock"
	folder, err := filepath.Abs(store.Folder())
	if err != nil {
		folder = store.Folder()
	}
	if path := filepath.Join(folder, "run", name); len(path) <= socketPath {
		return []string{path}
	}
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		folder = real
	}
	var paths []string
	for _, sum := range keys.MACs("control folder", folder, name) { // a Caddy may still listen for an older key
		for _, root := range []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir()} {
			path := filepath.Join(root, "sparekey-"+hex.EncodeToString(sum[:8]), "sparekey.sock")
			if root != "" && len(path) <= socketPath {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// makePrivate makes the folder of a socket, or checks the one that is there.
func makePrivate(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return checkPrivate(folder, false)
}

// errNotPrivate says that others may have put something into a folder.
var errNotPrivate = errors.New("must be a folder of this user's alone (mode 700, no link): put that right and restart Caddy")

// checkPrivate refuses a folder that others can write or that is only a link
// to one. anyOwner is for root, who may run commands for a Caddy of another
// user.
func checkPrivate(folder string, anyOwner bool) error {
	info, err := os.Lstat(folder)
	if err != nil {
		return err
	}
	if !info.IsDir() || wide(info) || !anyOwner && !ours(info) {
		return fmt.Errorf("%s %w", folder, errNotPrivate)
	}
	return nil
}
