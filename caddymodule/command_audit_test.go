//go:build unix

package caddymodule_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// auditLine is a line of the export.
type auditLine struct {
	Time  time.Time `json:"time"`
	Event string    `json:"event"`
	User  string    `json:"user"`
	By    string    `json:"by"`
	IP    string    `json:"client_ip"`
	Node  string    `json:"node"`
	ID    string    `json:"id"`
}

// The audit trail by command, of a running Caddy and of a store that nobody has
// open: what was done just now is in it, and nothing is wrong with it.
func TestAuditCommand(t *testing.T) {
	h := newHost(t)
	h.start(t)
	config := "--config=" + filepath.Join(h.folder, "Caddyfile")
	do := func(args ...string) result {
		t.Helper()
		return sparekey(t, append(args, config)...)
	}
	lines := func(args ...string) (out []auditLine) {
		t.Helper()
		r := do(append([]string{"audit", "--json"}, args...)...).want(t, 0, "")
		for line := range strings.Lines(r.out) {
			var l auditLine
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			out = append(out, l)
		}
		return out
	}
	for _, name := range []string{"carol", "dora"} {
		do("user", "add", name).want(t, 0, "")
		if name == "carol" {
			h.stop(t) // the second one is added by a command alone
		}
	}
	for _, way := range []string{"stopped", "running"} {
		if way == "running" {
			h.start(t)
		}
		for _, name := range []string{"carol", "dora"} {
			got := lines("--user", name, "--event", "invited", "--since", "1h")
			if len(got) != 1 || got[0].User != name || got[0].By != "command line" || got[0].IP != "local" || got[0].Node == "" || time.Since(got[0].Time) > time.Minute {
				t.Errorf("%s, %s: got %+v, want who invited whom", way, name, got)
			}
		}
		if got := lines("--until", "1h"); len(got) > 0 {
			t.Errorf("%s: got %v of an hour ago, want none", way, got)
		}
		if out := do("audit", "--user", "carol").want(t, 0, "").out; !strings.Contains(out, "carol") || !strings.Contains(out, "by command line") {
			t.Errorf("%s: got %q, want a table", way, out)
		}
		if out := do("audit", "--verify").want(t, 0, "").out; !strings.Contains(out, "records in") || !strings.Contains(out, "not compared with the log") {
			t.Errorf("%s: got %q, want that nothing is wrong, and what cannot be found", way, out)
		}
	}
	auditOf(t, do)
}

// auditOf compares with a log, and is refused.
func auditOf(t *testing.T, do func(args ...string) result) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "caddy.log")
	if err := os.WriteFile(log, []byte("{}\nnot JSON: audit head\n"+
		`{"level":"info","msg":"audit head","day":"2999-01-01","node":"x","segment":1,"next":7,"mac":"AAAA"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := do("audit", "--verify", "--from-log", log)
	if r.code != 1 || !strings.Contains(r.out, "the log has an end there") || !strings.Contains(r.said, "in 1 places") {
		t.Errorf("got %d, %q and %q, want that the log has what the trail has not", r.code, r.out, r.said)
	}
	for _, tc := range []struct{ args, want string }{
		{"audit --event hocus", "no event"},
		{"audit --since yesterday", "write it like 7d"},
		{"audit --user nobody", "user list"},
		{"audit --from-log x", "for --verify"},
		{"audit --verify --from-log " + os.DevNull, "has no line"},
	} {
		do(strings.Fields(tc.args)...).want(t, 1, tc.want)
	}
}
