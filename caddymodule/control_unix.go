//go:build unix

package caddymodule

import (
	"os"
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
