package caddymodule

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// TestTheReasonIsToldOnceAMinute, and at once when it is another.
func TestTheReasonIsToldOnceAMinute(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w := &waiting{app: &App{logger: slog.New(slog.NewTextHandler(&log, nil))}}
	away, evicts, now := errors.Join(kv.ErrAway, errors.New("nobody there")), errors.New("may evict"), time.Now()
	for _, step := range []struct {
		after        time.Duration
		err          error
		fresh        bool
		warns, fails int // lines in the log by then
	}{
		{0, away, true, 1, 0},
		{59 * time.Second, away, false, 1, 0},
		{60 * time.Second, away, false, 2, 0},
		{61 * time.Second, evicts, true, 2, 1},
		{120 * time.Second, evicts, false, 2, 1},
		{121 * time.Second, evicts, false, 2, 2},
		{122 * time.Second, away, true, 3, 2},
	} {
		fresh := w.learn(step.err, now.Add(step.after))
		warns, fails := strings.Count(log.String(), "level=WARN"), strings.Count(log.String(), "level=ERROR")
		if fresh != step.fresh || warns != step.warns || fails != step.fails {
			t.Errorf("after %s: got new %v, %d warnings, %d errors, want %+v", step.after, fresh, warns, fails, step)
		}
	}
}
