//go:build unix

package caddymodule_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommandsAreRecorded: the log of the running Caddy says that it was a
// command, for every event that one makes.
func TestCommandsAreRecorded(t *testing.T) {
	h := newHost(t)
	h.start(t)
	config := "--config=" + h.caddyfile(t)
	sparekey(t, "user", "add", "anna", "--group", "admins", config).want(t, 0, "")
	sparekey(t, "rescue", "anna", config).want(t, 0, "")
	log, err := os.ReadFile(filepath.Join(h.folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(log)) {
		if !strings.Contains(line, `"event":`) {
			continue
		}
		if seen++; !strings.Contains(line, `"by":"command line"`) || !strings.Contains(line, `"client_ip":"local"`) {
			t.Errorf("got %s, want who did it and from where", line)
		}
	}
	if seen < 2 {
		t.Errorf("got %d events, want one of each command", seen)
	}
}
