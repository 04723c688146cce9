//go:build linux || darwin || freebsd

package boltkv

import "syscall"

// room is how many bytes may still be written into a folder.
func room(folder string) (free uint64, known bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, false
	}
	return uint64(max(s.Bavail, 0)) * uint64(s.Bsize), true //nolint:gosec,unconvert // the types differ from system to system
}
