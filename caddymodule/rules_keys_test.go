//go:build unix

package caddymodule_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAccessKeysInACaddy are made by command and pass where the site says so; no
// handler of the site and no log ever sees one that came in Authorization.
func TestAccessKeysInACaddy(t *testing.T) {
	h := newHost(t)
	h.seed(t)
	h.gate = "{\n\t\tallow admins\n\t\tkeys /api/* /feed.xml\n\t\tkeys /dav/*\n\t}"
	h.site = "log\n\trewrite /api/old/* /api/new{uri}\n\trespond \"{http.auth.user.id}|{header.Authorization}|{header.Sparekey-Key}\""
	h.start(t)
	config := "--config=" + filepath.Join(h.folder, "Caddyfile")
	key := strings.TrimSpace(sparekey(t, "key", "add", "alice", "--name", "backup", config).want(t, 0, "").out)
	ask := func(path, name, value string) (int, string) { t.Helper(); return h.askWith(t, path, name, value) }
	for path, want := range map[string]int{"/api/x": 200, "/feed.xml": 200, "/dav/": 200, "/api/old/x": 200, "/": 401, "/feed.xml/x": 401, "/api/../x": 401, "/api/%2e%2e/x": 401} {
		if status, body := ask(path, "Authorization", "Bearer "+key); status != want || want == 200 && body != "alice||" {
			t.Errorf("%s: got %d and %q, want %d", path, status, body, want)
		}
	}
	log := func() string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(h.folder, "log"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if text := log(); strings.Contains(text, key) || !strings.Contains(text, "/feed.xml") {
		t.Error("an access log has the key in it, or there is none")
	}
	if status, body := ask("/api/x", "Sparekey-Key", key); status != 200 || body != "alice||" {
		t.Errorf("header of its own: got %d and %q", status, body)
	}
	if !strings.Contains(log(), "request>headers>Sparekey-Key delete") {
		t.Error("nobody says that the access log has the key in it")
	}
	access := filepath.Join(h.folder, "access")
	h.site = "log {\n\t\toutput file " + access + "\n\t\tformat filter {\n\t\t\trequest>headers>Sparekey-Key delete\n\t\t}\n\t}\n\trespond \"\""
	h.start(t) // as README and log say
	if status, _ := ask("/api/quiet", "Sparekey-Key", key); status != 200 {
		t.Errorf("after a reload: got %d", status)
	}
	if text, err := os.ReadFile(access); err != nil || strings.Contains(string(text), key) || !strings.Contains(string(text), "/api/quiet") {
		t.Errorf("got %s (%v), want the request without the key", text, err)
	}
	sparekey(t, "key", "revoke", "alice", "backup", config).want(t, 0, "revoked")
	if status, body := ask("/api/x", "Authorization", "Bearer "+key); status != 401 || !strings.Contains(body, "access_key_refused") {
		t.Errorf("revoked: got %d and %q", status, body)
	}
}

// askWith sends a request with one header, and returns status and body.
func (h *host) askWith(t *testing.T, path, name, value string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.origin()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(name, value)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}
