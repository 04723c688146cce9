package e2e

import (
	"embed"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// installed is the page of an app that puts a service worker into the browser.
//
//go:embed worker.html worker.js
var installed embed.FS

// App is the app behind Caddy. It answers with what it was told, and below
// /stream/ as [recoverytest.StreamApp] does.
type App struct {
	URL string

	hits atomic.Int64
}

// Echo is what the app saw of a request.
type Echo struct {
	Method string
	URI    string
	Header http.Header
}

func startApp(tb testing.TB) *App {
	tb.Helper()
	a := new(App)
	server := httptest.NewServer(http.HandlerFunc(a.serve))
	tb.Cleanup(server.Close)
	a.URL = server.URL
	return a
}

func (a *App) serve(w http.ResponseWriter, r *http.Request) {
	a.hits.Add(1)
	if strings.HasPrefix(r.URL.Path, "/stream/") {
		recoverytest.StreamApp(w, r)
		return
	}
	switch r.URL.Path {
	case "/worker":
		http.ServeFileFS(w, r, installed, "worker.html")
		return
	case "/worker.js":
		http.ServeFileFS(w, r, installed, "worker.js")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(Echo{r.Method, r.URL.RequestURI(), r.Header}) // a failed write is seen by the reader
}

// Hits counts the requests that reached the app.
func (a *App) Hits() int64 { return a.hits.Load() }
