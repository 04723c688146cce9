package e2e_test

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/examples/e2e"
)

// global and site put lines into a Caddyfile where they belong.
func global(lines ...string) string {
	return "{\n\tadmin off\n\tsparekey {\n\t\t" + strings.Join(lines, "\n\t\t") + "\n\t}\n}\n\nhttp://localhost:9999 {\n\tsparekey\n\trespond app\n}\n"
}

func site(lines ...string) string {
	return "{\n\tadmin off\n}\n\nhttp://localhost:9999 {\n\t" + strings.Join(lines, "\n\t") + "\n\trespond app\n}\n"
}

// badConfigs are Caddyfiles with one mistake each, in the line that ends in
// "# BAD": of each moment at which one is found, one. The many are in
// caddymodule/testdata/wrong, where a process is not started for each.
var badConfigs = []struct{ name, text, want string }{
	{name: "when the file is read", text: global("stor file # BAD"), want: `unknown option "stor"`},
	{name: "in a module", text: global("notify smtp localhost:25 {", "from a@b.example", "sender a@b.example # BAD", "}"), want: `unknown option "sender"`},
	{name: "when a module is set up", text: global("store redis {env.NO_SUCH_VARIABLE} # BAD"), want: "NO_SUCH_VARIABLE"},
	{name: "when a module is judged", text: global("notify smtp localhost:25 {", "from a@b.example", "tls maybe # BAD", "}"), want: "maybe"},
	{name: "when the app is judged", text: global("templates /nowhere/at/all # BAD"), want: "/nowhere/at/all"},
	{name: "when all is known", text: global("recover both {", "way rescue", "way rescue # BAD", "}"), want: "there twice"},
	{name: "too long a lifetime", text: global("lifetime mail_link 24h # BAD"), want: "at most 1h"},
	{name: "in a site", text: site("sparekey {", "deny family # BAD", "}"), want: `unknown option "deny"`},
	{name: "behind an answer", text: site("route {", "respond x", "sparekey # BAD", "}"), want: "write sparekey above it"},
	{name: "proxied errors", text: site("sparekey # BAD", "handle_errors {", "reverse_proxy localhost:1", "}"), want: "handle_errors { sparekey"},
	{name: "when the routes are judged", text: site("handle /x {", "sparekey # BAD", "}"), want: "sparekey directly into the site"},
}

// TestBadConfig wants every mistake to be found by "caddy validate" and named by
// its line.
func TestBadConfig(t *testing.T) {
	t.Parallel()
	w := e2e.New(t, caddy)
	for _, tt := range badConfigs {
		t.Run(tt.name, func(t *testing.T) {
			c := w.Caddy(e2e.Config{})
			said := validate(t, c, tt.text, 1)
			if !strings.Contains(said, tt.want) {
				t.Errorf("want %q in what caddy says, got:\n%s", tt.want, said)
			}
			line := 1 + strings.Count(tt.text[:strings.Index(tt.text, "# BAD")], "\n")
			if got := lineNamed(said); got != line {
				t.Errorf("got line %d named, want %d:\n%s", got, line, said)
			}
			noStore(t, c)
		})
	}
}

// TestGoodConfig wants the same frames without a mistake to pass: they are not
// what TestBadConfig is refused for. Nothing is created by validating.
func TestGoodConfig(t *testing.T) {
	t.Parallel()
	w := e2e.New(t, caddy)
	for _, text := range []string{
		global(), global("name A"), site("sparekey"), site("sparekey {", "allow family user:alice", "}"),
		site("sparekey", "route {", "sparekey", "}"), site("sparekey", "handle_errors {", "sparekey", "reverse_proxy localhost:1", "}"),
		global("store redis redis://redis:6379 insecure", "notify sms http://sms.example insecure"),
		global("notify smtp mail.example:25 {", "from a@b.example", "tls off insecure", "}"),
	} {
		c := w.Caddy(e2e.Config{})
		if said := validate(t, c, text, 0); !strings.Contains(said, "Valid configuration") {
			t.Errorf("got %s\nfor\n%s", said, text)
		}
		noStore(t, c)
	}
}

// validate runs "caddy validate" on a Caddyfile, checks the exit code, and
// returns the last line it wrote.
func validate(t *testing.T, c *e2e.Caddy, text string, code int) string {
	t.Helper()
	if err := os.WriteFile(c.File(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := c.Command(t.Context(), "validate", "--config", c.File(), "--adapter", "caddyfile").CombinedOutput()
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if got != code {
		t.Fatalf("got exit code %d, want %d:\n%s\n%s", got, code, text, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.ReplaceAll(lines[len(lines)-1], `\"`, `"`)
}

var lineNumber = regexp.MustCompile(`Caddyfile:(\d+)`)

// lineNamed is the first line a message names, 0 for none.
func lineNamed(said string) int {
	match := lineNumber.FindStringSubmatch(said)
	if match == nil {
		return 0
	}
	n, _ := strconv.Atoi(match[1])
	return n
}

// noStore wants that looking at a configuration has created nothing.
func noStore(t *testing.T, c *e2e.Caddy) {
	t.Helper()
	if _, err := os.Stat(c.Data()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("validating made %s (%v)", c.Data(), err)
	}
}
