//go:build unix

package caddymodule

import (
	"os"
	"path/filepath"
	"syscall"
)

// ours tells whether a file belongs to the user of this process.
func ours(info os.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Geteuid()
}

// wide tells whether anybody else has rights.
func wide(info os.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }

func isRoot() bool { return os.Geteuid() == 0 }

// handOver gives a file that root has made to the owner of its folder, who has to read
// it: root runs commands for a Caddy of another user.
func handOver(f *os.File) error {
	if !isRoot() {
		return nil
	}
	info, err := os.Stat(filepath.Dir(f.Name()))
	if err != nil {
		return err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok && s.Uid != 0 {
		return f.Chown(int(s.Uid), int(s.Gid))
	}
	return nil
}
