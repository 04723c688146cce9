//go:build unix

package caddymodule_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// signedIn tells what a request with a session gets.
func (h *host) signedIn(t *testing.T, session string) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.origin()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Cookie", h.cookie(session))
	transport := &http.Transport{DialContext: toLoopback}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	for range 3 { // after a reload the listener of before resets who is just coming
		if err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
		res, err = transport.RoundTrip(req)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	return res.Body.Close() == nil && res.StatusCode == http.StatusOK
}

// load is start for a configuration that may be refused.
func (h *host) load(t *testing.T) error {
	t.Helper()
	text, err := os.ReadFile(h.caddyfile(t))
	if err != nil {
		t.Fatal(err)
	}
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return load(config)
}

// TestKY01_ASecretIsRotatedByReload: the new one behind, in front, a rekey, and the
// old one away, as README has it. Nobody is signed out, the command line reaches
// this Caddy at every step, and what does not open the store changes nothing. Then
// the new one alone starts.
func TestKY01_ASecretIsRotatedByReload(t *testing.T) {
	for _, store := range []string{"file", "redis"} {
		t.Run(store, func(t *testing.T) {
			h := newHost(t)
			if store == "redis" {
				h.store = "redis " + kvtest.StartRedis(t).URL()
			}
			session := h.seed(t)
			h.start(t)
			first, second, stranger := h.secret, strings.Repeat("fedcba9876543210", 4), strings.Repeat("0011223344556677", 4)
			for _, step := range []struct {
				name, secret, refused string
			}{
				{"another secret", stranger, "another key"},
				{"the new one behind", first + " " + second, ""},
				{"the new one in front", second + " " + first, ""},
				{"another secret again", stranger, "another key"},
				{"the old one away too early", second, "sparekey rekey"},
				{"rekey", second + " " + first, ""},
				{"the old one away", second, ""},
				{"the old one instead", first, "another key"},
			} {
				before := h.secret
				h.secret = step.secret
				err := h.load(t)
				if (err != nil) != (step.refused != "") || err != nil && !strings.Contains(err.Error(), step.refused) {
					t.Fatalf("%s: got %v, want it refused with %q", step.name, err, step.refused)
				}
				if step.refused != "" {
					h.secret = before
				}
				if !h.signedIn(t, session) {
					t.Fatalf("%s: signed out", step.name)
				}
				sparekey(t, "user", "list", "--config="+h.caddyfile(t)).want(t, 0, "asked the running Caddy")
				if step.name == "rekey" {
					h.rekey(t)
				}
			}
			h.stop(t)
			h.start(t)
			if !h.signedIn(t, session) {
				t.Fatal("after a start with the new one alone: signed out")
			}
			sparekey(t, "rescue", "alice", "--config="+h.caddyfile(t)).want(t, 0, "asked the running Caddy")
		})
	}
}

// rekey runs it as an operator does who has just reloaded: it is refused while the
// configuration of before still ends.
func (h *host) rekey(t *testing.T) {
	t.Helper()
	r := sparekey(t, "rekey", "--json", "--config="+h.caddyfile(t))
	for end := time.Now().Add(10 * time.Second); r.code != 0 && time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		r = sparekey(t, "rekey", "--json", "--config="+h.caddyfile(t))
	}
	got := decode[struct {
		Records, Sealed, Damaged int
		Codes                    []string `json:"codes_under_an_older_key"`
	}](t, r)
	if got.Records == 0 || got.Sealed == 0 || got.Damaged != 0 || !slices.Equal(got.Codes, []string{"alice"}) {
		t.Errorf("got %+v, want records sealed anew, and the codes of alice", got)
	}
	sparekey(t, "doctor", "--config="+h.caddyfile(t)).want(t, 0, "")
}

// TestRetiredConfigurationsHoldNothing reloads while the app is used and its
// connections stay open: they hold the routes they were made for, but no engine
// and no pages, which are 3 MiB each.
func TestRetiredConfigurationsHoldNothing(t *testing.T) {
	recoverytest.Slow(t)
	const reloads, limit = 20, 10
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "app") }))
	defer app.Close()
	h := newHost(t)
	session := h.seed(t)
	h.site = "reverse_proxy " + strings.TrimPrefix(app.URL, "http://")
	h.start(t)
	reload := func(n int) {
		for range n {
			h.more += "#\n"
			if err := h.load(t); err != nil {
				t.Fatal(err)
			}
			if !h.signedIn(t, session) {
				t.Fatal("a visitor was turned away")
			}
		}
		time.Sleep(3 * time.Second) // the last is retired after two
	}
	reload(5)
	before := live()
	reload(reloads)
	got := int64(live()-before) >> 20
	if t.Logf("%d reloads hold %d MiB", reloads, got); got > limit {
		t.Errorf("%d reloads hold %d MiB, want at most %d", reloads, got, limit)
	}
}

// live is the heap in use.
func live() uint64 {
	var m runtime.MemStats
	debug.FreeOSMemory()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestAPipeAmongTheTemplatesIsRefused, and not waited on.
func TestAPipeAmongTheTemplatesIsRefused(t *testing.T) {
	h := newHost(t)
	folder := filepath.Join(h.folder, "templates")
	for _, name := range []string{"pages/sign-in.html", "static/theme.css", "locales/en.json"} {
		if err := os.MkdirAll(filepath.Join(folder, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		makePipe(t, filepath.Join(folder, name))
		h.more = "templates " + folder
		done := make(chan error, 1)
		go func() { done <- h.load(t) }()
		select {
		case err := <-done:
			if err == nil || !strings.Contains(err.Error(), "not a file") {
				t.Errorf("%s: got %v, want it refused", name, err)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: still waiting after ten seconds", name)
		}
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
	}
}

func makePipe(t *testing.T, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}
