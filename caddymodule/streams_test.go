//go:build unix

package caddymodule_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/fcgi"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestSE05_StreamsEndInCaddy opens what never ends through every handler that
// could miss the end of a context, and ends the session: at once, and after a
// reload that left the requests with the configuration of before.
func TestSE05_StreamsEndInCaddy(t *testing.T) {
	recoverytest.Slow(t)
	app := httptest.NewServer(http.HandlerFunc(recoverytest.StreamApp))
	defer app.Close()
	php, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer php.Close()
	go func() { _ = fcgi.Serve(php, http.HandlerFunc(recoverytest.StreamApp)) }()
	for _, tc := range []struct {
		name   string
		paths  []string
		reload bool
	}{
		{"at once", []string{
			"/plain/ws", "/plain/events", "/plain/silent", "/plain/upload", "/flush/ws", "/flush/events", "/flush/silent", "/flush/upload",
			"/delay/ws", "/delay/events", "/php/events", "/file/large",
		}, false},
		{"after a reload", []string{"/plain/events", "/flush/events", "/delay/ws", "/delay/events", "/file/large"}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHost(t)
			session := h.seed(t)
			large(t, filepath.Join(h.folder, "file"))
			h.site = streamSite(strings.TrimPrefix(app.URL, "http://"), php.Addr().String(), h.folder)
			h.start(t)
			client := &http.Transport{DialContext: toLoopback}
			var list []recoverytest.OpenRequest
			for _, path := range tc.paths {
				list = append(list, recoverytest.Open(t, client, h.origin()+path, h.cookie(session)))
			}
			if tc.reload {
				h.more = "name anew"
				h.start(t)
				time.Sleep(3 * time.Second) // the configuration before is retired after two
			}
			recoverytest.WantOpen(t, "before", list)
			h.signOut(t, session)
			recoverytest.WantOver(t, tc.name, list, 1500*time.Millisecond)
		})
	}
}

func streamSite(app, php, folder string) string {
	return fmt.Sprintf(`reverse_proxy /plain/* %[1]s
	reverse_proxy /flush/* %[1]s {
		flush_interval -1
	}
	reverse_proxy /delay/* %[1]s {
		stream_close_delay 1h
	}
	reverse_proxy /php/* %[2]s {
		transport fastcgi {
			root /
		}
	}
	root /file/* %[3]s
	file_server /file/*`, app, php, folder)
}

// large makes a file that takes a client of these tests 40 seconds, and no space.
func large(t *testing.T, folder string) {
	t.Helper()
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(folder, "large"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(1 << 30); err != nil {
		t.Fatal(err)
	}
}

// signOut ends a session as the button does.
func (h *host) signOut(t *testing.T, session string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.origin()+"/.sparekey/logout", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Cookie": {h.cookie(session)}, "Sec-Fetch-Site": {"same-origin"}, "Content-Type": {"application/x-www-form-urlencoded"}}
	res, err := (&http.Transport{DialContext: toLoopback, DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.Body.Close(); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("got status %d for a sign-out, want 303", res.StatusCode)
	}
}
