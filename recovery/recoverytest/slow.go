package recoverytest

import "testing"

// Slow leaves a test out of "make check", which must stay short enough to be
// run after each change: crawls, proofs, kills, tables of crashes, times.
func Slow(tb testing.TB) {
	tb.Helper()
	if testing.Short() {
		tb.Skip("slow: make test runs it")
	}
}
