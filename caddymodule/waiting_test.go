//go:build unix

package caddymodule_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// onRedis is a host on a Redis, with another site beside the gate. Its Redis
// evicts accounts, which nobody would start with.
func onRedis(t *testing.T) (h *host, server *kvtest.Redis, other string) {
	t.Helper()
	server = kvtest.StartRedis(t, "--maxmemory-policy", "allkeys-lru")
	h = newHost(t)
	h.store, h.secret = "redis "+server.URL(), strings.Repeat("0123456789abcdef", 4)
	port, err := kvtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	beside := *h
	beside.port = port
	h.site = "respond app\n}\n" + beside.origin() + " {\n\trespond other"
	return h, server, beside.origin()
}

// visit asks for a page, or in the background, with the cookies of somebody who is
// signed in.
func (h *host) visit(t *testing.T, url, accept string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("Cookie", "sparekey=somebody; sparekey_flow=something")
	transport := &http.Transport{DialContext: toLoopback, DisableKeepAlives: true}
	res, err := transport.RoundTrip(req)
	for tries := 0; err != nil && tries < 5; tries++ { // the listener of before may reset what it has accepted
		res, err = transport.RoundTrip(req)
	}
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || res.Body.Close() != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// wantClosed wants 503 for a page and in the background, and that nobody loses a
// cookie.
func (h *host) wantClosed(t *testing.T) {
	t.Helper()
	for accept, want := range map[string]string{"text/html": "</html>", "application/json": `"unavailable"`} {
		for _, path := range []string{"/", "/.sparekey/account", "/.sparekey/health"} {
			res, body := h.visit(t, h.origin()+path, accept)
			if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || len(res.Header["Set-Cookie"]) > 0 || !strings.Contains(body, want) {
				t.Errorf("%s as %s: got %d %v %s, want 503 with Retry-After, %s and no cookie", path, accept, res.StatusCode, res.Header, body, want)
			}
		}
	}
	if res, body := h.visit(t, h.origin()+"/.sparekey/healthz", "*/*"); res.StatusCode != http.StatusServiceUnavailable || body != "unavailable\n" {
		t.Errorf("healthz: got %d %q, want 503 and one word", res.StatusCode, body)
	}
	if res, _ := h.visit(t, h.origin()+"/.sparekey/static/page.css", "text/css"); res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNotFound {
		t.Errorf("a style sheet: got %d", res.StatusCode)
	}
}

// wantSaid waits until the log has the words, and wants doctor to have them too.
func (h *host) wantSaid(t *testing.T, words string) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !strings.Contains(h.log(t), words); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the log has no %q:\n%s", words, h.log(t))
		}
	}
	sparekey(t, "user", "list", "--config="+h.caddyfile(t)).want(t, 1, words)
	if r := sparekey(t, "doctor", "--config="+h.caddyfile(t)); r.code != 1 || !strings.Contains(r.out, words) || !strings.Contains(r.out, "503") {
		t.Errorf("doctor: got %d, %s, want the fault %q", r.code, r.out, words)
	}
}

func (h *host) log(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(h.folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAStoreThatComesLater: Redis is away at the start, and each thing that a start
// would refuse is found once it has come. The gate stays closed for all of them,
// other sites are served, reloads succeed, and in the end it opens by itself.
func TestAStoreThatComesLater(t *testing.T) {
	recoverytest.Slow(t)
	h, server, other := onRedis(t)
	if err := h.load(t); err == nil || !strings.Contains(err.Error(), "set it to noeviction") {
		t.Fatalf("a Redis that is there and wrong: got %v, want no start\n%s", err, h.log(t))
	}
	server.Stop()
	h.start(t)
	h.wantClosed(t)
	h.wantSaid(t, "redis does not answer")
	h.more = "name Photos"
	h.start(t)
	h.wantClosed(t)
	if res, body := h.visit(t, other, "text/html"); res.StatusCode != http.StatusOK || body != "other" {
		t.Errorf("the other site: got %d %s", res.StatusCode, body)
	}

	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	do := func(args ...string) {
		t.Helper()
		if out, err := server.Do(args...); err != nil {
			t.Fatalf("%v: %v %s", args, err, out)
		}
	}
	h.wantSaid(t, "set it to noeviction")
	do("SET", "sparekey:check", "sealed by another")
	do("CONFIG", "SET", "maxmemory-policy", "noeviction")
	h.wantSaid(t, "sealed with another key")
	h.wantClosed(t)
	do("DEL", "sparekey:check")
	do("HSET", "sparekey:rootkeys", "not", "ours")
	h.wantSaid(t, "WRONGTYPE")
	h.wantClosed(t)
	do("DEL", "sparekey:rootkeys", "sparekey:check")
	h.wantOpen(t)

	server.Stop() // and takes all with it
	h.more = "name Albums"
	h.start(t)
	h.wantClosed(t)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	do("CONFIG", "SET", "maxmemory-policy", "noeviction")
	for end := time.Now().Add(15 * time.Second); strings.Count(h.log(t), "the gate is open") < 2; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after a reload without a store: the gate did not open again:\n%s", h.log(t))
		}
	}
}

// wantOpen waits for the set-up link, which leads to a page then.
func (h *host) wantOpen(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !strings.Contains(h.log(t), "/.sparekey/setup#"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no set-up link was printed:\n%s", h.log(t))
		}
	}
	if res, body := h.visit(t, h.origin()+"/", "text/html"); res.StatusCode != http.StatusUnauthorized || strings.Contains(body, "app") && body == "app" {
		t.Errorf("once it has come: got %d %s, want the page of the set-up", res.StatusCode, body)
	}
	sparekey(t, "user", "list", "--config="+h.caddyfile(t)).want(t, 0, "asked the running Caddy")
	if strings.Count(h.log(t), "gate not open") > 0 {
		t.Error("each request was logged as an error")
	}
}

// TestStopWhileTheStoreIsAway: a configuration that ends opens nothing later.
func TestStopWhileTheStoreIsAway(t *testing.T) {
	h, server, _ := onRedis(t)
	server.Stop()
	h.start(t)
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1200 * time.Millisecond)
	if keys, err := server.Do("KEYS", "*"); err != nil || keys != "" {
		t.Errorf("got keys %q, %v, want none", keys, err)
	}
}

// A Caddy that is stopped, and not reloaded, gives nobody the two seconds of a reload:
// whoever starts it again finds its store free.
func TestAStoppedCaddyLetsGoAtOnce(t *testing.T) {
	h := newHost(t)
	h.start(t)
	begin := time.Now()
	if h.stop(t); time.Since(begin) > 1500*time.Millisecond {
		t.Errorf("let go after %v, want at once", time.Since(begin))
	}
}
