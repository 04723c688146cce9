package supervise_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

func explode(with any) { panic(with) }

func TestAPanicIsLoggedAndEndsNothing(t *testing.T) {
	var list []int
	for _, tc := range []struct {
		name        string
		f           func()
		says, never string
	}{
		{"of the runtime", func() { list[3]++ }, "index out of range [3]", ""},
		{"with a text", func() { explode("token s3cret") }, "string", "s3cret"},
		{"with an error", func() { explode(errors.New("token s3cret")) }, "*errors.errorString", "s3cret"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out bytes.Buffer
			log := slog.New(slog.NewJSONHandler(&out, nil))
			cleaned := false
			var group sync.WaitGroup
			group.Go(supervise.Func(log, "a test", func() {
				defer func() { cleaned = true }()
				tc.f()
			}))
			group.Wait()
			line := out.String()
			if !cleaned || !strings.Contains(line, `"in":"a test"`) || !strings.Contains(line, tc.says) || !strings.Contains(line, "supervise_test.go") {
				t.Errorf("got %s, want %q, the stack, and what was deferred", line, tc.says)
			}
			if tc.never != "" && strings.Contains(line, tc.never) {
				t.Errorf("got %s, want nothing of the value", line)
			}
		})
	}
}

func TestWithoutAPanicNothingIsLogged(t *testing.T) {
	var out bytes.Buffer
	ran := false
	supervise.Run(slog.New(slog.NewTextHandler(&out, nil)), "a test", func() { ran = true })
	if !ran || out.Len() > 0 {
		t.Errorf("ran: %v, got %q logged, want it to run in silence", ran, out.String())
	}
}
