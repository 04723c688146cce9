package web_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// openWorld has a folder that is open, a hook, and preflights of an API.
func openWorld(t *testing.T) (*recoverytest.World, *recoverytest.Person) {
	t.Helper()
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	w.Rules.Open = []guard.Opening{
		{Paths: []string{"/public/*", "/robots.txt"}},
		{Methods: []string{"POST"}, Paths: []string{"/hook"}},
		{Methods: []string{"OPTIONS"}, Paths: []string{"/api/*"}},
	}
	return w, alice
}

// ask sends a request line as it is, without a session, and returns the status.
func ask(t *testing.T, w *recoverytest.World, method, target string, header http.Header) int {
	t.Helper()
	c, err := net.Dial("tcp", w.Server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var lines strings.Builder
	_ = header.Write(&lines)
	fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n", method, target, w.Server.Listener.Addr(), lines.String())
	res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

// TestHD08_OpenPathsAreAnchored: by path from its beginning and by method, never by
// query, agent, or a header that names another path.
func TestHD08_OpenPathsAreAnchored(t *testing.T) {
	t.Parallel()
	w, _ := openWorld(t)
	for _, c := range []struct {
		method, target string
		open           bool
	}{
		{"GET", "/public/", true},
		{"HEAD", "/public/a/b.css?x=1", true},
		{"GET", "/robots.txt", true},
		{"GET", "/public/a%20b", true},
		{"GET", "/public//x", true},
		{"GET", "/public/x;v=1", true},
		{"GET", "/public/..hidden/a..b", true},
		{"POST", "/hook", true},
		{"OPTIONS", "/api/photos", true},
		{"POST", "/public/x", false},
		{"GET", "/hook", false},
		{"GET", "/api/photos", false},
		{"PUT", "/hook", false},
		{"OPTIONS", "/public/x", false},
		{"GET", "/public", false},
		{"GET", "/publicity", false},
		{"GET", "/robots.txt/x", false},
		{"GET", "/PUBLIC/x", false},
		{"GET", "/x/public/y", false},
		{"GET", "/admin?/public/", false},
		{"GET", "/admin?path=/public/x", false},
		{"POST", "/hook/", false},
		{"GET", "/", false},
	} {
		if got := ask(t, w, c.method, c.target, nil); (got == http.StatusOK) != c.open {
			t.Errorf("%s %s: got %d, want open %v", c.method, c.target, got, c.open)
		}
	}
}

// TestA58_HeadersOpenNothing and take what is open away: an app that believes such
// a header would show something else.
func TestA58_HeadersOpenNothing(t *testing.T) {
	t.Parallel()
	w, _ := openWorld(t)
	for _, name := range []string{
		"X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Original-URI", "X-Forwarded-Method", "X-HTTP-Method-Override", "X-Original_URL", "x.rewrite.url",
	} {
		value := "/public/x"
		if strings.Contains(name, "Method") {
			value = "GET"
		}
		if got := ask(t, w, "GET", "/admin", http.Header{name: {value}}); got != http.StatusUnauthorized {
			t.Errorf("%s on a protected path: got %d, want 401", name, got)
		}
		if got := ask(t, w, "GET", "/public/x", http.Header{name: {"/admin"}}); got != http.StatusUnauthorized {
			t.Errorf("%s on an open path: got %d, want 401", name, got)
		}
	}
	for _, agent := range []string{"kube-probe/1.29", "GoogleHC/1.0", "/public/x"} {
		if got := ask(t, w, "GET", "/admin", http.Header{"User-Agent": {agent}}); got != http.StatusUnauthorized {
			t.Errorf("as %s: got %d, want 401", agent, got)
		}
	}
}

// TestA59_NoSpellingOpensAProtectedPath, that of a folder beside an open one.
func TestA59_NoSpellingOpensAProtectedPath(t *testing.T) {
	t.Parallel()
	w, _ := openWorld(t)
	for _, target := range []string{
		"/admin", "//admin", "/./admin", "/public/../admin", "/public/..%2fadmin", "/%61dmin", "/admin/", "/admin;x", "/ADMIN", `/\admin`,
		"/admin%00", "/admin?/public/", "/public/%2e%2e/admin", "/public/%252e%252e/admin", `/public/..\admin`, "/public/..%5cadmin", "/public/..;/admin",
		"/public/;/../admin", "/public/%2e./admin", "/public/.%2e/admin", "/public//../admin", "/public/.%00./admin", "/public/..%c0%afadmin",
		"/public/%ef%bc%8e%ef%bc%8e/admin", "/public/..%ef%bc%8fadmin", "/public/..%20/admin", "/public/...%2fadmin", "/public/x/..%2f..%2fadmin",
		"/public%2f..%2fadmin", "/public/..%09/admin", "/public/%25%32%65%25%32%65/admin", "/public/..%23/../admin", "/public/..%3f/admin", "/public/.", "/public/..",
	} {
		if got := ask(t, w, "GET", target, nil); got == http.StatusOK {
			t.Errorf("%s: got 200 without a login", target)
		}
	}
}

// TestOpenPathsTellWhoIsSignedIn as other paths do, and only of people whom the
// other rules let pass. What a client says of itself is taken off.
func TestOpenPathsTellWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	w, alice := openWorld(t)
	forged := http.Header{"Remote-User": {"root"}}
	b := w.Browser()
	b.Header = forged
	if got, there := told(t, b.Get("/public/x")).Header["Remote-User"]; there {
		t.Errorf("without a session: got Remote-User %q, want none", got)
	}
	w.SignIn(b, alice, "/x")
	if got := told(t, b.Get("/public/x")).Header.Get("Remote-User"); got != "alice" {
		t.Errorf("signed in: got Remote-User %q, want alice", got)
	}
	w.Rules.Allow = []string{"family"}
	if got, there := told(t, b.Get("/public/x")).Header["Remote-User"]; there {
		t.Errorf("of another group: got Remote-User %q, want none", got)
	}
	if b.Get("/x"); b.Status != http.StatusForbidden {
		t.Errorf("of another group elsewhere: got %d, want 403", b.Status)
	}
}

// TestHD08_WhatIsOpenIsSoForAnotherProxyToo, by the address that it asks about, and
// nobody is named then: an empty header replaces what the client wrote.
func TestHD08_WhatIsOpenIsSoForAnotherProxyToo(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	a.Web.Forward.Hosts["https://photos.example.com"] = &guard.Rules{Open: []guard.Opening{{Paths: []string{"/public/*"}}}}
	for dialect := range dialects {
		for address, want := range map[string]int{
			"https://photos.example.com/public/x": 200, "https://photos.example.com/private": 401, "https://photos.example.com/public/..%2fprivate": 401,
			"https://photos.example.com/?/public/x": 401,
		} {
			r := a.about(dialect, "GET", address, false)
			r.Header["Remote-User"] = []string{"root"}
			res := a.ask(r)
			user, sent := res.Header["Remote-User"]
			if res.StatusCode != want || want == 200 && (!sent || len(user) != 1 || user[0] != "") {
				t.Errorf("%s, %s: got %d and Remote-User %q, want %d", dialect, address, res.StatusCode, user, want)
			}
		}
		a.want(dialect+", another method", a.about(dialect, "POST", "https://photos.example.com/public/x", false), 401, "sign_in")
	}
}
