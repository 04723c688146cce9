package sparekey_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"

	_ "github.com/caddy-sparekey/sparekey"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

// TestManifest keeps xcaddy.json equal to go.mod and to what the code
// registers: nothing else reads it before a user does.
func TestManifest(t *testing.T) {
	text, err := os.ReadFile("xcaddy.json")
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		CaddyVersion string `json:"caddy_version"`
		Plugins      []struct {
			ModulePath string `json:"module_path"`
		} `json:"plugins"`
		Caddy struct {
			ModuleIDs []string `json:"module_ids"`
			Directive string   `json:"directive"`
		} `json:"caddy"`
	}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	if want := module(t, "{{.Version}}", "github.com/caddyserver/caddy/v2"); m.CaddyVersion != want {
		t.Errorf("caddy_version: got %s, want %s as in go.mod", m.CaddyVersion, want)
	}
	if want := module(t, "{{.Path}}"); len(m.Plugins) != 1 || m.Plugins[0].ModulePath != want {
		t.Errorf("plugins: got %v, want %s as in go.mod", m.Plugins, want)
	}
	if want := registered(); !slices.Equal(m.Caddy.ModuleIDs, want) {
		t.Errorf("caddy.module_ids: got %q, want %q as registered", m.Caddy.ModuleIDs, want)
	}
	if handlers := adapted(t, m.Caddy.Directive); !strings.Contains(handlers, `"handler":"sparekey"`) {
		t.Errorf("caddy.directive: %q adapts to %s, which has no handler of ours", m.Caddy.Directive, handlers)
	}
}

// module asks go about this module or one it needs.
func module(t *testing.T, format string, path ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list", "-m", "-f", format}, path...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// registered lists our modules in order.
func registered() []string {
	var ids []string
	for _, id := range caddy.Modules() {
		if id == "http.handlers.sparekey" || strings.HasPrefix(id, "sparekey") {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// adapted is the JSON of a site that has one directive.
func adapted(t *testing.T, directive string) string {
	t.Helper()
	out, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte("localhost {\n\t"+directive+"\n}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) > 0 {
		t.Errorf("the smallest Caddyfile has warnings: %v", warnings)
	}
	return string(out)
}

// maxBinary is what a stripped Caddy with Sparekey may weigh, in bytes. One
// without weighs 52 MB.
const maxBinary = 73e6

// TestBinary builds what users build. With CADDY set it looks at that binary
// instead, which must have been built the same way: stripped, without cgo.
func TestBinary(t *testing.T) {
	path := os.Getenv("CADDY")
	if path == "" && testing.Short() {
		t.Skip("builds a release: make test runs it")
	} else if path == "" {
		path = filepath.Join(t.TempDir(), "caddy")
		build := exec.CommandContext(t.Context(), "go", "run", "-race=false", "./examples/build", "-o", path)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > maxBinary {
		t.Errorf("%s: got %d bytes, want at most %d", path, info.Size(), int(maxBinary))
	}
	out, err := exec.CommandContext(t.Context(), path, "list-modules").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range registered() {
		if !slices.Contains(strings.Split(string(out), "\n"), id) {
			t.Errorf("the binary has no module %s", id)
		}
	}
}
