package web_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

var update = flag.Bool("update", false, "rewrite REQUESTS.md") //nolint:gochecknoglobals // a flag

// TestEveryShapeOfRequestGetsItsAnswer: a page where a person looks, a few bytes
// of JSON where a program does, no cookie, and no challenge that would open a
// browser's own window.
func TestEveryShapeOfRequestGetsItsAnswer(t *testing.T) {
	t.Parallel()
	store := &leaving{Driver: memkv.New()}
	w, alice := withFactor(t, recoverytest.WithDriver(store))
	b := w.Browser()
	w.SignIn(b, alice, "/")
	cookie := b.Cookie("sparekey")
	w.Rules.Keys = []string{"/api/*"}
	wantAll := func(path, cookie string, want func(shape) string) {
		for _, s := range shapes() {
			if got := answered(t, w, s, path, cookie); got != want(s) {
				t.Errorf("%s %s, cookie %v: got %q, want %q", s.name, path, cookie != "", got, want(s))
			}
		}
	}
	wantAll("/a?b=c", "", func(s shape) string { return s.anonymous })
	wantAll("/api/a?b=c", "", func(s shape) string { return s.keyed })
	w.Rules.Allow = []string{"family"}
	wantAll("/api/a", cookie.Name+"="+cookie.Value, func(s shape) string { return s.forbidden })
	other := w.Node() // which knows of no session
	store.away.Store(true)
	other.Rules.Keys = []string{"/api/*"}
	for _, s := range shapes() {
		if got := answered(t, other, s, "/api/a", "sparekey-"+port(other)+"="+cookie.Value); got != s.away {
			t.Errorf("%s, store away: got %q, want %q", s.name, got, s.away)
		}
	}
	if w.Hits()+other.Hits() > 1 { // the page that alice came to
		t.Errorf("got %d requests at the app, want none of these", w.Hits()+other.Hits())
	}
}

// answered sends a request and puts the answer into words.
func answered(t *testing.T, w *recoverytest.World, s shape, path, cookie string) string {
	t.Helper()
	method := s.method
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(t.Context(), method, w.Server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range s.lines() {
		req.Header.Add(line[0], line[1])
	}
	if cookie != "" {
		req.Header.Set("Cookie", cookie)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	holdsAlways(t, s, res)
	return fmt.Sprintf("%d %s%s", res.StatusCode, kindOf(body), challenge(res))
}

// holdsAlways is what every such answer has, and has not.
func holdsAlways(t *testing.T, s shape, res *http.Response) {
	t.Helper()
	h := res.Header
	switch {
	case h["Set-Cookie"] != nil, h["Location"] != nil, h["Access-Control-Allow-Origin"] != nil, h["Content-Range"] != nil:
		t.Errorf("%s: got %v, want no cookie, no redirect, nothing for other sites and no part of anything", s.name, h)
	case h.Get("Cache-Control") != "no-store", h.Get("X-Content-Type-Options") != "nosniff", h.Get("Content-Security-Policy") == "":
		t.Errorf("%s: got %v, want it kept nowhere", s.name, h)
	case (h.Get("Retry-After") != "") != (res.StatusCode == http.StatusServiceUnavailable):
		t.Errorf("%s: got status %d and Retry-After %q", s.name, res.StatusCode, h.Get("Retry-After"))
	}
}

func kindOf(body []byte) string {
	_, rest, found := strings.Cut(string(body), `data-page="`)
	name, _, _ := strings.Cut(rest, `"`)
	switch {
	case found:
		return "page " + name
	case len(body) == 0:
		return "empty"
	case json.Valid(body):
		return "JSON"
	}
	return "something else"
}

func challenge(res *http.Response) string {
	switch list := res.Header["Www-Authenticate"]; {
	case len(list) == 0, len(list) == 1 && list[0] == "Sparekey":
		return ""
	case len(list) == 2 && strings.HasPrefix(list[0], `Basic realm="`) && list[1] == "Sparekey":
		return ", asks for a key"
	default:
		return fmt.Sprintf(", asks for %v", list)
	}
}

const (
	requestsFile = "../REQUESTS.md"
	requestsHead = `# Requests

What a gate answers to who is not let in, by what asks. Nothing is ever redirected, no such answer sets a cookie or may be kept, and none of
it comes from the app. JSON is ` + "`{\"error\": …, \"sign_in\": …}`" + ` with ` + "`sign_in_required` or `access_key_refused` (401), `forbidden` (403) or `unavailable` (503, with\n`Retry-After`)" + `; ` + "`sign_in`" + ` is the address of the sign-in page. This page is written by ` + "`go test ./recovery/web -run TestRequests -update`" + `.

- *Signed in, not allowed* is somebody whom ` + "`allow`" + ` leaves out. *Undecided*: the store does not answer; whoever is signed in stays so.
- *Asks for a key* is ` + "`WWW-Authenticate: Basic`" + `, by which git, curl and clients of WebDAV send the credentials they have. It is there only on paths of
  ` + "`keys`" + `, and only for what sends no Sec-Fetch header and loads no page: a browser would open a window of its own and ask for a password.
- Who sends an access key where ` + "`keys`" + ` takes them gets 401 JSON with ` + "`access_key_refused`" + ` if it is wrong, has ended, or is for another host or path:
  one answer for all of it. Sixty of them in a minute from one network, and it is 429 with ` + "`Retry-After`" + `; a right key is let in all the same.

| what asks | not signed in | where access keys are taken | signed in, not allowed | undecided |
| --- | --- | --- | --- | --- |
`
)

// TestRequests keeps REQUESTS.md.
func TestRequests(t *testing.T) {
	var b strings.Builder
	b.WriteString(requestsHead)
	for _, s := range shapes() {
		name := s.name
		if s.method != "" && !strings.Contains(name, s.method) {
			name += " (" + s.method + ")"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", name, s.anonymous, s.keyed, s.forbidden, s.away)
	}
	if *update {
		if err := os.WriteFile(requestsFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(requestsFile); err != nil || string(text) != b.String() {
		t.Errorf("%s is not what the tests say (%v): run with -update and read what changed", requestsFile, err)
	}
}
