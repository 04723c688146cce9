//go:build unix

package caddymodule_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestWhatLoadsGuards asks what loads, without and with a session: what is open
// is what its configuration says is open, and whoever is signed in gets through
// all gates that let them pass.
func TestWhatLoadsGuards(t *testing.T) {
	recoverytest.Alone(t)
	h := newHost(t)
	session := h.seed(t)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "app") }))
	defer app.Close()
	other, err := kvtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PORT", strconv.Itoa(h.port))
	t.Setenv("OTHER_PORT", strconv.Itoa(other))
	t.Setenv("APP", strings.TrimPrefix(app.URL, "http://"))
	for _, c := range routesCases(t) {
		if c.want != "loads" {
			continue
		}
		t.Run(c.name(), func(t *testing.T) {
			h.serve(t, c)
			for _, line := range c.requests {
				h.serves(t, line, session)
			}
		})
	}
	if err := caddy.Stop(); err != nil {
		t.Error(err)
	}
}

func init() { caddy.RegisterModule(lateRoutes{}) }

// lateRoutes is a plugin that adds an error route when the gate has been judged.
type lateRoutes struct{}

func (lateRoutes) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.test_late_routes", New: func() caddy.Module { return new(lateRoutes) }}
}

func (*lateRoutes) Provision(ctx caddy.Context) error {
	server := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	server.Errors = &caddyhttp.HTTPErrorConfig{Routes: caddyhttp.RouteList{{HandlersRaw: []json.RawMessage{[]byte(`{"handler":"test_app"}`)}}}}
	return nil
}

func (*lateRoutes) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	return next.ServeHTTP(w, r)
}

// TestTheStartJudgesAgain finds what a plugin has added since.
func TestTheStartJudgesAgain(t *testing.T) {
	h := newHost(t)
	body := fmt.Appendf(nil, `{"admin":{"disabled":true},"apps":{"sparekey":{"store":{"store":"file","path":%q}},
		"http":{"servers":{"main":{"listen":["127.0.0.1:%d"],"automatic_https":{"disable":true},
		"routes":[{"handle":[{"handler":"sparekey"},{"handler":"test_late_routes"}]}]}}}}}`, filepath.Join(h.data(), "sparekey.db"), h.port)
	if err := load(body); err == nil || !strings.Contains(err.Error(), "error pages of this site are not guarded") {
		t.Errorf("got %v, want it refused", err)
	}
}

// serve runs a configuration with the store of the host.
func (h *host) serve(t *testing.T, c routesCase) {
	t.Helper()
	body, err := c.json()
	if err != nil {
		t.Fatal(err)
	}
	h.loadAs(t, body, `{"store":{"store":"file","path":%q},"secrets":[%q],"insecure_http":true}`)
}

// loadAs runs a configuration with options of ours: path of the store, and key.
func (h *host) loadAs(t *testing.T, body []byte, options string) {
	t.Helper()
	var config struct {
		Admin json.RawMessage            `json:"admin"`
		Apps  map[string]json.RawMessage `json:"apps"`
	}
	err := json.Unmarshal(body, &config)
	if err != nil {
		t.Fatal(err)
	}
	config.Apps["sparekey"] = fmt.Appendf(nil, options, filepath.Join(h.data(), "sparekey.db"), h.secret)
	if body, err = json.Marshal(config); err != nil {
		t.Fatal(err)
	}
	if err := load(body); err != nil {
		t.Fatal(err)
	}
}

// serves makes the request of a line, "METHOD[:LENGTH] HOST PATH = STATUS STATUS",
// twice: without a session and with one.
func (h *host) serves(t *testing.T, line, session string) {
	t.Helper()
	var method, host, path string
	var want [2]int
	if _, err := fmt.Sscanf(line, "%s %s %s = %d %d", &method, &host, &path, &want[0], &want[1]); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	method, text, _ := strings.Cut(method, ":")
	length, _ := strconv.Atoi(text)
	for i, cookie := range []string{"", h.cookie(session)} {
		status, body := h.request(t, method, host+path, length, cookie)
		if status != want[i] {
			t.Errorf("%s: got status %d, want %d (cookie %t): %.200s", line, status, want[i], cookie != "", body)
		}
		if status == http.StatusUnauthorized && body == "app" {
			t.Errorf("%s: the app is in the answer", line)
		}
	}
}

func (h *host) request(t *testing.T, method, url string, length int, cookie string) (int, string) {
	t.Helper()
	host, path, _ := strings.Cut(url, "/")
	url = "http://" + net.JoinHostPort(host, strconv.Itoa(h.port)) + "/" + path
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(strings.Repeat("x", length)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Cookie", cookie)
	client := &http.Transport{DialContext: toLoopback, DisableKeepAlives: true}
	res, err := client.RoundTrip(req)
	for tries := 0; err != nil && tries < 5; tries++ { // the listener of before may reset what it has accepted
		req.Body, _ = req.GetBody()
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
	return res.StatusCode, string(body)
}
