//go:build unix

package caddymodule_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestDoctorKnownDevice counts who could not sign in on a new browser: sam has
// no mailbox and no recovery codes.
func TestDoctorKnownDevice(t *testing.T) {
	h := newHost(t)
	settle(t, h, "sam")
	h.more = "require known_device\nnotify file " + filepath.Join(h.folder, "out")
	if c := examine(t, 0, "--config="+h.caddyfile(t)).find(t, "known_device", "could not sign in on a new browser: 1"); c.Level != "warning" || !strings.Contains(c.Remedy, "rescue") {
		t.Errorf("got %+v, want a warning with the command", c)
	}
}
