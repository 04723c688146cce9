//go:build !linux && !darwin && !freebsd

package boltkv

// room is not known here.
func room(string) (free uint64, known bool) { return 0, false }
