//go:build unix

package caddymodule_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// asCaddy makes this test binary the caddy program: see TestExitCodes.
const asCaddy = "SPAREKEY_TEST_AS_CADDY"

func init() {
	if os.Getenv(asCaddy) != "" {
		caddycmd.Main() // ends the process when a command fails
		os.Exit(0)
	}
}

// TestExitCodes: what a shell sees.
func TestExitCodes(t *testing.T) {
	recoverytest.Alone(t)
	h := newHost(t)
	h.start(t)
	tests := []struct {
		name string
		code int
		args []string
	}{
		{"done", 0, []string{"user", "list", "--data", h.data()}},
		{"help", 0, []string{"user", "--help"}},
		{"refused", 1, []string{"rescue", "nobody", "--data", h.data()}},
		{"failed", 1, []string{"user", "list", "--data", filepath.Join(h.folder, "nowhere")}},
		{"usage", 2, []string{"rescue"}},
		{"option", 2, []string{"user", "list", "--nope"}},
		{"command", 2, []string{"nope"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			program, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), program, append([]string{"sparekey"}, tt.args...)...)
			cmd.Env = append(os.Environ(), asCaddy+"=1")
			out, err := cmd.CombinedOutput()
			if got := cmd.ProcessState.ExitCode(); got != tt.code {
				t.Errorf("got exit code %d, %v, want %d; it said %s", got, err, tt.code, out)
			}
			if strings.Contains(string(out), "Error:") {
				t.Errorf("got %s, want the sentence once", out)
			}
		})
	}
}
