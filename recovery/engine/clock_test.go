package engine_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestAClockThatJumpsIsToldOnce, whether this process sees it or the next one.
// Small corrections are no news.
func TestAClockThatJumpsIsToldOnce(t *testing.T) {
	for _, tc := range []struct {
		name  string
		moves []time.Duration
		told  int
	}{
		{"never", []time.Duration{time.Minute, time.Minute, 3 * time.Hour, time.Minute}, 0}, // it may have been stopped for three hours
		{"a correction", []time.Duration{time.Minute, -110 * time.Second, time.Minute}, 0},
		{"back", []time.Duration{time.Minute, -4 * time.Minute, time.Minute, time.Second, 20 * time.Minute, time.Minute}, 1},
		{"back twice", []time.Duration{-4 * time.Minute, 20 * time.Minute, -4 * time.Minute, time.Minute}, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := recoverytest.New(t)
			var log bytes.Buffer
			w.Engine.Log = slog.New(slog.NewTextHandler(&log, nil))
			check := func() {
				t.Helper()
				if err := w.Engine.CheckClock(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			check()
			for _, d := range tc.moves {
				w.Clock.Move(d)
				check()
			}
			if got := strings.Count(log.String(), "clock has jumped"); got != tc.told {
				t.Errorf("told %d times, want %d\n%s", got, tc.told, &log)
			}
			s, err := w.Engine.Clock(t.Context())
			if err != nil || (s.By != 0) != (tc.told > 0) {
				t.Errorf("got %+v, %v in the store", s, err)
			}
		})
	}
}

// The next process finds what the one before had seen.
func TestAClockThatWentBackBetweenTwoStarts(t *testing.T) {
	w := recoverytest.New(t)
	if err := w.Engine.CheckClock(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Clock.Move(-3 * time.Minute)
	var log bytes.Buffer
	next := w.Node().Engine
	next.Log = slog.New(slog.NewTextHandler(&log, nil))
	for range 2 {
		if err := next.CheckClock(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Count(log.String(), "by=-3m0s"); got != 1 {
		t.Errorf("told %d times, want once\n%s", got, &log)
	}
}
