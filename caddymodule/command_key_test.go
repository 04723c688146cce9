//go:build unix

package caddymodule_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// keyJSON is what the commands about access keys tell.
type keyJSON struct {
	User      string    `json:"user"`
	Key       string    `json:"key"`
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Hosts     []string  `json:"hosts"`
	Paths     []string  `json:"paths"`
	MadeBy    string    `json:"made_by"`
	Expires   time.Time `json:"expires"`
	Suspended bool      `json:"suspended"`
}

// keyStory makes, lists and revokes keys of alice; said is what each command says
// of its way.
func keyStory(t *testing.T, h *host, said string) {
	t.Helper()
	config := "--config=" + filepath.Join(h.folder, "Caddyfile")
	do := func(args ...string) result {
		t.Helper()
		return sparekey(t, append(append([]string{"key"}, args...), config)...)
	}

	first := do("add", "alice", "--name", "phone backup").want(t, 0, said)
	if !strings.HasPrefix(first.out, "sk_") || strings.Count(first.out, "\n") != 1 || !strings.Contains(first.said, "shown once") || strings.Contains(first.said, "sk_") {
		t.Errorf("key add: got %q and %q, want the key alone on standard output", first.out, first.said)
	}
	made := decode[keyJSON](t, do("add", "alice", "--name", "builds", "--host", "Git.Example.com", "--path", "/git/*", "--path", "/status", "--expires", "90d", "--json"))
	if made.User != "alice" || !strings.HasPrefix(made.Key, "sk_") || strings.Join(made.Hosts, " ") != "git.example.com" || len(made.Paths) != 2 || made.MadeBy != "command line" {
		t.Errorf("key add --json: got %+v", made)
	}
	if left := time.Until(made.Expires); left < 89*24*time.Hour || left > 90*24*time.Hour {
		t.Errorf("got %v left, want 90 days", left)
	}
	if never := decode[keyJSON](t, do("add", "alice", "--name", "never", "--expires", "never", "--json")); !never.Expires.IsZero() {
		t.Errorf("got the end %v, want none", never.Expires)
	}
	list := do("list", "alice").want(t, 0, said).out
	for _, want := range []string{"phone backup", made.ID, "git.example.com", "/git/* /status", "never", "command line"} {
		if !strings.Contains(list, want) {
			t.Errorf("key list: got %q, want %s in it", list, want)
		}
	}
	if strings.Contains(list, "sk_") {
		t.Errorf("key list: got %q, want nothing secret", list)
	}
	do("revoke", "alice", made.ID).want(t, 0, "revoked: builds")
	do("revoke", "alice", "Never").want(t, 0, "revoked: never")
	do("revoke", "alice", "builds").want(t, 1, "see which there are with: caddy sparekey key list alice")
	if left := decode[[]keyJSON](t, do("list", "alice", "--json")); len(left) != 1 || left[0].Name != "phone backup" || left[0].Key != "" {
		t.Errorf("got %+v, want one left", left)
	}
	do("revoke", "alice", "phone backup").want(t, 0, "revoked")
	for _, tt := range []struct{ args, want string }{
		{"add bruno --name x", "no such account"},
		{"add alice", "needs a name"},
		{"add alice --name x --host https://a", "without https://"},
		{"add alice --name x --path api", "write it like /api/*"},
		{"add alice --name x --expires yesterday", "write 90d or 12h"},
		{"add alice --name x --expires 2020-01-01", "a day to come"},
		{"list bruno", "no such account"},
		{"revoke bruno x", "no such account"},
	} {
		do(strings.Fields(tt.args)...).want(t, 1, tt.want)
	}
	do("add").want(t, 2, "it takes USER")
	do("revoke", "alice").want(t, 2, "it takes USER KEY")
}

// TestKeyCommands on a running Caddy, which records who did it and tells the
// person, and on a stopped one.
func TestKeyCommands(t *testing.T) {
	h := newHost(t)
	h.seed(t)
	h.start(t)
	keyStory(t, h, "asked the running Caddy")
	add := func(host string) string {
		config := "--config=" + filepath.Join(h.folder, "Caddyfile")
		said := sparekey(t, "key", "add", "alice", "--name", host, "--host", host, config).want(t, 0, "shown once").said
		sparekey(t, "key", "revoke", "alice", host, config).want(t, 0, "revoked")
		return said
	}
	if said := add("localhost"); !strings.Contains(said, "no site here is at localhost: unless that port is mapped") {
		t.Errorf("a host without its port: got %q, want to be told", said)
	}
	if said := add(fmt.Sprintf("localhost:%d", h.port)); strings.Contains(said, "no site here") {
		t.Errorf("a host of this Caddy: got %q, want nothing of its port", said)
	}
	log, err := os.ReadFile(filepath.Join(h.folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range []string{"access_key_made", "access_key_revoked"} {
		found := false
		for line := range strings.Lines(string(log)) {
			found = found || strings.Contains(line, `"event":"`+event+`"`) && strings.Contains(line, `"by":"command line"`) && strings.Contains(line, `"user":"alice"`)
		}
		if !found {
			t.Errorf("%s is not in the log, by whom and of whom", event)
		}
	}
	if strings.Contains(string(log), "sk_") {
		t.Error("a key is in the log")
	}
	h.stop(t)
	keyStory(t, h, "no Caddy is running here")
}
