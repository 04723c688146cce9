package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestAFormAfterTheSessionEnded: who has written something learns that it was not
// saved and how to keep it, wherever the form was posted to.
func TestAFormAfterTheSessionEnded(t *testing.T) {
	t.Parallel()
	w, _ := withFactor(t)
	for _, tc := range []struct {
		name, path string
		header     map[string][]string
		page       string
	}{
		{"to the app", "/notes/7", nil, "not-saved"},
		{"to the app, through a worker", "/notes/7", overhearers()["a worker passes it on"], "not-saved"},
		{"to the app, in a frame", "/notes/7", map[string][]string{"Sec-Fetch-Dest": {"iframe"}}, "not-saved"},
		{"of a script", "/notes/7", overhearers()["a script fetches"], ""},
		{"to the account page", "/.sparekey/account", nil, "not-saved"},
		{"an invitation", "/.sparekey/people", nil, "not-saved"},
	} {
		b := w.Browser()
		through(b, tc.header)
		b.Post(tc.path, url.Values{"choice": {"x"}})
		if b.Status != 401 || b.Page() != tc.page || b.Answer.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: got status %d and page %q, want 401 and %q", tc.name, b.Status, b.Page(), tc.page)
		}
		if tc.page != "" && (!strings.Contains(b.Body, `target="_blank"`) || strings.Contains(b.Body, "<form")) {
			t.Errorf("%s: got %s, want the sign-in in another tab, and no form", tc.name, b.Body)
		}
	}
	if got := w.Hits(); got != 0 {
		t.Errorf("the app got %d requests, want none", got)
	}
}

// What may not be seen, and what cannot be told, is said in the window too.
func TestAFormThatIsNotLetThrough(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	w.Rules.Allow = []string{"family"}
	if b.Post("/notes/7", recoverytest.Fields()).Want("forbidden"); b.Status != 403 {
		t.Errorf("not allowed: got status %d, want 403", b.Status)
	}
	r, rw := httptest.NewRequestWithContext(t.Context(), http.MethodPost, w.Server.URL+"/notes/7", nil), httptest.NewRecorder()
	r.Header.Set("Accept", "text/html")
	w.Web.Unavailable(rw, r)
	if body := rw.Body.String(); rw.Code != 503 || !strings.Contains(body, `data-page="not-saved"`) || strings.Contains(body, "data-retry") {
		t.Errorf("cannot tell: got status %d and %s, want 503 and a page that stays", rw.Code, body)
	}
}
