//go:build unix

package caddymodule_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"

	_ "github.com/caddyserver/caddy/v2/modules/standard"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// wrongCase is a Caddyfile with one mistake and the error it is refused with.
// In its file it begins with a line "===== TITLE", and the error with "-----".
type wrongCase struct{ title, text, want string }

// wrongEnvironment is what the Caddyfiles of testdata/wrong take from outside;
// SPAREKEY_TEST_UNSET is not there.
func wrongEnvironment() map[string]string {
	return map[string]string{
		"SPAREKEY_TEST_KEY":    strings.Repeat("0123456789abcdef", 4),
		"SPAREKEY_TEST_SHORT":  "hunter2",
		"SPAREKEY_TEST_TEXT":   "hunter2 is the password of everybody here",
		"SPAREKEY_TEST_KIND":   "file",
		"SPAREKEY_TEST_GROUPS": "family friends",
		"SPAREKEY_TEST_REDIS":  "redis://sam:hunter2@redis.example.com",
		"SPAREKEY_TEST_HOOK":   "http://hunter2@gateway.example.com",
		"SPAREKEY_TEST_PATH":   "https://example.com/photos",
	}
}

// TestWrongCaddyfiles: "caddy validate" and a start refuse the same, with the
// same words, which name file and line, say what to write, and show no secret.
// Neither makes a file.
func TestWrongCaddyfiles(t *testing.T) {
	recoverytest.Alone(t)
	home := t.TempDir()
	t.Setenv("XDG_DATA_HOME", home)
	t.Setenv("XDG_CONFIG_HOME", home)
	for name, value := range wrongEnvironment() {
		t.Setenv(name, value)
	}
	paths, err := filepath.Glob("testdata/wrong/*.caddyfiletest")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, path := range paths {
		cases := readWrong(t, path)
		for i := range cases {
			t.Run(cases[i].title, cases[i].run)
		}
		if n += len(cases); *update {
			writeWrong(t, path, cases)
		}
	}
	if n < 80 {
		t.Errorf("got %d wrong Caddyfiles, want 80 and more", n)
	}
	if made, _ := filepath.Glob(filepath.Join(home, "caddy", "sparekey*")); len(made) > 0 {
		t.Errorf("%q was made", made)
	}
}

func (c *wrongCase) run(t *testing.T) {
	config, err := adaptQuiet(t, c.text)
	said := err
	if err == nil {
		said = caddy.Validate(decodeConfig(t, config))
		if started := load(config); refusal(started) != refusal(said) {
			t.Errorf("start says     %q\nvalidate says  %q", refusal(started), refusal(said))
			_ = caddy.Stop()
		}
	}
	if *update {
		c.want = refusal(said)
	}
	if got := refusal(said); got != c.want {
		t.Errorf("got  %q\nwant %q", got, c.want)
	}
	if !strings.Contains(c.want, "Caddyfile:") {
		t.Errorf("%q names no line", c.want)
	}
	for name, value := range wrongEnvironment() {
		if strings.Contains(c.want, "hunter2") || name == "SPAREKEY_TEST_KEY" && strings.Contains(c.want, value) {
			t.Errorf("%q shows a secret", c.want)
		}
	}
}

// adaptQuiet is what "caddy adapt" does. The Caddy that runs it says nothing.
func adaptQuiet(t *testing.T, text string) ([]byte, error) {
	t.Helper()
	body, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return nil, err
	}
	config := decodeConfig(t, body)
	off := false
	config.Admin = &caddy.AdminConfig{Disabled: true, Config: &caddy.ConfigSettings{Persist: &off}}
	config.Logging = &caddy.Logging{Logs: map[string]*caddy.CustomLog{"default": {BaseLog: caddy.BaseLog{WriterRaw: []byte(`{"output":"discard"}`)}}}}
	out, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	return out, nil
}

func decodeConfig(t *testing.T, body []byte) *caddy.Config {
	t.Helper()
	config := new(caddy.Config)
	if err := caddy.StrictUnmarshalJSON(body, config); err != nil {
		t.Fatal(err)
	}
	return config
}

// ourWords begin after what Caddy says of its modules: which of them it sets up
// first differs from time to time.
var ourWords = regexp.MustCompile(`^.*(provision [a-z0-9_.]+|sparekey[a-z._]*: invalid configuration|parsing caddyfile tokens for '[a-z]+'): `)

func refusal(err error) string {
	if err == nil {
		return ""
	}
	return ourWords.ReplaceAllString(err.Error(), "")
}

func readWrong(t *testing.T, path string) []wrongCase {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var cases []wrongCase
	for _, part := range strings.Split("\n"+string(body), "\n===== ")[1:] {
		title, rest, _ := strings.Cut(part, "\n")
		text, want, found := strings.Cut(rest, "\n-----")
		if !found {
			t.Fatalf("%s: %s has no line -----", path, title)
		}
		cases = append(cases, wrongCase{title, text + "\n", strings.TrimSpace(want)})
	}
	return cases
}

func writeWrong(t *testing.T, path string, cases []wrongCase) {
	t.Helper()
	var b strings.Builder
	for _, c := range cases {
		b.WriteString("===== " + c.title + "\n" + c.text + "-----\n" + c.want + "\n")
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestWhatLiesThereIsRefused by "caddy validate" as by a start, and stays as it is.
func TestWhatLiesThereIsRefused(t *testing.T) {
	const key = "caddy/sparekey/sparekey.key"
	for _, tt := range []struct {
		name, file, text string
		mode             os.FileMode
		want             string
	}{
		{"a key that others may read", key, strings.Repeat("0123456789abcdef", 4), 0o644, "chmod 600"},
		{"a key that is none", key, "hunter2", 0o600, "is not a key"},
		{"a store that others may read", "caddy/sparekey/sparekey.db", "x", 0o644, "chmod 600"},
		{"an empty store", "caddy/sparekey/sparekey.db", "", 0o600, "it is empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			home := t.TempDir()
			t.Setenv("XDG_DATA_HOME", home)
			t.Setenv("XDG_CONFIG_HOME", home)
			path := filepath.Join(home, tt.file)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(tt.text), tt.mode)); err != nil {
				t.Fatal(err)
			}
			config, err := adaptQuiet(t, "http://localhost:9 {\n\tsparekey\n}\n")
			if err != nil {
				t.Fatal(err)
			}
			said, started := refusal(caddy.Validate(decodeConfig(t, config))), refusal(load(config))
			if said != started || !strings.Contains(said, tt.want) {
				t.Errorf("got %q from validate and %q from start, want %q", said, started, tt.want)
			}
			if text, err := os.ReadFile(path); err != nil || string(text) != tt.text {
				t.Errorf("got %q, %v, want it as it was", text, err)
			}
		})
	}
}
