//go:build unix

package caddymodule_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// leaves are all commands that do something, by what is typed after "caddy sparekey".
func leaves(t *testing.T) map[string]*cobra.Command {
	t.Helper()
	root := &cobra.Command{Use: "sparekey"}
	caddycmd.Commands()["sparekey"].CobraFunc(root)
	out := map[string]*cobra.Command{}
	var walk func(cmd *cobra.Command, path string)
	walk = func(cmd *cobra.Command, path string) {
		if len(cmd.Commands()) == 0 {
			out[path] = cmd
		}
		for _, sub := range cmd.Commands() {
			walk(sub, strings.TrimSpace(path+" "+sub.Name()))
		}
	}
	walk(root, "")
	return out
}

// asked is a command as a program would run it, after those before it in the list.
type asked struct {
	path  string
	args  []string
	fresh bool // where nobody has an account yet
}

// everyCommand is one call of each command, in an order in which each can be done. A
// new command is a line here.
func everyCommand() []asked {
	reason := "--reason=because of this"
	return []asked{
		{path: "setup-link", fresh: true},
		{path: "user add", args: []string{"anna", "--mail=anna@example.org"}},
		{path: "user add", args: []string{"bruno"}},
		{path: "user list"},
		{path: "user show", args: []string{"anna"}},
		{path: "user invite", args: []string{"anna"}},
		{path: "user groups", args: []string{"anna", "--group=family", reason}},
		{path: "user display-name", args: []string{"anna", "Anna Martin", reason}},
		{path: "user mail", args: []string{"anna", "anna@example.net", reason}},
		{path: "user phone", args: []string{"anna", "+41791234599", reason}},
		{path: "user extension", args: []string{"anna", "--number=+33123456789", "--extension=42", reason}},
		{path: "user unlock", args: []string{"anna", reason}},
		{path: "user sign-out", args: []string{"anna", reason}},
		{path: "user disable", args: []string{"anna", reason}},
		{path: "user enable", args: []string{"anna", reason}},
		{path: "user rename", args: []string{"anna", "anna.martin", reason}},
		{path: "user remove", args: []string{"bruno", reason}},
		{path: "user reset-password", args: []string{"alice", reason}},
		{path: "user reset-factors", args: []string{"alice", reason}},
		{path: "invite person", args: []string{"dora"}},
		{path: "invite revoke", args: []string{"dora", reason}},
		{path: "invite group", args: []string{"--uses=3", "--for=the choir"}},
		{path: "invite list"},
		{path: "invite revoke-link", args: []string{"the choir", reason}},
		{path: "key add", args: []string{"alice", "--name=backup"}},
		{path: "key list", args: []string{"alice"}},
		{path: "key revoke", args: []string{"alice", "backup"}},
		{path: "explain"},
		{path: "explain", args: []string{"alice", "http://localhost/"}},
		{path: "rescue", args: []string{"alice"}},
		{path: "audit"},
		{path: "audit", args: []string{"--verify"}},
		{path: "doctor"},
		{path: "rekey"},
		{path: "restore", args: []string{"--accept-old"}},
		{path: "import authelia", args: []string{"FOLDER/authelia"}},
		{path: "import caddy-security", args: []string{"FOLDER/caddy-security"}},
		{path: "import tinyauth", args: []string{"FOLDER/tinyauth"}},
		{path: "import htpasswd", args: []string{"FOLDER/htpasswd"}},
		{path: "import csv", args: []string{"FOLDER/csv"}},
		{path: "backup", args: []string{"FOLDER/backup", "--passphrase-file=FOLDER/phrase"}},
	}
}

// filesOfCommands are what commands read, by their names in FOLDER.
func filesOfCommands() map[string]string {
	return map[string]string{
		"authelia": "users:\n  carl: {email: carl@example.org}\n", "caddy-security": `{"users": [{"username": "dan"}]}`,
		"tinyauth": "erik:$1$weak\n", "htpasswd": "fritz:$1$weak\n", "csv": "name\ngus\n", "phrase": "correct horse battery\n",
	}
}

// spoken tells whether a text is one value of JSON, or one in each line.
func spoken(text string) bool {
	if json.Valid([]byte(text)) {
		return true
	}
	for line := range strings.Lines(text) {
		if !json.Valid([]byte(line)) {
			return false
		}
	}
	return text != ""
}

// TestEveryCommandSpeaksJSON, and nothing else on standard output; and its help shows
// how it is typed.
func TestEveryCommandSpeaksJSON(t *testing.T) {
	recoverytest.Alone(t)
	fresh := newHost(t)
	if err := fresh.open(t).Driver.Close(); err != nil {
		t.Fatal(err)
	}
	h := newHost(t)
	h.seed(t)
	h.more = "notify file " + filepath.Join(h.folder, "out")
	config := "--config=" + h.caddyfile(t)
	h.start(t) // some of them send mail
	for name, text := range filesOfCommands() {
		write(t, filepath.Join(h.folder, name), text)
	}
	all := leaves(t)
	for _, a := range everyCommand() {
		args := strings.Fields(a.path)
		for _, arg := range a.args {
			args = append(args, strings.ReplaceAll(arg, "FOLDER", h.folder))
		}
		where := config
		if a.fresh {
			where = "--config=" + fresh.caddyfile(t)
		}
		if r := sparekey(t, append(args, "--json", where)...); r.code != 0 || !spoken(r.out) {
			t.Errorf("%s --json: got exit code %d and %q; it said %s", a.path, r.code, r.out, r.said)
		}
	}
	for path, cmd := range all {
		if !slices.ContainsFunc(everyCommand(), func(a asked) bool { return a.path == path }) {
			t.Errorf("%s: write a line of it into everyCommand", path)
		}
		if !strings.Contains(cmd.Example, "  $ caddy sparekey "+path) {
			t.Errorf("%s: got the example %q, want one that can be typed", path, cmd.Example)
		}
		if cmd.Short == "" || cmd.InheritedFlags().Lookup("json") == nil {
			t.Errorf("%s: got %q, want words, and --json", path, cmd.Short)
		}
		if r := sparekey(t, append(strings.Fields(path), "--help")...); r.code != 0 || !strings.Contains(r.out+r.said, cmd.Example) {
			t.Errorf("%s --help: got %d %s, want its examples", path, r.code, r.out)
		}
	}
}
