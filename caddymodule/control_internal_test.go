package caddymodule

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// TestReplayWindow moves the clock, which nothing outside can.
func TestReplayWindow(t *testing.T) {
	keys, err := secret.NewKeys(secret.NewRoot())
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now().Truncate(time.Second)
	const (
		genuine = http.StatusUnprocessableEntity // let in, and told that nothing serves yet
		refused = http.StatusForbidden
	)
	tests := []struct {
		name string
		made time.Duration // after the start, by the command's clock
		sent []time.Duration
		want []int
	}{
		{"at once, twice", time.Minute, []time.Duration{time.Minute, time.Minute}, []int{genuine, refused}},
		{"again in the window", time.Minute, []time.Duration{time.Minute, 90 * time.Second}, []int{genuine, refused}},
		{"first at its end", time.Minute, []time.Duration{90 * time.Second}, []int{genuine}},
		{"too late", time.Minute, []time.Duration{90*time.Second + time.Millisecond}, []int{refused}},
		{"fast clock, again after long", time.Minute, []time.Duration{30 * time.Second, 65 * time.Second, 90 * time.Second}, []int{genuine, refused, refused}},
		{"clock too fast", time.Minute, []time.Duration{30*time.Second - time.Millisecond}, []int{refused}},
		{"made before the start", -time.Second, []time.Duration{0}, []int{refused}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := start
			c := &control{keys: keys, logger: slog.New(slog.DiscardHandler), now: func() time.Time { return now }, started: start}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/user-list", nil)
			newStamp(keys, r, []byte("{}"), start.Add(tt.made)).put(r.Header)
			for i, at := range tt.sent {
				now = start.Add(at)
				w := httptest.NewRecorder()
				r.Body = io.NopCloser(strings.NewReader("{}"))
				c.ServeHTTP(w, r)
				if w.Code != tt.want[i] {
					t.Errorf("sent after %v: got %d, want %d", at, w.Code, tt.want[i])
				}
			}
		})
	}
}

// TestNoncesAreForgotten: what can no longer be replayed takes no memory.
func TestNoncesAreForgotten(t *testing.T) {
	var n nonces
	now := time.Now()
	for range 100 {
		n.first(secret.Token(16), now.Add(replayWindow), now)
		now = now.Add(time.Second)
	}
	if got, want := len(n.until), int(replayWindow/time.Second)+1; got != want {
		t.Errorf("got %d nonces, want those of the last %d s", got, want)
	}
}
