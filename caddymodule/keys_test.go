package caddymodule_test

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"
)

// TestKY08_ASecretIsAKey: 32 bytes as hex or base64, also when a placeholder
// leads to it. A text of versions before is taken behind one, until it goes.
func TestKY08_ASecretIsAKey(t *testing.T) {
	key, text := strings.Repeat("0123456789abcdef", 4), "correct horse battery staple, twice over"
	t.Setenv("SPAREKEY_TEST_SECRET", text)
	file := t.TempDir() + "/key"
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, secret, want string }{
		{"hex", key, ""},
		{"capital hex", strings.ToUpper(key), ""},
		{"base64", base64.StdEncoding.EncodeToString([]byte(key[:32])), ""},
		{"a file", "{file." + file + "}", ""},
		{"two keys", key + " " + strings.Repeat("fedcba9876543210", 4), ""},
		{"a text behind a key", key + ` "` + text + `"`, ""},
		{"one behind it with a last day", key + " " + strings.Repeat("fedcba9876543210", 4) + " until 2027-01-31", ""},
		{"one of a file that is over", key + " {file." + file + "} until 2020-01-31", ""},
		{"a last day in front", key + " until 2027-01-31", "take it out there"},
		{"no day", key + " " + strings.Repeat("fedcba9876543210", 4) + " until tomorrow", "write it like 2027-01-31"},
		{"a day that there is not", key + " " + strings.Repeat("fedcba9876543210", 4) + " until 2027-02-30", "write it like 2027-01-31"},
		{"a short text with a last day", key + " hunter2 until 2027-01-31", "openssl rand -hex 32"},
		{"until and nothing", key + " " + strings.Repeat("fedcba9876543210", 4) + " until", "is not a key"},
		{"a text of the environment behind a key", key + " {env.SPAREKEY_TEST_SECRET}", ""},
		{"a text", `"` + text + `"`, "caddy sparekey rekey"},
		{"a text of the environment", "{env.SPAREKEY_TEST_SECRET}", "caddy sparekey rekey"},
		{"16 bytes", key[:32], "openssl rand -hex 32"},
		{"a short text", "hunter2", "openssl rand -hex 32"},
		{"a short text behind a key", key + " hunter2", "openssl rand -hex 32"},
		{"nowhere", "{env.SPAREKEY_NOT_THERE}", "SPAREKEY_NOT_THERE"},
	} {
		err := validate(t, "secret "+tt.secret)
		if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
		if err != nil && (strings.Contains(err.Error(), "staple") || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: the error shows the secret: %v", tt.name, err)
		}
	}
}
