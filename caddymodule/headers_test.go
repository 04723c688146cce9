//go:build unix

package caddymodule_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// spoiled takes our protection off, and sets what is meant for the app.
const spoiled = `header {
		-Cache-Control
		-X-Frame-Options
		Content-Security-Policy "default-src *"
		Referrer-Policy unsafe-url
		+Content-Security-Policy-Report-Only "default-src *"
		X-App yes
		Strict-Transport-Security "max-age=60; preload"
		defer
	}`

// TestWB04_OurPagesKeepTheirHeaders whatever a header block of the site does, and
// wherever it stands. The app's answers get what it says.
func TestWB04_OurPagesKeepTheirHeaders(t *testing.T) {
	for _, tc := range []struct{ name, global, site string }{
		{"beside the gate", "", spoiled},
		{"at once", "", `header Referrer-Policy unsafe-url
	header X-App yes
	header Cache-Control public
	header Strict-Transport-Security "max-age=60; preload"`},
		{"around the gate", "order sparekey after header", spoiled},
		{"around the gate, compressed", "order sparekey after encode", "encode gzip\n\t" + spoiled},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHost(t)
			session := h.seed(t)
			h.global, h.site = tc.global, "log {\n\t\toutput file "+filepath.Join(h.folder, "access")+"\n\t}\n\t"+tc.site+"\n\trespond app"
			h.start(t)
			for path, status := range map[string]int{"/": 401, "/.sparekey/login": 200, "/.sparekey/nothing": 404} {
				res, size := h.loadPage(t, path, "")
				want := http.Header{"Cache-Control": {"no-store"}, "Referrer-Policy": {"same-origin"}, "X-Frame-Options": {"DENY"}, "Strict-Transport-Security": {"max-age=60; preload"}}
				for name, value := range want {
					if got := res.Header.Values(name); len(got) != 1 || got[0] != value[0] {
						t.Errorf("%s: got %s %q, want %q", path, name, got, value)
					}
				}
				if csp := res.Header.Values("Content-Security-Policy"); len(csp) != 1 || csp[0][:len("default-src 'none'")] != "default-src 'none'" {
					t.Errorf("%s: got Content-Security-Policy %q", path, csp)
				}
				if res.StatusCode != status {
					t.Errorf("%s: got status %d, want %d", path, res.StatusCode, status)
				}
				h.wantLogged(t, path, status, size)
			}
			if res, _ := h.loadPage(t, "/app", h.cookie(session)); res.StatusCode != 200 || res.Header.Get("X-App") != "yes" || res.Header.Get("Referrer-Policy") != "unsafe-url" {
				t.Errorf("the app: got status %d and %v, want what the site says", res.StatusCode, res.Header)
			}
		})
	}
}

// loadPage gets a page and counts its bytes.
func (h *host) loadPage(t *testing.T, path, cookie string) (*http.Response, int64) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.origin()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Accept": {"text/html"}, "Accept-Encoding": {"gzip"}, "Cookie": {cookie}}
	res, err := (&http.Transport{DialContext: toLoopback, DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	size, err := io.Copy(io.Discard, res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, size
}

// wantLogged wants a line of the access log with status and size.
func (h *host) wantLogged(t *testing.T, path string, status int, size int64) {
	t.Helper()
	var line struct {
		Request struct{ URI string }
		Status  int
		Size    int64
	}
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		log, err := os.Open(filepath.Join(h.folder, "access"))
		if err != nil {
			continue // not written yet
		}
		lines := bufio.NewScanner(log)
		for lines.Scan() {
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Request.URI == path {
				break
			}
		}
		_ = log.Close()
		if line.Request.URI == path {
			break
		}
	}
	if line.Request.URI != path || line.Status != status || line.Size != size {
		t.Errorf("%s: the access log has %+v, want status %d and %d bytes", path, line, status, size)
	}
}
