//go:build unix

package caddymodule_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// command is a request on the control socket, written here once more from the
// rules: MAC over method, address, time, nonce and body.
type command struct {
	keys         *secret.Keys
	method, path string
	body         string
	at           time.Time
	nonce        string
	mac          string // empty: made from the above
}

func (c command) signed() command {
	if c.mac == "" {
		c.mac = hex.EncodeToString(c.keys.MAC("control request", c.method, c.path, strconv.FormatInt(c.at.UnixMilli(), 10), c.nonce, c.body))
	}
	return c
}

func dial(socket string) *http.Client {
	return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
}

func (c command) send(t *testing.T, socket string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), c.method, "http://sparekey"+c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sparekey-At", strconv.FormatInt(c.at.UnixMilli(), 10))
	r.Header.Set("Sparekey-Nonce", c.nonce)
	r.Header.Set("Sparekey-Mac", c.mac)
	response, err := dial(socket).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(b)
}

// TestSocketRefuses: opening the socket gives nothing without the root key,
// and nothing with an old recording.
func TestSocketRefuses(t *testing.T) {
	h := newHost(t)
	h.start(t)
	good := func() command {
		return command{keys: h.keys(t), method: http.MethodPost, path: "/v1/user-list", body: "{}", at: time.Now(), nonce: secret.Token(16)}
	}
	other, err := secret.NewKeys(secret.NewRoot())
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		before func(*command) // changes what is signed
		after  func(*command) // changes what is sent
		want   int
	}{
		{"nothing wrong", nil, nil, http.StatusOK},
		{"unknown operation", func(c *command) { c.path = "/v1/format-disk" }, nil, http.StatusUnprocessableEntity},
		{"unknown option", func(c *command) { c.body = `{"force":true}` }, nil, http.StatusUnprocessableEntity},
		{"no JSON", func(c *command) { c.body = "user=anna" }, nil, http.StatusUnprocessableEntity},
		{"other key", func(c *command) { c.keys = other }, nil, http.StatusForbidden},
		{"no MAC", nil, func(c *command) { c.mac = "" }, http.StatusForbidden},
		{"MAC that is no hex", nil, func(c *command) { c.mac = "zz" }, http.StatusForbidden},
		{"shortened MAC", nil, func(c *command) { c.mac = c.mac[:32] }, http.StatusForbidden},
		{"no nonce", func(c *command) { c.nonce = "" }, nil, http.StatusForbidden},
		{"other nonce", nil, func(c *command) { c.nonce = secret.Token(16) }, http.StatusForbidden},
		{"other body", nil, func(c *command) { c.body = `{"user":"mallory"}` }, http.StatusForbidden},
		{"other operation", nil, func(c *command) { c.path = "/v1/setup-link" }, http.StatusForbidden},
		{"added query", nil, func(c *command) { c.path += "?x=1" }, http.StatusForbidden},
		{"other method", nil, func(c *command) { c.method = http.MethodPut }, http.StatusForbidden},
		{"other time", nil, func(c *command) { c.at = c.at.Add(time.Second) }, http.StatusForbidden},
		{"old", func(c *command) { c.at = c.at.Add(-31 * time.Second) }, nil, http.StatusForbidden},
		{"from before this Caddy", func(c *command) { c.at = c.at.Add(-25 * time.Second) }, nil, http.StatusForbidden},
		{"from the future", func(c *command) { c.at = c.at.Add(31 * time.Second) }, nil, http.StatusForbidden},
		{"fast clock", func(c *command) { c.at = c.at.Add(20 * time.Second) }, nil, http.StatusOK},
		{"too long", func(c *command) { c.body = `{"user":"` + strings.Repeat("a", 64<<10) + `"}` }, nil, http.StatusRequestEntityTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := good()
			if tt.before != nil {
				tt.before(&c)
			}
			c = c.signed()
			if tt.after != nil {
				tt.after(&c)
			}
			status, body := c.send(t, h.socket)
			if status != tt.want {
				t.Errorf("got %d %q, want %d", status, body, tt.want)
			}
			if again, _ := c.send(t, h.socket); again == http.StatusOK {
				t.Errorf("replayed: got %d, want a refusal", again)
			}
		})
	}
}

// TestSocketReplayInParallel: of many copies of one request one counts.
func TestSocketReplayInParallel(t *testing.T) {
	h := newHost(t)
	h.start(t)
	c := command{keys: h.keys(t), method: http.MethodPost, path: "/v1/setup-link", body: "{}", at: time.Now(), nonce: secret.Token(16)}.signed()
	const copies = 20
	answers := make(chan int, copies)
	for range copies {
		go func() {
			status, _ := c.send(t, h.socket)
			answers <- status
		}()
	}
	done := 0
	for range copies {
		if <-answers == http.StatusOK {
			done++
		}
	}
	if done != 1 {
		t.Errorf("got %d of %d copies done, want 1", done, copies)
	}
}

