package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// returns reads the corpus: what becomes of each target, and the target as a JSON
// string.
func returns(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/returns.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		verdict, quoted, _ := strings.Cut(strings.TrimSpace(line), " ")
		var target string
		if err := json.Unmarshal([]byte(quoted), &target); err != nil || verdict != "stays" && verdict != "default" {
			t.Fatalf("%s: %v", line, err)
		}
		out[target] = verdict
	}
	if len(out) < 300 {
		t.Fatalf("got %d targets, want 300", len(out))
	}
	return out
}

// TestHD09_ReturnTargets are paths here, or addresses whose origin is that of a
// protected host letter for letter. Every other spelling leads to the default
// page, and without a portal every other host.
func TestHD09_ReturnTargets(t *testing.T) {
	t.Parallel()
	s := &web.Server{Portal: portal, Origins: []string{photos, album, nas}}
	for target, verdict := range returns(t) {
		want := map[string]string{"stays": target, "default": "/"}[verdict]
		if got := s.Return(target); got != want {
			t.Errorf("%q: got %q, want %q", target, got, want)
		}
		if strings.HasPrefix(want, "https:") {
			want = "/"
		}
		if got := web.SafeReturn(target); got != want {
			t.Errorf("without a portal, %q: got %q, want %q", target, got, want)
		}
	}
}

// TestA60_NoSpellingLeadsElsewhere asks a portal that is signed in with each
// target: that is where the answer leads.
func TestA60_NoSpellingLeadsElsewhere(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	b := come(w, w.Browser(), alice, photos+"/")
	allowed := map[string]bool{portal: true, photos: true, album: true, nas: true}
	base, err := url.Parse(portal + "/.sparekey/login")
	if err != nil {
		t.Fatal(err)
	}
	b.NoFollow()
	for target := range returns(t) {
		b.Get("/.sparekey/login?" + url.Values{"return": {target}}.Encode())
		to, err := base.Parse(b.Answer.Get("Location"))
		if b.Status == http.StatusSeeOther && (err != nil || !allowed[to.Scheme+"://"+to.Host]) {
			t.Errorf("%q leads to %v, %v", target, to, err)
		}
		if b.Status != http.StatusSeeOther && target != "" {
			t.Errorf("%q: got status %d, want the way on", target, b.Status)
		}
	}
}
