//go:build unix

package caddymodule_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// access is what explain says with --json.
type access struct {
	Answer, Why string
	Gates       []struct {
		Answer string
		Rules  []struct{ Rule, Answer, Why string }
	}
	Sessions []struct{ Answer, Why string }
}

// TestExplainSaysWhoIsLetIn with the words of the gates at an address, on a running
// Caddy and on a stopped one alike.
func TestExplainSaysWhoIsLetIn(t *testing.T) {
	recoverytest.Alone(t)
	h := newHost(t)
	h.gate = "{\n\t\tallow admins\n\t\tfresh 10m\n\t\topen /public/*\n\t\topen POST /hook\n\t}"
	h.site = "handle /family/* {\n\t\tsparekey {\n\t\t\tallow family\n\t\t}\n\t\trespond family\n\t}\n\thandle /vault/* {\n\t\tsparekey {\n\t\t\tfactors 2\n\t\t\tnetwork 192.168.1.0/24 factors 1\n\t\t}\n\t\trespond vault\n\t}\n\trespond app"
	h.seed(t)
	h.start(t)
	config := "--config=" + h.caddyfile(t)
	for _, running := range []bool{true, false} {
		if !running {
			h.stop(t)
		}
		for _, tt := range []struct {
			path, answer, why string
			gates             int
			more              []string
		}{
			{"/", "yes", "", 1, nil},
			{"/public/style.css", "open", "without a login", 1, nil},
			{"/public/../x", "yes", "", 1, nil},
			{"/hook", "yes", "", 1, nil},
			{"/hook", "open", "without a login", 1, []string{"--method=POST"}},
			{"/family/x", "no", "asks for one of family; is", 2, nil},
			{"/vault/x", "yes", "", 2, nil},
			{"/vault/x", "yes", "", 2, []string{"--from=192.168.1.7"}},
		} {
			args := append([]string{"explain", "alice", h.origin() + tt.path, config, "--json"}, tt.more...)
			got := decode[access](t, sparekey(t, args...))
			if got.Answer != tt.answer || !strings.Contains(got.Why, tt.why) || len(got.Gates) != tt.gates {
				t.Errorf("running %v, %s %v: got %+v, want %s (%s) and %d gates", running, tt.path, tt.more, got, tt.answer, tt.why, tt.gates)
			}
		}
		text := sparekey(t, "explain", "alice", h.origin()+"/family/x", config).want(t, 0, "").out
		for _, want := range []string{"as alice: no", "fresh", "asks again 10m after a proof", "session", "gate "} {
			if !strings.Contains(text, want) {
				t.Errorf("running %v: got %q, want %q in it", running, text, want)
			}
		}
		sparekey(t, "explain", "nobody", h.origin()+"/", config).want(t, 1, "user list")
		sparekey(t, "explain", "alice", "album", config).want(t, 1, "write it like https://photos.example.com/album")
		sparekey(t, "explain", "alice", h.origin()+"/vault/x", config, "--from=home").want(t, 1, "write the address of a client")
	}
	sparekey(t, "explain", "alice").want(t, 2, "it takes USER URL")
	other := decode[access](t, sparekey(t, "explain", "alice", fmt.Sprintf("http://other.example:%d/", h.port), config, "--json"))
	if other.Answer != "open" || len(other.Gates) != 0 {
		t.Errorf("another host: got %+v, want that no gate stands there", other)
	}
}
