//go:build linux

package caddymodule_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
)

// tunnel is a Caddy that takes TLS off in front of one with a gate: what
// Cloudflare Tunnel, Tailscale or a router's proxy is. Both run in one process.
type tunnel struct {
	*host
	front   int // the port that people reach
	session string
}

const tunnelled = `{
	admin off
	persist_config off
	skip_install_trust
	auto_https disable_redirects
	storage file_system %[1]s/certificates
	log {
		output file %[1]s/log
	}
	servers 127.0.0.1:%[3]d {
		trusted_proxies static %[5]s
	}
	sparekey {
		store file %[1]s/data/sparekey.db
		secret %[2]s
	}
}
https://photos.example.com:%[4]d {
	bind 127.0.0.1
	tls internal
	reverse_proxy 127.0.0.1:%[3]d {
		header_up X-Test {http.request.remote.host}
	}
}
http://photos.example.com:%[3]d {
	bind 127.0.0.1
	sparekey
	respond "app for {http.auth.user.id}, {header.X-Forwarded-Proto} from {header.X-Forwarded-For}"
}
`

func newTunnel(t *testing.T, trusted string) *tunnel {
	t.Helper()
	h := newHost(t)
	front, err := kvtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	x := &tunnel{host: h, front: front, session: h.seed(t)}
	x.run(t, trusted)
	return x
}

func (x *tunnel) run(t *testing.T, trusted string) {
	t.Helper()
	text := fmt.Sprintf(tunnelled, x.folder, x.secret, x.port, x.front, trusted)
	if err := os.WriteFile(filepath.Join(x.folder, "Caddyfile"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	body, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatal(err)
	}
	if err := load(body); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = caddy.Stop() })
}

// from asks the front by https, or the gate directly, as somebody at an address of
// this machine.
func (x *tunnel) from(t *testing.T, address, method, url string, header http.Header) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header.Clone()
	req.Header.Set("Accept", "text/html")
	client := http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // made a moment ago, by ourselves
		DialContext: func(ctx context.Context, _, to string) (net.Conn, error) {
			_, port, _ := net.SplitHostPort(to)
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: 5 * time.Second}
			return d.DialContext(ctx, "tcp", "127.0.0.1:"+port)
		},
	}
	res, err := client.RoundTrip(req)
	for tries := 0; err != nil && tries < 50; tries++ { // the certificate is being made
		time.Sleep(50 * time.Millisecond)
		res, err = client.RoundTrip(req)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// TestHD06_CaddyBehindCaddy: a site in the clear behind a trusted proxy is one on
// https, and to everybody else it is plain http, whatever they claim.
func TestHD06_CaddyBehindCaddy(t *testing.T) {
	x := newTunnel(t, "127.0.0.1/32")
	front, direct := fmt.Sprintf("https://photos.example.com:%d", x.front), fmt.Sprintf("http://photos.example.com:%d", x.port)
	secure := http.Header{"Cookie": {fmt.Sprintf("__Host-sparekey-%d=%s; __Host-sparekey-%d=%s", x.front, x.session, x.port, x.session)}}
	claim := http.Header{
		"Cookie": secure["Cookie"], "X-Forwarded-Proto": {"https"}, "X-Forwarded-For": {"192.0.2.1"}, "X-Forwarded-Host": {"evil.example"},
	}
	plain := http.Header{"Cookie": {x.cookie(x.session)}}
	for _, tc := range []struct {
		name, address, url string
		header             http.Header
		status             int
		body               string
	}{
		{"through the proxy", "127.0.0.2", front + "/", http.Header{}, 401, "data-page=\"sign-in\""},
		{"our pages through it", "127.0.0.2", front + "/.sparekey/login", http.Header{}, 200, "data-page=\"sign-in\""},
		{"signed in through it", "127.0.0.2", front + "/", secure, 200, "app for alice, https from 127.0.0.2"},
		{"claims through it are replaced", "127.0.0.2", front + "/", claim, 200, "app for alice, https from 127.0.0.2"},
		{"a cookie of plain http through it", "127.0.0.2", front + "/", plain, 401, "data-page=\"sign-in\""},
		{"past the proxy", "127.0.0.2", direct + "/", http.Header{}, 403, "data-page=\"refused\""},
		{"past the proxy with a session", "127.0.0.2", direct + "/", secure, 403, "data-page=\"refused\""},
		{"past the proxy with a session of plain http", "127.0.0.2", direct + "/", plain, 403, "data-page=\"refused\""},
		{"past the proxy with claims", "127.0.0.2", direct + "/", claim, 403, "data-page=\"refused\""},
		{"past the proxy with claims to our pages", "127.0.0.2", direct + "/.sparekey/login", claim, 403, "data-page=\"refused\""},
		{"the proxy says http", "127.0.0.1", direct + "/", http.Header{"X-Forwarded-Proto": {"http"}, "Cookie": secure["Cookie"]}, 403, "data-page=\"refused\""},
		{"the proxy says nothing", "127.0.0.1", direct + "/", secure, 403, "data-page=\"refused\""},
		{"the proxy says both", "127.0.0.1", direct + "/", http.Header{"X-Forwarded-Proto": {"https", "http"}, "Cookie": secure["Cookie"]}, 400, "data-page=\"refused\""},
		{"the proxy says a list on our pages", "127.0.0.1", direct + "/.sparekey/login", http.Header{"X-Forwarded-Proto": {"https,http"}}, 400, "data-page=\"refused\""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			res, body := x.from(t, tc.address, http.MethodGet, tc.url, tc.header)
			if res.StatusCode != tc.status || !strings.Contains(body, tc.body) {
				t.Errorf("got %d and %.300s, want %d and %s", res.StatusCode, body, tc.status, tc.body)
			}
			if sts := res.Header.Get("Strict-Transport-Security"); (sts != "") != (strings.HasPrefix(tc.url, "https") && !strings.HasPrefix(body, "app")) {
				t.Errorf("got Strict-Transport-Security %q", sts)
			}
		})
	}
}

