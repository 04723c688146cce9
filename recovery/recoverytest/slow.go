package recoverytest

import (
	"errors"
	"os"
	"strings"
	"testing"
)

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
	if UnderRace(tb) {
		tb.Skip("nothing happens at once here: it runs without the race detector")
	}
}

// AgainVariable names the file in which tests are written down that are to run
// once more, without the race detector; unset: nowhere.
const AgainVariable = "SPAREKEY_TEST_AGAIN"

// UnderRace says that the race detector slows everything down several times: a
// test then does less, and is written down to be run whole without it.
func UnderRace(tb testing.TB) bool {
	tb.Helper()
	path := os.Getenv(AgainVariable)
	if !raceDetector || path == "" {
		return raceDetector
	}
	name, _, _ := strings.Cut(tb.Name(), "/")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		_, err = f.WriteString(name + "\n") // one short write each, so that those of several processes do not mix
	}
	if err := errors.Join(err, f.Close()); err != nil {
		tb.Errorf("this test would not be run whole: %v", err)
	}
	return true
}
