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

// SlowAlone is Slow and Alone.
func SlowAlone(tb testing.TB) {
	tb.Helper()
	Slow(tb)
	Alone(tb)
}

// Alone is for tests in which nothing happens at once: searches, long tables,
// crashes. The race detector would find nothing, in four times the time.
func Alone(tb testing.TB) {
	tb.Helper()
	if UnderRace {
		tb.Skip("nothing happens at once here: it runs without the race detector")
	}
}
