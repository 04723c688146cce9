package caddymodule

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestWB03_AGateThatCannotOpenAnswersWithTheHeaders: it is the app's origin that answers.
// What panicked is in the log with its stack, and nothing of it on the page.
func TestWB03_AGateThatCannotOpenAnswersWithTheHeaders(t *testing.T) {
	want := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://photos.example.com/", nil)
	front().Harden(want, r)
	var log bytes.Buffer
	rec := httptest.NewRecorder()
	broken := &runtime{logger: slog.New(slog.NewTextHandler(&log, nil))}
	if d := new(Handler).decide(broken, rec, r); d.OK() {
		t.Fatal("a panic lets the request go on")
	}
	if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") == "" || strings.Contains(rec.Body.String(), "nil pointer") {
		t.Errorf("got %d %v %s", rec.Code, rec.Header(), rec.Body)
	}
	for name := range want.Header() {
		if got := rec.Header().Get(name); got != want.Header().Get(name) {
			t.Errorf("%s: got %q, want %q", name, got, want.Header().Get(name))
		}
	}
	if csp := rec.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("got policy %q", csp)
	}
	if !strings.Contains(log.String(), "handler.go") || !strings.Contains(log.String(), "nil pointer") {
		t.Errorf("got log %s, want the panic with its stack", log.String())
	}
}
