//go:build unix

package caddymodule_test

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	"github.com/spf13/cobra"

	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// host is a Caddy in this process and the folder it keeps everything in. There
// is one Caddy in a process, so these tests do not run in parallel.
type host struct {
	folder string
	store  string // what stands behind "store" in the Caddyfile
	socket string // where the control socket has to be
	secret string // what stands behind "secret"; empty: generated
	more   string // further lines of the sparekey block
	global string // further lines of the global block
	gate   string // the block of the gate; empty: it has none
	site   string // what the site does behind the gate; empty: it answers "app"
	name   string // of the site
	admin  string // address of Caddy's admin endpoint; empty: off
	port   int
}

// cheapHash has each look at a password cost as little as is allowed.
const cheapHash = "hash argon2id t=2 m=19MiB p=1"

func newHost(t *testing.T) *host {
	t.Helper()
	folder, err := os.MkdirTemp("", "sk") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	t.Setenv("XDG_DATA_HOME", filepath.Join(folder, "xdg"))
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(folder, "xdg"))
	port, err := kvtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return &host{
		folder: folder, name: "localhost", port: port,
		store: "file " + filepath.Join(folder, "data", "sparekey.db"), socket: filepath.Join(folder, "data", "run", "sparekey.sock"),
	}
}

func (h *host) origin() string { return fmt.Sprintf("http://%s:%d", h.name, h.port) }

func (h *host) data() string { return filepath.Join(h.folder, "data") }

// caddyfile writes the configuration and returns its path.
func (h *host) caddyfile(t *testing.T) string {
	t.Helper()
	key := ""
	if h.secret != "" {
		key = "secret " + h.secret
	}
	site := h.site
	if site == "" {
		site = `respond "app"`
	}
	path := filepath.Join(h.folder, "Caddyfile")
	text := fmt.Sprintf(`{
	admin %s
	persist_config off
	storage file_system %s
	log {
		output file %s
	}
	sparekey {
		store %s
		%s
		%s
	}
	%s
}
%s {
	sparekey %s
	%s
}
`, cmp.Or(h.admin, "off"), filepath.Join(h.folder, "certificates"), filepath.Join(h.folder, "log"), h.store, key, h.more, h.global, h.origin(), h.gate, site)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// start runs the Caddyfile, or reloads it when it runs already.
func (h *host) start(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(h.caddyfile(t))
	if err != nil {
		t.Fatal(err)
	}
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := load(config); err != nil {
		t.Fatal(err)
	}
	// The next test has a folder of its own, and need not wait until this Caddy has let
	// go of the store.
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
}

// stop stops Caddy and waits until it has let go of the store.
func (h *host) stop(t *testing.T) {
	t.Helper()
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Lstat(h.socket); err != nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s is still there after the stop", h.socket)
		}
	}
}

// keys are those of the generated key file.
func (h *host) keys(t *testing.T) *secret.Keys {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(h.data(), "sparekey.key"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := secret.NewKeys(root)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// result is what somebody at a terminal sees.
type result struct {
	out, said string
	code      int
}

// sparekey runs "caddy sparekey ARGS".
func sparekey(t *testing.T, args ...string) result {
	t.Helper()
	root := &cobra.Command{Use: "caddy", SilenceUsage: true} // as Caddy has it
	cmd := &cobra.Command{Use: "sparekey"}
	caddycmd.Commands()["sparekey"].CobraFunc(cmd)
	root.AddCommand(cmd)
	var out, said bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&said)
	root.SetArgs(append([]string{"sparekey"}, args...))
	r := result{}
	if err := root.ExecuteContext(t.Context()); err != nil {
		r.code = 1
		if err.Error() == "exiting with status 2" { // its type is Caddy's own; TestExitCodes proves it
			r.code = 2
		}
	}
	r.out, r.said = out.String(), said.String()
	return r
}

// want checks exit code and a part of what was said.
func (r result) want(t *testing.T, code int, said string) result {
	t.Helper()
	if r.code != code || !strings.Contains(r.said, said) {
		t.Errorf("got exit code %d and %q, want %d and %q", r.code, r.said, code, said)
	}
	if code != 0 && r.out != "" {
		t.Errorf("got %q on standard output, want nothing", r.out)
	}
	return r
}

// decode reads the result of --json.
func decode[T any](t *testing.T, r result) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(r.want(t, 0, "").out), &v); err != nil {
		t.Fatalf("%v in %q", err, r.out)
	}
	return v
}

// tree lists a folder with sizes and times, to see that nothing was touched.
func tree(t *testing.T, folder string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintln(&b, path, info.Mode(), info.Size(), info.ModTime())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
