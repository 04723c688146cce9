package recoverytest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Echo is what the app saw.
type Echo struct {
	URI    string
	Header http.Header
}

// app is what stands behind the gate.
func (w *World) app(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	if r.URL.Path != "/favicon.ico" { // Chromium asks for it by itself
		w.AppHits++
	}
	w.mu.Unlock()
	if w.App != nil {
		w.App.ServeHTTP(rw, r)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(rw).Encode(Echo{URI: r.URL.RequestURI(), Header: r.Header})
}

// Hits counts the requests that reached the app.
func (w *World) Hits() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.AppHits
}

// Link turns a mailed link into the token behind its '#'.
func Link(tb testing.TB, m recovery.Message) string {
	tb.Helper()
	_, token, ok := strings.Cut(m.Vars["link"], "#")
	if !ok {
		tb.Fatalf("message %s has no link: %q", m.Template, m.Vars["link"])
	}
	return token
}