// TestTH06_WhoIsCountedBehindCaddy: appended and overwritten, by the proxy and by a
// stranger.
func TestTH06_WhoIsCountedBehindCaddy(t *testing.T) {
	x := newTunnel(t, "127.0.0.1/32 10.0.0.0/8")
	front, direct := fmt.Sprintf("https://photos.example.com:%d/.sparekey/", x.front), fmt.Sprintf("http://photos.example.com:%d/.sparekey/", x.port)
	for _, tc := range []struct{ name, address, url, way, want string }{
		{"overwritten by the proxy", "127.0.0.3", front, "192.0.2.1", "127.0.0.3"},
		{"appended by another proxy", "127.0.0.1", direct, "192.0.2.1, 198.51.100.4", "198.51.100.4"},
		{"appended by two", "127.0.0.1", direct, "192.0.2.1, 198.51.100.5, 10.1.2.3", "198.51.100.5"},
		{"all are proxies", "127.0.0.1", direct, "10.3.3.3, 10.1.2.3", "10.3.3.3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			header := http.Header{"X-Forwarded-For": {tc.way}, "X-Forwarded-Proto": {"https"}, "Sec-Fetch-Site": {"cross-site"}}
			if res, body := x.from(t, tc.address, http.MethodPost, tc.url, header); res.StatusCode != http.StatusForbidden {
				t.Fatalf("got %d and %.300s", res.StatusCode, body)
			}
			for end := time.Now().Add(5 * time.Second); !strings.Contains(x.log(t), `"client_ip":"`+tc.want+`"`); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("got %s, want it counted for %s", x.log(t), tc.want)
				}
			}
		})
	}
}

// TestDoctorTellsOfAWholeNetworkOfProxies, running and stopped, and of no more than
// that.
func TestDoctorTellsOfAWholeNetworkOfProxies(t *testing.T) {
	x := newTunnel(t, "127.0.0.1/32")
	config := "--config=" + filepath.Join(x.folder, "Caddyfile")
	examine(t, 0, config).wantNone(t, "proxies")
	if c := examine(t, 0, config).find(t, "sites", "https://photos.example.com"); c.Level != "ok" {
		t.Errorf("got %+v, want the address that people see", c)
	}
	text := strings.ReplaceAll(tunnelled, "bind 127.0.0.1", "bind 0.0.0.0")
	text = strings.ReplaceAll(text, "servers 127.0.0.1:", "servers 0.0.0.0:")
	for _, trusted := range []string{"private_ranges", "192.168.0.0/16", "0.0.0.0/0"} {
		if err := os.WriteFile(filepath.Join(x.folder, "Caddyfile"), fmt.Appendf(nil, text, x.folder, x.secret, x.port, x.front, trusted), 0o600); err != nil {
			t.Fatal(err)
		}
		app, err := os.ReadFile(filepath.Join(x.folder, "Caddyfile"))
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(app, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := load(body); err != nil {
			t.Fatal(err)
		}
		if c := examine(t, 0, config).find(t, "proxies", fmt.Sprint("0.0.0.0:", x.port)); c.Level != "warning" {
			t.Errorf("%s: got %+v", trusted, c)
		}
	}
	x.stop(t)
	examine(t, 0, config).find(t, "proxies", "trusted proxy")
}

func (d diagnosisJSON) wantNone(t *testing.T, subject string) {
	t.Helper()
	for _, c := range d.Checks {
		if c.Subject == subject {
			t.Errorf("got %+v, want nothing of %s", c, subject)
		}
	}
}
