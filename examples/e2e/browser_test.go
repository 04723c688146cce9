package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/caddy-sparekey/sparekey/examples/e2e"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
)

// TestBrowser walks the story in Chromium by hand-like clicks: on Redis, which
// goes away for a moment; and in French, over https and without scripts. The first is
// the Chromium of people's desks, the other the one without windows: two thirds of the
// work. "make soak" has French with scripts and English without, too.
func TestBrowser(t *testing.T) {
	whole, shell := browserTools(t), browserTools(t, "chromium-headless-shell")
	tests := []struct {
		name    string
		lang    string
		program string
		script  bool
		redis   bool
		https   bool
		soak    bool
	}{
		{name: "English on Redis", lang: "en", program: whole, script: true, redis: true},
		{name: "French over https, without scripts", lang: "fr", program: shell, https: true},
		{name: "French over https", lang: "fr", program: shell, script: true, https: true, soak: true},
		{name: "without scripts", lang: "en", program: shell, soak: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.soak && os.Getenv("SPAREKEY_SOAK") == "" {
				t.Skip("long: make soak runs it")
			}
			w, props := e2e.New(t, caddy), http.NewServeMux()
			props.Handle("/mail", &w.Mail.Inbox)
			props.Handle("/sms", &w.SMS.Inbox)
			config := e2e.Config{HTTPS: tt.https}
			if tt.redis {
				redis := durable(t)
				config.Store = "redis " + redis.URL()
				props.Handle("/redis/", redisSwitch(redis))
			}
			server := httptest.NewServer(props)
			defer server.Close()
			c := w.Run(config)
			path, code := c.SetupLink()
			suite(t, map[string]any{
				"base": c.URL, "setup": c.URL + path + "#" + code, "props": server.URL, "lang": tt.lang, "script": tt.script,
				"redis": tt.redis, "chromium": tt.program, "screenshots": screenshots(t, tt.script),
			})
		})
	}
}

// redisSwitch lets the suite stop and start Redis.
func redisSwitch(r *kvtest.Redis) http.Handler {
	var mu sync.Mutex // a Redis is for one goroutine
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if req.URL.Path == "/redis/stop" {
			r.Stop()
		} else if err := r.Start(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
}

func suite(t *testing.T, place map[string]any) {
	t.Helper()
	scripted(t, "suite.mjs", place)
}

func scripted(t *testing.T, script string, place map[string]any) {
	t.Helper()
	text, err := json.Marshal(place)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", script)
	cmd.Env = append(os.Environ(), "E2E="+string(text))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("browser suite: %v\n%s", err, out)
	}
}

// screenshots is the folder for pictures of all pages, from SCREENSHOTS in the
// environment; empty: none are taken.
func screenshots(t *testing.T, script bool) string {
	t.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" || !script {
		return ""
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// browserTools finds Chromium, one without windows if that is preferred, and
// sees to playwright-core.
func browserTools(t *testing.T, preferred ...string) (chromium string) {
	t.Helper()
	e2e.Slow(t)
	const install = "run 'apt-get install --no-install-recommends chromium nodejs npm'"
	for _, name := range []string{"node", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%v: %s", err, install)
		}
	}
	if _, err := os.Stat("node_modules/playwright-core"); err != nil {
		if out, err := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund").CombinedOutput(); err != nil {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
	}
	names := slices.Concat([]string{os.Getenv("CHROMIUM")}, preferred, []string{"chromium", "chromium-browser", "google-chrome"})
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("no Chromium: %s", install)
	return ""
}
