package web_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// TestWB07_WebSocketsOfOtherOriginsAreRefused: a page of another site that opens a
// WebSocket to the app would be its visitor there, since browsers send the session
// with it. Pages of the app itself, and programs, go on.
func TestWB07_WebSocketsOfOtherOriginsAreRefused(t *testing.T) {
	w := recoverytest.New(t, func(w *recoverytest.World) { w.App = http.HandlerFunc(recoverytest.StreamApp) })
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := enter(t, w, w.Browser(), alice)
	cookie := b.Cookie("sparekey")
	host := strings.TrimPrefix(w.Server.URL, "http://")
	name, _, _ := strings.Cut(host, ":")
	for _, tc := range []struct {
		name, path string
		origin     []string
		status     int
	}{
		{"a program", "/ws", nil, http.StatusSwitchingProtocols},
		{"a page of the app", "/ws", []string{"http://" + host}, http.StatusSwitchingProtocols},
		{"behind a proxy that took https off", "/ws", []string{"https://" + host}, http.StatusSwitchingProtocols},
		{"another site", "/ws", []string{"https://evil.example"}, http.StatusForbidden},
		{"another host of the gate", "/ws", []string{"http://albums." + host}, http.StatusForbidden},
		{"another port", "/ws", []string{"http://" + name + ":1"}, http.StatusForbidden},
		{"a name that begins alike", "/ws", []string{"http://" + host + ".evil.example"}, http.StatusForbidden},
		{"a sandboxed frame", "/ws", []string{"null"}, http.StatusForbidden},
		{"nothing", "/ws", []string{""}, http.StatusForbidden},
		{"two", "/ws", []string{"http://" + host, "https://evil.example"}, http.StatusForbidden},
		{"no handshake: what others may read is the app's to say", "/plain", []string{"https://evil.example"}, http.StatusOK},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.Server.URL+tc.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header = http.Header{"Cookie": {cookie.Name + "=" + cookie.Value}, "Origin": tc.origin}
			if tc.path == "/ws" {
				req.Header["Connection"], req.Header["Upgrade"] = []string{"Upgrade"}, []string{"websocket"}
			}
			res, err := b.Client.Transport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != tc.status {
				t.Fatalf("got status %d, want %d", res.StatusCode, tc.status)
			}
			if res.StatusCode == http.StatusForbidden {
				if body, _ := io.ReadAll(res.Body); !strings.Contains(string(body), "cross_site") || res.Header.Get("Content-Security-Policy") == "" {
					t.Errorf("got %q and %v, want our own answer", body, res.Header)
				}
			}
		})
	}
	if got := w.Events.Last(recovery.EventCrossSite); !w.Running() && (got.Detail != "handshake, another Origin" || got.Network == "") {
		t.Errorf("got event %+v, want who was refused", got)
	}
}

// TestForeignHandshakes is each version of HTTP with each scheme.
func TestForeignHandshakes(t *testing.T) {
	upgrade := func(r *http.Request) { r.Header["Upgrade"] = []string{"websocket"} }
	http2 := func(r *http.Request) {
		r.Method, r.ProtoMajor = http.MethodConnect, 2
		r.Header[":protocol"] = []string{"websocket"}
	}
	http3 := func(r *http.Request) { r.Method, r.ProtoMajor, r.Proto = http.MethodConnect, 3, "websocket" }
	for _, tc := range []struct {
		name, host, origin string
		secure, foreign    bool
	}{
		{"same", "photos.example.com", "https://photos.example.com", true, false},
		{"letters", "Photos.Example.com", "https://photos.example.com", true, false},
		{"the port that goes without saying", "photos.example.com:443", "https://photos.example.com", true, false},
		{"a port", "photos.example.com:8443", "https://photos.example.com:8443", true, false},
		{"a port to none", "photos.example.com", "https://photos.example.com:8443", true, true},
		{"a page in the clear, which others may change", "photos.example.com", "http://photos.example.com", true, true},
		{"in the clear", "photos.example.com:80", "http://photos.example.com", false, false},
		{"https taken off", "photos.example.com", "https://photos.example.com", false, false},
		{"an app of a phone", "photos.example.com", "capacitor://photos.example.com", false, true},
		{"an address", "[::1]:8080", "http://[::1]:8080", false, false},
		{"sister", "photos.example.com", "https://albums.example.com", true, true},
	} {
		for version, how := range map[string]func(*http.Request){"HTTP/1.1": upgrade, "HTTP/2": http2, "HTTP/3": http3} {
			t.Run(tc.name+" "+version, func(t *testing.T) {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/ws", nil)
				r.Host, r.Header["Origin"] = tc.host, []string{tc.origin}
				if tc.secure {
					r.TLS = new(tls.ConnectionState)
				}
				if how(r); (web.Front{}).Foreign(r) != tc.foreign {
					t.Errorf("got foreign %v, want %v", !tc.foreign, tc.foreign)
				}
				if delete(r.Header, "Origin"); (web.Front{}).Foreign(r) {
					t.Error("without an Origin: got foreign")
				}
			})
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	if r.Header["Origin"] = []string{"https://evil.example"}; (web.Front{}).Foreign(r) {
		t.Error("a form: got foreign, want what it is taken for anyway")
	}
}