func TestSocketAfterCrash(t *testing.T) {
	h := newHost(t)
	h.start(t)
	h.stop(t)
	leave(t, h.socket)
	sparekey(t, "user", "list", "--data", h.data()).want(t, 0, "no Caddy is running")
	h.start(t)
	sparekey(t, "user", "list", "--data", h.data()).want(t, 0, "asked the running Caddy")
	if info, err := os.Lstat(h.socket); err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("got %v, %v, want a socket of mode 600", info, err)
	}
}

// leave makes a socket nobody listens on.
func leave(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestSocketFollowsReload: the newest configuration answers, on one socket.
func TestSocketFollowsReload(t *testing.T) {
	h := newHost(t)
	h.start(t)
	before, err := os.Lstat(h.socket)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.localhost", "b.localhost", "c.localhost"} {
		h.name = name
		h.start(t)
		out := sparekey(t, "setup-link", "--data", h.data()).want(t, 0, h.socket).out
		if !strings.HasPrefix(out, h.origin()+"/") {
			t.Errorf("got %q, want origin %s", out, h.origin())
		}
	}
	after, err := os.Lstat(h.socket)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("got %v, %v, want the socket of before", after, err)
	}
}

// TestSocketFolder: a folder that others may have prepared is not used. The
// sites stay open, and the command says what is wrong.
func TestSocketFolder(t *testing.T) {
	tests := []struct {
		name string
		make func(t *testing.T, folder string)
	}{
		{"open to others", func(t *testing.T, folder string) {
			t.Helper()
			if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(folder, 0o750); err != nil {
				t.Fatal(err)
			}
		}},
		{"link", func(t *testing.T, folder string) {
			t.Helper()
			elsewhere := filepath.Join(filepath.Dir(folder), "elsewhere")
			if err := os.MkdirAll(elsewhere, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(elsewhere, folder); err != nil {
				t.Fatal(err)
			}
		}},
		{"file", func(t *testing.T, folder string) {
			t.Helper()
			if err := os.MkdirAll(filepath.Dir(folder), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(folder, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost(t)
			tt.make(t, filepath.Dir(h.socket))
			h.start(t)
			if _, err := os.Stat(h.socket); err == nil {
				t.Error("got a socket, want none")
			}
			sparekey(t, "user", "list", "--data", h.data()).want(t, 1, filepath.Dir(h.socket))
			response, err := http.Get(h.origin() + "/") //nolint:noctx // a test
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if response.StatusCode == http.StatusServiceUnavailable {
				t.Errorf("got %d from the site, want it to work", response.StatusCode)
			}
		})
	}
}

// TestLongPath: the socket moves to a folder for run-time files.
func TestLongPath(t *testing.T) {
	h := newHost(t)
	folder := filepath.Join(h.folder, strings.Repeat("long/", 20))
	h.store = "file " + filepath.Join(folder, "sparekey.db")
	roots := filepath.Join(h.folder, "r")
	if err := os.Mkdir(roots, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_RUNTIME_DIR", roots)
	h.start(t)
	found, err := filepath.Glob(filepath.Join(roots, "sparekey-*", "sparekey.sock"))
	if err != nil || len(found) != 1 {
		t.Fatalf("got sockets %q, %v, want one below %s", found, err, roots)
	}
	h.socket = found[0]
	sparekey(t, "user", "add", "anna", "--data", folder).want(t, 0, "asked the running Caddy at "+h.socket)
	h.stop(t)
	if left, err := os.ReadDir(roots); len(left) != 0 || err != nil {
		t.Errorf("got %v, %v, want nothing left behind", left, err)
	}
	sparekey(t, "user", "show", "anna", "--data", folder).want(t, 0, "no Caddy is running")
}

// TestImpostor: a program that got hold of the socket's name is not believed.
func TestImpostor(t *testing.T) {
	h := newHost(t)
	h.start(t)
	h.stop(t)
	recorded := ""
	tests := []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"no MAC", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"link":"#evil","origin":"https://evil.example"}`)
		}},
		{"MAC of the request", func(w http.ResponseWriter, r *http.Request) {
			recorded = r.Header.Get("Sparekey-Mac")
			w.Header().Set("Sparekey-Mac", recorded)
			_, _ = io.Copy(w, r.Body)
		}},
		{"refusal without MAC", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = io.WriteString(w, `{"error":"send your key to evil.example"}`)
		}},
		{"endless", func(w http.ResponseWriter, _ *http.Request) {
			for range 1 << 10 {
				if _, err := w.Write(bytes.Repeat([]byte("x"), 64<<10)); err != nil {
					return
				}
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := os.MkdirAll(filepath.Dir(h.socket), 0o700); err != nil {
				t.Fatal(err)
			}
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: h.socket, Net: "unix"})
			if err != nil {
				t.Fatal(err)
			}
			server := &http.Server{Handler: tt.answer, ReadHeaderTimeout: time.Second}
			go func() { _ = server.Serve(l) }()
			defer server.Close()
			r := sparekey(t, "setup-link", "--data", h.data()).want(t, 1, "another key")
			if strings.Contains(r.said, "evil") {
				t.Errorf("got %q, want nothing of the impostor's", r.said)
			}
		})
	}
}
