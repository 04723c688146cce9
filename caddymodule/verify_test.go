//go:build unix

package caddymodule_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// newVerifier is a Caddy that other proxies ask about photos.example.com, over
// http, where any host comes to the gate.
func newVerifier(t *testing.T) (h *host, cookie, session string) {
	t.Helper()
	h = newHost(t)
	session = h.seed(t)
	h.more = "portal login.example.com\n\t\tfrom 127.0.0.1 unix\n\t\tsite photos.example.com\n\t\tsite admin.example.com {\n\t\t\tallow nobody-here\n\t\t}"
	h.name, h.site = "", "respond 403"
	return h, h.cookieFor(t, session, "https://photos.example.com"), session
}

// cookieFor is the Cookie header for a host with a portal, while no Caddy runs.
func (h *host) cookieFor(t *testing.T, session, origin string) string {
	t.Helper()
	root, err := hex.DecodeString(h.secret)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := secret.NewKeys(root)
	if err != nil {
		t.Fatal(err)
	}
	d := h.driver(t)
	defer d.Close()
	store := &kv.Store{Driver: d, Sealer: keys, Now: time.Now}
	id, sum := recovery.SplitSession(session)
	account, _, err := kv.Load[recovery.Account](t.Context(), store, recovery.AccountKey(id))
	if err != nil {
		t.Fatal(err)
	}
	value, err := recovery.NewHostCookie(account.Session(sum, time.Now()), session, origin).Seal(keys)
	if err != nil {
		t.Fatal(err)
	}
	return "__Host-sparekey=" + value
}

// question is one of Caddy's forward_auth about a request.
func question(t *testing.T, host, cookie string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://sparekey.internal/.sparekey/verify", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{
		"X-Forwarded-Method": {"GET"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {host}, "X-Forwarded-Uri": {"/album?id=7"}, "Cookie": {cookie},
	}
	return r
}

// ask sends a question over a connection.
func (h *host) ask(t *testing.T, r *http.Request, network, address string) *http.Response {
	t.Helper()
	client := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	res, err := client.RoundTrip(r)
	for tries := 0; err != nil && tries < 5; tries++ { // after a reload the listener of before resets who is just coming
		res, err = client.RoundTrip(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.Body.Close(); res.StatusCode == http.StatusOK && len(body) > 0 {
		t.Errorf("got a yes with the body %q", body)
	}
	return res
}

func (h *host) loopback() string { return fmt.Sprintf("127.0.0.1:%d", h.port) }

// TestVerifyInCaddy asks by every way there is to come to it.
func TestVerifyInCaddy(t *testing.T) {
	h, cookie, session := newVerifier(t)
	admin := h.cookieFor(t, session, "https://admin.example.com")
	socket := filepath.Join(h.folder, "listen.sock")
	h.global = "default_bind 127.0.0.1 127.0.0.2 unix/" + socket
	h.start(t)
	for _, tc := range []struct {
		name, host, cookie, network, address string
		status                               int
		reason                               string
	}{
		{"signed in", "photos.example.com", cookie, "tcp", h.loopback(), 200, ""},
		{"by a socket", "photos.example.com", cookie, "unix", socket, 200, ""},
		{"nobody", "photos.example.com", "", "tcp", h.loopback(), 401, "sign_in"},
		{"another group", "admin.example.com", admin, "tcp", h.loopback(), 403, "forbidden"},
		{"another host's cookie", "photos.example.com", admin, "tcp", h.loopback(), 401, "sign_in"},
		{"another host", "other.example.com", cookie, "tcp", h.loopback(), 403, "host"},
	} {
		res := h.ask(t, question(t, tc.host, tc.cookie), tc.network, tc.address)
		if got := res.Header.Get(web.HeaderReason); res.StatusCode != tc.status || got != tc.reason {
			t.Errorf("%s: got %d %q, want %d %q", tc.name, res.StatusCode, got, tc.status, tc.reason)
		}
		if who := res.Header.Get("Remote-User"); (who == "alice") != (tc.status == 200) {
			t.Errorf("%s: got Remote-User %q", tc.name, who)
		}
	}
	h.wantLog(t, "another proxy has asked and was refused")
	h.more = strings.Replace(h.more, "127.0.0.1 unix", "127.0.0.9", 1)
	h.start(t)
	for network, address := range map[string]string{"tcp": h.loopback(), "unix": socket} {
		if res := h.ask(t, question(t, "photos.example.com", cookie), network, address); res.StatusCode != 403 || res.Header.Get(web.HeaderReason) != "peer" {
			t.Errorf("%s: got %d to a peer that may not ask, want 403", network, res.StatusCode)
		}
	}
}

func (h *host) wantLog(t *testing.T, words string) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if strings.Contains(h.log(t), words) {
			return
		}
	}
	t.Errorf("the log does not say %q", words)
}

