//go:build unix

package caddymodule_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sparekey/sparekey/caddymodule/routes"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// corpusCase is a Caddyfile of testdata/corpus in a shape that people write; then
// requests without and with a session of Alice, who is in admins; then what is said
// to be open, and what it is adapted to.
type corpusCase struct {
	path, text, requests, adapted string
}

func corpus(t *testing.T) []corpusCase {
	t.Helper()
	paths, err := filepath.Glob("testdata/corpus/*.caddyfiletest")
	if err != nil || len(paths) < 30 {
		t.Fatalf("got %d Caddyfiles (%v), want at least 30", len(paths), err)
	}
	var out []corpusCase
	for _, path := range paths {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.SplitN(string(file), dashes, 3)
		if len(parts) != 3 {
			t.Fatalf("%s: got %d parts, want Caddyfile, requests and what it is adapted to", path, len(parts))
		}
		out = append(out, corpusCase{path, parts[0], parts[1], parts[2]})
	}
	return out
}

func (c corpusCase) name() string {
	return strings.TrimSuffix(filepath.Base(c.path), filepath.Ext(c.path))
}

func (c corpusCase) adapt(t *testing.T) []byte {
	t.Helper()
	body, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(c.text), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatal(err, warnings)
	}
	return body
}

// TestCorpusIsAdapted holds what each Caddyfile becomes, and what is said to be open
// in it.
func TestCorpusIsAdapted(t *testing.T) {
	for name, value := range map[string]string{"PORT": "8080", "OTHER_PORT": "8081", "APP": "127.0.0.1:9000", "SPAREKEY_TEST_GROUP": "admins"} {
		t.Setenv(name, value)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range corpus(t) {
		t.Run(c.name(), func(t *testing.T) {
			body := c.adapt(t)
			var config struct {
				Apps struct {
					HTTP struct{ Servers map[string]*caddyhttp.Server }
				}
			}
			if err := json.Unmarshal(body, &config); err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			for i := range len(config.Apps.HTTP.Servers) {
				for _, s := range routes.Sites(config.Apps.HTTP.Servers[fmt.Sprint("srv", i)]) {
					fmt.Fprintf(&got, "# %s: guarded %v, open: %s\n", s.Host, s.Guarded, s.Open)
				}
			}
			if err := json.Indent(&got, body, "", "\t"); err != nil {
				t.Fatal(err)
			}
			got.WriteByte('\n')
			text := strings.ReplaceAll(got.String(), here+"/", "") // of imported files
			if *update {
				if err := os.WriteFile(c.path, []byte(c.text+dashes+c.requests+dashes+text), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if text != c.adapted {
				t.Errorf("got\n%s\nwant\n%s", text, c.adapted)
			}
		})
	}
}

// TestCorpusServes runs each Caddyfile in this process and makes its requests: what
// is open, what is closed, and where the pages are.
func TestCorpusServes(t *testing.T) {
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
	t.Setenv("SPAREKEY_TEST_GROUP", "admins")
	cookies := fmt.Sprintf("sparekey-%d=%[3]s; sparekey-%[2]d=%[3]s; __Host-sparekey-%[1]d=%[3]s", h.port, other, session)
	for _, c := range corpus(t) {
		t.Run(c.name(), func(t *testing.T) {
			h.loadAs(t, c.adapt(t), `{"store":{"store":"file","path":%q},"secrets":[%q]}`)
			for line := range strings.Lines(c.requests) {
				q := corpusRequest(t, strings.TrimSpace(line), h.port, other)
				for i, cookie := range []string{"", cookies} {
					if status, body := q.ask(t, cookie); status != q.want[i] || i == 0 && !strings.Contains(body, q.body) || status == 401 && body == "app" {
						t.Errorf("%s: got %d, want %d (session %t): %.300s", line, status, q.want[i], i == 1, body)
					}
				}
			}
		})
	}
	if err := caddy.Stop(); err != nil {
		t.Error(err)
	}
}

// corpusAsk is a line of requests, "METHOD[:LENGTH] URL [HEADER:VALUE] = STATUS
// STATUS [TEXT]": without a session and with one, and what the first answer holds.
type corpusAsk struct {
	method, url, header, value, body string
	length                           int
	want                             [2]int
}

func corpusRequest(t *testing.T, line string, port, other int) corpusAsk {
	t.Helper()
	var q corpusAsk
	asks, answers, _ := strings.Cut(line, " = ")
	words := append(strings.Fields(asks), "")
	if _, err := fmt.Sscan(answers, &q.want[0], &q.want[1]); err != nil || len(words) < 3 {
		t.Fatalf("%s: %v", line, err)
	}
	q.body = strings.Join(strings.Fields(answers)[2:], " ")
	method, length, _ := strings.Cut(words[0], ":")
	q.method, q.url = method, words[1]
	q.length, _ = strconv.Atoi(length)
	q.header, q.value, _ = strings.Cut(words[2], ":")
	scheme, rest, _ := strings.Cut(words[1], "://")
	host, path, _ := strings.Cut(rest, "/")
	at := port
	if plain, found := strings.CutSuffix(host, ":other"); found {
		host, at = plain, other
	}
	q.url = fmt.Sprintf("%s://%s:%d/%s", scheme, host, at, path)
	return q
}

func (q corpusAsk) ask(t *testing.T, cookie string) (int, string) {
	t.Helper()
	client := http.Transport{
		DialContext: toLoopback, DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // made a moment ago, by ourselves
	}
	for tries := 0; ; tries++ {
		req, err := http.NewRequestWithContext(t.Context(), q.method, q.url, strings.NewReader(strings.Repeat("x", q.length)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Accept": {"text/html"}, "Cookie": {cookie}}
		if q.header != "" {
			req.Header.Set(q.header, q.value)
		}
		if q.header == "Upgrade" {
			req.Header.Set("Connection", "Upgrade")
		}
		res, err := client.RoundTrip(req)
		if err != nil && tries < 50 { // the listener of before may reset what it has accepted, and a certificate is being made
			time.Sleep(20 * time.Millisecond)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if tries < 50 && strings.HasPrefix(string(body), "Client sent an HTTP request to an HTTPS server") { // or speak https still
			time.Sleep(20 * time.Millisecond)
			continue
		}
		return res.StatusCode, string(body)
	}
}
