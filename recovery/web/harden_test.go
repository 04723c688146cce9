package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// TestWB03_ScriptsComeFromOurFolder: the app shares the host, and may serve files of its
// visitors. Where a policy cannot name the host, it names the page's own.
func TestWB03_ScriptsComeFromOurFolder(t *testing.T) {
	for host, want := range map[string]string{
		"photos.example.com":      "photos.example.com/.sparekey/static/",
		"photos.example.com:8443": "photos.example.com:8443/.sparekey/static/",
		"localhost:8080":          "localhost:8080/.sparekey/static/",
		"127.0.0.1:8080":          "'self'",
		"192.0.2.7":               "'self'",
		"[::1]:8080":              "'self'",
		"[2001:db8::1]":           "'self'",
		"photos;script-src *":     "'self'",
		"photos example":          "'self'",
		"*":                       "'self'",
		"a_b.example.com":         "'self'",
		"\u00fcber.example":       "'self'",
		"":                        "'self'",
	} {
		rec := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Host = host
		web.Front{}.Harden(rec, r)
		if csp := rec.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "; script-src "+want+"; ") || strings.Count(csp, "script-src") != 1 {
			t.Errorf("%q: got %q, want scripts from %s", host, csp, want)
		}
	}
}

// TestWB03_ThePageForFramesCarriesTheHeaders: it may stand in pages of the protected
// hosts and nowhere else, and has all other headers of our answers.
func TestWB03_ThePageForFramesCarriesTheHeaders(t *testing.T) {
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	w.Web.Origins = append(w.Web.Origins, "https://albums.example.com")
	b := w.Browser()
	b.Get("/").Want("sign-in")
	want := b.Answer
	b.Header = http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"iframe"}}
	got := b.Get("/").Want("frame").Answer
	for _, name := range []string{
		"Referrer-Policy", "X-Content-Type-Options", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy", "Cache-Control",
	} {
		if got.Get(name) != want.Get(name) || want.Get(name) == "" {
			t.Errorf("%s: got %q, want %q", name, got.Get(name), want.Get(name))
		}
	}
	csp := got.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'self' " + w.Server.URL + " https://albums.example.com"} {
		if !strings.Contains(csp, part) {
			t.Errorf("got policy %q, want %s", csp, part)
		}
	}
	if got.Get("X-Frame-Options") != "SAMEORIGIN" || b.Has("password") {
		t.Errorf("got X-Frame-Options %q, a form: %v", got.Get("X-Frame-Options"), b.Has("password"))
	}
}