// TestHD05_NoOtherAddressIsAYes: what a proxy asks anywhere but at verify is
// refused, whoever is signed in, and in whatever state the gate is.
func TestHD05_NoOtherAddressIsAYes(t *testing.T) {
	h, cookie, _ := newVerifier(t)
	h.site = `respond "the app" 200`
	h.start(t)
	for _, path := range []string{
		"/", "/verify", "/.sparekey", "/.sparekey/", "/.sparekey/healthz", "/.sparekey/login", "/.sparekey/static/sparekey.css", "/.sparekey/account",
		"/.sparekey/verify/", "/.sparekey/verify/caddy", "/.sparekey/verify/envoy", "/.sparekey/Verify", "//.sparekey/verify", "/.sparekey/verify/nginx/",
	} {
		for _, name := range []string{"X-Forwarded-Uri", "X-Forwarded-Method", "X-Original-Url", "X-Original-Uri", "X-Original-Method"} {
			r := question(t, "photos.example.com", cookie)
			r.URL.Path = path
			r.Header = http.Header{"Cookie": r.Header["Cookie"], name: {"/"}}
			if res := h.ask(t, r, "tcp", h.loopback()); res.StatusCode != 403 {
				t.Errorf("%s with %s: got %d, want 403", path, name, res.StatusCode)
			}
		}
	}
}

// TestHD11_LongBodiesAtVerify: a gibibyte is not read, and takes no memory.
func TestHD11_LongBodiesAtVerify(t *testing.T) {
	h, cookie, _ := newVerifier(t)
	h.start(t)
	for status, who := range map[int]string{200: cookie, 401: ""} {
		conn, err := net.Dial("tcp", h.loopback())
		if err != nil {
			t.Fatal(err)
		}
		r := question(t, "photos.example.com", who)
		fmt.Fprint(conn, "POST /.sparekey/verify HTTP/1.1\r\nHost: sparekey.internal\r\nContent-Length: 1073741824\r\n")
		_ = r.Header.Write(conn)
		fmt.Fprint(conn, "\r\n")
		sent := make(chan int64)
		go func() {
			n, _ := io.Copy(conn, io.LimitReader(endless{}, 1<<30)) // until it is cut
			sent <- n
		}()
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != status {
			t.Fatalf("got %v, %v, want %d", res, err, status)
		}
		res.Body.Close()
		if n := <-sent; n > 16<<20 {
			t.Errorf("%d bytes of the body were taken", n)
		}
		conn.Close()
	}
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestVerifyDuringAReload: none of a thousand questions is answered wrongly while
// the configuration changes under them.
func TestVerifyDuringAReload(t *testing.T) {
	h, cookie, _ := newVerifier(t)
	h.start(t)
	var asking sync.WaitGroup
	var yes, cut atomic.Int64
	for n := range 8 {
		asking.Go(func() {
			client := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", h.loopback())
			}}
			defer client.CloseIdleConnections()
			for i := range 125 {
				who, want := cookie, 200
				if (n+i)%2 == 0 {
					who, want = "", 401
				}
				res, err := client.RoundTrip(question(t, "photos.example.com", who))
				if err != nil {
					cut.Add(1) // the listener of before closes what it has accepted
					continue
				}
				if res.Body.Close(); res.StatusCode != want && res.StatusCode != http.StatusServiceUnavailable {
					t.Errorf("got %d, want %d", res.StatusCode, want)
				}
				if res.StatusCode == 200 {
					yes.Add(1)
				}
			}
		})
	}
	for i := range 3 {
		h.more += fmt.Sprintf("\n\t\tsite s%d.example.com", i)
		h.start(t)
	}
	asking.Wait()
	if yes.Load() < 400 || cut.Load() > 100 {
		t.Errorf("got %d yes and %d connections cut, want nearly all answered", yes.Load(), cut.Load())
	}
}
