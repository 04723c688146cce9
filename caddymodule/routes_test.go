//go:build unix

package caddymodule_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

var update = flag.Bool("update", false, "write what the routes of testdata are refused with")

// routesCase is a configuration of testdata/routes and, under a line of dashes,
// either "loads" and the status of requests without and with a session, or the
// error it is refused with.
type routesCase struct {
	path, text, want string
	requests         []string
}

const dashes = "----------\n"

func routesCases(t *testing.T) []routesCase {
	t.Helper()
	paths, err := filepath.Glob("testdata/routes/*test")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	var out []routesCase
	for _, path := range paths {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text, result, ok := strings.Cut(string(file), dashes)
		if !ok {
			t.Fatalf("%s: no line of dashes", path)
		}
		lines := strings.Split(strings.TrimSpace(result), "\n")
		out = append(out, routesCase{path: path, text: text, want: lines[0], requests: lines[1:]})
	}
	return out
}

func (c routesCase) name() string {
	return strings.TrimSuffix(filepath.Base(c.path), filepath.Ext(c.path))
}

// json is the configuration for Caddy.
func (c routesCase) json() ([]byte, error) {
	if filepath.Ext(c.path) == ".jsontest" {
		return []byte(strings.ReplaceAll(c.text, "{$PORT}", os.Getenv("PORT"))), nil
	}
	body, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(c.text), map[string]any{"filename": "Caddyfile"})
	return body, err
}

// said is what Caddy says of it, without the way there: that depends on which
// app it loads first.
func (c routesCase) said() string {
	body, err := c.json()
	if err == nil {
		config := new(caddy.Config)
		if err = caddy.StrictUnmarshalJSON(body, config); err == nil {
			config.Logging = quiet()
			err = caddy.Validate(config)
		}
	}
	if err == nil {
		return "loads"
	}
	text := err.Error()
	const way = "invalid configuration: "
	if i := strings.LastIndex(text, way); i >= 0 {
		text = text[i+len(way):]
	}
	return text
}

// quiet is a log that nobody reads, of 1,600 starts.
func quiet() *caddy.Logging {
	return &caddy.Logging{Logs: map[string]*caddy.CustomLog{"default": {BaseLog: caddy.BaseLog{WriterRaw: []byte(`{"output":"discard"}`)}}}}
}

// TestWhatDoesNotGuardDoesNotLoad, and what guards does: each several times,
// because Caddy loads apps in random order.
func TestWhatDoesNotGuardDoesNotLoad(t *testing.T) {
	recoverytest.Alone(t)
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	t.Setenv("PORT", "1")
	t.Setenv("OTHER_PORT", "2")
	t.Setenv("APP", "127.0.0.1:1")
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	for _, c := range routesCases(t) {
		t.Run(c.name(), func(t *testing.T) {
			if *update && c.want != "loads" {
				c.rewrite(t)
			}
			for range rounds {
				if got := c.said(); got != c.want {
					t.Fatalf("got\n%s\nwant\n%s", got, c.want)
				}
			}
		})
	}
}

func (c *routesCase) rewrite(t *testing.T) {
	t.Helper()
	c.want = c.said()
	if err := os.WriteFile(c.path, []byte(c.text+dashes+c.want+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
