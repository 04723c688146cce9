package breached

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// source answers what a test wants.
type source func(ctx context.Context, hash string) (bool, error)

func (s source) Has(ctx context.Context, hash string) (bool, error) { return s(ctx, hash) }

func listOf(s Source, log io.Writer, now *time.Time) *List {
	return &List{Source: s, Log: slog.New(slog.NewTextHandler(log, nil)), Now: func() time.Time { return *now }}
}

// TestAFaultIsNo, and is in the log once a minute at most, without the password
// and its hash.
func TestAFaultIsNo(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	now := time.Unix(1e9, 0)
	l := listOf(source(func(context.Context, string) (bool, error) { return true, errors.New("away") }), &log, &now)
	for _, step := range []struct {
		after time.Duration
		lines int
	}{{0, 1}, {time.Second, 1}, {58 * time.Second, 1}, {time.Second, 2}, {-time.Hour, 3}} {
		now = now.Add(step.after)
		if l.Has(t.Context(), "correct horse") {
			t.Error("got yes of a source that failed")
		}
		if n := strings.Count(log.String(), "\n"); n != step.lines {
			t.Errorf("got %d lines, want %d", n, step.lines)
		}
	}
	if text := log.String(); !strings.Contains(text, "away") || strings.Contains(text, "horse") || strings.Contains(text, Hash("correct horse")[:5]) {
		t.Errorf("got %s", text)
	}
}

// TestABrowserThatHasGoneIsNoFault.
func TestABrowserThatHasGoneIsNoFault(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	now := time.Unix(1e9, 0)
	ctx, cancel := context.WithCancel(t.Context())
	l := listOf(source(func(ctx context.Context, _ string) (bool, error) { cancel(); return false, ctx.Err() }), &log, &now)
	if l.Has(ctx, "correct horse") || log.Len() > 0 {
		t.Errorf("got %q, want no line", &log)
	}
}

// TestTheAnswerIsWaitedForTwoSeconds.
func TestTheAnswerIsWaitedForTwoSeconds(t *testing.T) {
	t.Parallel()
	now, begun := time.Unix(1e9, 0), time.Now()
	l := listOf(source(func(ctx context.Context, hash string) (bool, error) {
		if end, bound := ctx.Deadline(); !bound || end.After(begun.Add(Timeout+time.Second)) {
			t.Errorf("got until %v", end)
		}
		return hash == Hash("password"), nil
	}), io.Discard, &now)
	if !l.Has(t.Context(), "password") || l.Has(t.Context(), "passwore") {
		t.Error("got the wrong answer")
	}
}

// TestHash is the one that is published.
func TestHash(t *testing.T) {
	t.Parallel()
	if got := Hash("password"); got != "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8" {
		t.Errorf("got %s", got)
	}
}
