//go:build unix

package caddymodule_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// TestAllowTellsPeopleFromGroups on a running Caddy, which the command line knows
// the rules of, as it does when none runs.
func TestAllowTellsPeopleFromGroups(t *testing.T) {
	h := newHost(t)
	session := h.seed(t)
	for _, tt := range []struct {
		allow string
		let   bool
	}{
		{"user:alice", true},
		{"user:ALICE", true},
		{"family user:alice", true},
		{"admins", true},
		{"alice", false},
		{"family user:bruno", false},
	} {
		h.gate = "{\n\t\tallow " + tt.allow + "\n\t}"
		h.start(t)
		if got := h.signedIn(t, session); got != tt.let {
			t.Errorf("allow %s: let in %v, want %v", tt.allow, got, tt.let)
		}
	}
	h.gate = "{\n\t\tallow family alice user:bruno\n\t}"
	h.start(t)
	config := "--config=" + h.caddyfile(t)
	if log, err := os.ReadFile(filepath.Join(h.folder, "log")); err != nil || !strings.Contains(string(log), "to let the person pass write user:alice") {
		t.Errorf("got %s (%v), want that the log says what to write", log, err)
	}
	h.wantNames(t, config, "asked the running Caddy")
	h.stop(t)
	h.wantNames(t, config, "no Caddy is running here")
}

// wantNames wants the names of people and of groups to be kept apart.
func (h *host) wantNames(t *testing.T, config, how string) {
	t.Helper()
	r := sparekey(t, "doctor", config)
	if !strings.Contains(r.said, how) || !strings.Contains(r.out, "people and groups have one name: alice;") {
		t.Errorf("got %q and %q, want that alice is a group too", r.said, r.out)
	}
	sparekey(t, "user", "add", "Family", config).want(t, 1, "is the name of a group")
	sparekey(t, "user", "add", "carol", "--group", "alice", config).want(t, 1, "has the name of a person")
	sparekey(t, "user", "add", "carol", "--group", "user:alice", config).want(t, 1, "no name for a group")
}

// TestAllowIsRefused by "caddy validate" with its line, and in JSON.
func TestAllowIsRefused(t *testing.T) {
	for word, want := range map[string]string{
		"usr:alice":     "write a group, or user:NAME for a person",
		"user:":         "names nobody",
		`"a,b"`:         "write a group, or user:NAME for a person",
		`"user:a b"`:    "names nobody",
		`family "user"`: "",
	} {
		text := "{\n\tadmin off\n}\nhttp://localhost:1 {\n\tsparekey {\n\t\tallow " + word + "\n\t}\n\trespond hi\n}\n"
		_, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
		if (err != nil) != (want != "") || err != nil && (!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "Caddyfile:6")) {
			t.Errorf("allow %s: got %v, want %q at Caddyfile:6", word, err, want)
		}
	}
	config := new(caddy.Config)
	text := `{"admin":{"disabled":true},"apps":{"http":{"servers":{"a":{"listen":["localhost:1"],"routes":[{"handle":[{"handler":"sparekey","allow":["usr:alice"]}]}]}}}}}`
	if err := caddy.StrictUnmarshalJSON([]byte(text), config); err != nil {
		t.Fatal(err)
	}
	if err := caddy.Validate(config); err == nil || !strings.Contains(err.Error(), "user:NAME") {
		t.Errorf("in JSON: got %v, want it refused", err)
	}
}
