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
// "# BAD". Each is refused with a message that has the words in it and, unless
// it is noLine, the number of that line.
var badConfigs = []struct {
	name   string
	text   string
	want   string
	noLine bool // found only when the modules are set up, where Caddy has no lines
}{
	{name: "unknown option", text: global("stor file # BAD"), want: `unknown option "stor"`},
	{name: "argument of the block", text: "{\n\tsparekey on { # BAD\n\t}\n}\n", want: "wrong argument count"},
	{name: "block twice", text: "{\n\tsparekey {\n\t\tname A\n\t}\n\tsparekey { # BAD\n\t\tname B\n\t}\n}\n", want: "twice"},

	{name: "store without kind", text: global("store # BAD"), want: "wrong argument count"},
	{name: "unknown store", text: global("store etcd http://x # BAD"), want: "sparekey.stores.etcd"},
	{name: "store twice", text: global("store file", "store file # BAD"), want: "store is there twice"},
	{name: "two files", text: global("store file a b # BAD"), want: "wrong argument count"},
	{name: "block of a file", text: global("store file {", "replicas 2 # BAD", "}"), want: `unknown option "replicas"`},
	{name: "redis without address", text: global("store redis # BAD"), want: "wrong argument count"},
	{name: "two redises", text: global("store redis redis://a redis://b # BAD"), want: "one address"},
	{name: "redis by http", text: global("store redis http://a # BAD"), want: "must be redis://", noLine: true},
	{name: "redis from nowhere", text: global("store redis {env.NO_SUCH_VARIABLE} # BAD"), want: "NO_SUCH_VARIABLE", noLine: true},

	{name: "redis in the clear", text: global("store redis redis://redis:6379 # BAD"), want: "use rediss://"},
	{name: "redis without a password", text: global("store redis rediss://redis.example # BAD"), want: "without a password"},

	{name: "text for a secret", text: global(`secret "correct horse battery staple, twice" # BAD`), want: "openssl rand -hex 32"},
	{name: "empty secret", text: global("secret # BAD"), want: "wrong argument count"},
	{name: "two names", text: global("name Holiday photos # BAD"), want: "wrong argument count"},
	{name: "insecure with argument", text: global("insecure_http yes # BAD"), want: "wrong argument count"},
	{name: "templates from nowhere", text: global("templates /nowhere/at/all # BAD"), want: "/nowhere/at/all", noLine: true},

	{name: "unknown notifier", text: global("notify pigeon # BAD"), want: "sparekey.notifiers.pigeon"},
	{name: "mail without server", text: global("notify smtp # BAD"), want: "wrong argument count"},
	{name: "unknown word of mail", text: global("notify smtp localhost:25 {", "sender a@b.example # BAD", "}"), want: `unknown option "sender"`},
	{name: "mail from twice", text: global("notify smtp localhost:25 {", "from a@b.example", "from a@b.example # BAD", "}"), want: "from is there twice"},
	{name: "mail without from", text: global("notify smtp localhost:25 # BAD"), want: "from", noLine: true},
	{name: "mail without port", text: global("notify smtp localhost { # BAD", "from a@b.example", "}"), want: "HOST:PORT", noLine: true},
	{name: "unknown encryption", text: global("notify smtp localhost:25 {", "from a@b.example", "tls maybe # BAD", "}"), want: "maybe", noLine: true},
	{name: "mail in the clear", text: global("notify smtp mail.example:25 {", "from a@b.example", "tls off # BAD", "}"), want: "use starttls or implicit"},
	{name: "sms in the clear", text: global("notify sms http://sms.example # BAD"), want: "use https"},
	{name: "webhook in the clear", text: global("notify webhook http://hook.example { # BAD", "secret abcdefghijklmnop", "}"), want: "use https"},
	{name: "short secret of a webhook", text: global("notify webhook https://hook.example {", "secret abcdefghijklmno # BAD", "}"), want: "openssl rand -hex 32"},
	{name: "push in the clear", text: global("notify push ntfy://ntfy.example/topic?scheme=http # BAD"), want: "encryption"},
	{name: "sms without address", text: global("notify sms # BAD"), want: "wrong argument count"},
	{name: "sms to a file", text: global("notify sms file:///x # BAD"), want: "not an http or https address", noLine: true},
	{name: "sms body without text", text: global("notify sms https://sms.example {", "body {to} # BAD", "}"), want: "{text}", noLine: true},
	{name: "sms country", text: global("notify sms https://sms.example {", "countries +33 # BAD", "}"), want: "calling code", noLine: true},
	{name: "sms budget", text: global("notify sms https://sms.example {", "budget 50 per hour # BAD", "}"), want: "budget COUNT per day"},
	{name: "sms header twice", text: global("notify sms https://sms.example {", "header A b", "header A c # BAD", "}"), want: "header A is there twice"},
	{name: "file without folder", text: global("notify file # BAD"), want: "wrong argument count"},

	{name: "unknown goal", text: global("recover phone off # BAD"), want: `unknown goal "phone"`},
	{name: "goal twice", text: global("recover both off", "recover both off # BAD"), want: "recover both is there twice"},
	{name: "goal on", text: global("recover both on # BAD"), want: "recover both off"},
	{name: "no ways", text: global("recover both {", "} # BAD"), want: "at least one way"},
	{name: "empty way", text: global("recover both {", "way # BAD", "}"), want: "wrong argument count"},
	{name: "unknown proof", text: global("recover both {", "way telepathy # BAD", "}"), want: `"telepathy" is none of`},
	{name: "way twice", text: global("recover both {", "way rescue", "way rescue # BAD", "}"), want: "there twice"},

	{name: "hash of another kind", text: global("hash bcrypt 12 # BAD"), want: "hash argon2id t=3 m=64MiB p=1"},
	{name: "cheap hash", text: global("hash argon2id t=1 m=8MiB p=1 # BAD"), want: "too cheap"},
	{name: "unknown lifetime", text: global("lifetime cookie 1h # BAD"), want: `unknown name "cookie"`},
	{name: "lifetime without unit", text: global("lifetime flow 15 # BAD"), want: "lifetime flow"},
	{name: "lifetime zero", text: global("lifetime flow 0s # BAD"), want: "at least"},
	{name: "long mail link", text: global("lifetime mail_link 24h # BAD"), want: "at most 1h"},
	{name: "lifetime twice", text: global("lifetime flow 5m", "lifetime flow 6m # BAD"), want: "lifetime flow is there twice"},
	{name: "unknown limit", text: global("limit tries 5 per 1m # BAD"), want: `unknown name "tries"`},
	{name: "limit without window", text: global("limit posts 5 # BAD"), want: "limit NAME COUNT per DURATION"},
	{name: "limit of nothing", text: global("limit posts 0 per 1m # BAD"), want: `"0" is no count`},
	{name: "limit twice", text: global("limit posts 5 per 1m", "limit posts 6 per 1m # BAD"), want: "limit posts is there twice"},

	{name: "argument of the directive", text: site("sparekey family # BAD"), want: `takes no argument here, got "family"`},
	{name: "unknown rule", text: site("sparekey {", "deny family # BAD", "}"), want: `unknown option "deny"`},
	{name: "allow of no kind", text: site("sparekey {", "allow family usr:alice # BAD", "}"), want: "user:NAME"},
	{name: "allow nobody", text: site("sparekey {", "allow # BAD", "}"), want: "wrong argument count"},
	{name: "allow twice", text: site("sparekey {", "allow a", "allow b # BAD", "}"), want: "allow is there twice"},

	{name: "inside handle", text: site("handle /x {", "sparekey # BAD", "}"), want: "sparekey directly into the site"},
	{name: "inside handle_path", text: site("handle_path /x/* {", "sparekey # BAD", "}"), want: "sparekey directly into the site"},
	{name: "behind an answer", text: site("route {", "respond x", "sparekey # BAD", "}"), want: "write sparekey above it"},
	{name: "proxied errors", text: site("sparekey # BAD", "handle_errors {", "reverse_proxy localhost:1", "}"), want: "handle_errors { sparekey"},
}

// TestBadConfig wants every mistake to be found by "caddy validate", and
// where Caddy knows lines to be named by its line.
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
			if got := lineNamed(said); got != line && !tt.noLine {
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
