package caddymodule

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// TestHD05_APanicIsNoYes, in the words of each dialect.
func TestHD05_APanicIsNoYes(t *testing.T) {
	for path, status := range map[string]int{"/.sparekey/verify": 503, "/.sparekey/verify/nginx": 403, "/.sparekey/verify/envoy/": 503} {
		rec := httptest.NewRecorder()
		broken := &runtime{logger: slog.New(slog.DiscardHandler)}
		d := broken.verify(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if got := rec.Header().Get(web.HeaderReason); d.OK() || rec.Code != status || got != "unavailable" {
			t.Errorf("%s: got %d %q, want %d", path, rec.Code, got, status)
		}
	}
}
