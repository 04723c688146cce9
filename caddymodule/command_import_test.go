//go:build unix

package caddymodule_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

type importJSON struct {
	Imported, Invited, Unchanged, Refused int
	DryRun                                bool `json:"dry_run"`
	Lines                                 []struct {
		Line              int
		Name, Result, Why string
		Notes             []string
	}
	Delete []string `json:"delete_afterwards"`
}

// An operator brings people along: a trial, what is wrong by line, the import, and
// the same once more.
func TestImport(t *testing.T) {
	recoverytest.Alone(t)
	h := newHost(t)
	h.seed(t)
	config := "--config=" + h.caddyfile(t)
	do := func(args ...string) result { t.Helper(); return sparekey(t, append(args, config)...) }
	hash, err := bcrypt.GenerateFromPassword([]byte("old password"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(h.folder, "people.csv")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("name,mail,groups,hash\nbruno,bruno@example.org,admins family,'" + string(hash) + "'\nclara,clara@example.org,,$1$abc$def\ndora,dora@example.org,,\ndora,d@example.org,,\n")

	tried := do("import", "csv", file, "--dry-run")
	if tried.code != 1 || !strings.Contains(tried.said, "2 of 4 were not imported") || !strings.Contains(tried.said, "may be read by others (mode 644)") {
		t.Errorf("dry run: got %d %q", tried.code, tried.said)
	}
	for _, want := range []string{"line 2", "quotes", "say --admins", "MD5", "lines 4, 5", "nothing was written: imported 1, to be invited 1"} {
		if !strings.Contains(tried.out, want) {
			t.Errorf("dry run: got %s, want %q in it", tried.out, want)
		}
	}
	if strings.Contains(tried.out+tried.said, string(hash)[7:]) {
		t.Error("the report has a hash in it")
	}
	do("user", "show", "bruno").want(t, 1, "no such account")

	h.start(t) // and now by the Caddy that runs
	write("name,mail,groups,hash\nbruno,bruno@example.org,admins family," + string(hash) + "\nclara,clara@example.org,,$1$abc$def\n")
	got := decode[importJSON](t, do("import", "csv", file, "--json"))
	if got.Imported != 1 || got.Invited != 1 || got.Refused != 0 || len(got.Lines) != 2 || len(got.Delete) != 1 {
		t.Errorf("got %+v", got)
	}
	p := decode[personJSON](t, do("user", "show", "bruno", "--json"))
	if p.State != "active" || len(p.Groups) != 1 || len(p.Factors) != 1 {
		t.Errorf("bruno: got %+v, want an active account with a password, and no administrator", p)
	}
	if p := decode[personJSON](t, do("user", "show", "clara", "--json")); p.State != "invited" || len(p.Factors) != 0 {
		t.Errorf("clara: got %+v, want her invited", p)
	}
	if out := do("import", "csv", file).want(t, 0, "delete what opens accounts elsewhere").out; !strings.Contains(out, "made anew 2") {
		t.Errorf("once more: got %s", out)
	}
}

func TestImportRefusesFiles(t *testing.T) {
	h := newHost(t)
	h.start(t)
	config := "--config=" + h.caddyfile(t)
	file := filepath.Join(h.folder, "users.json")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Truncate(file, 100<<20)); err != nil { // takes no room
		t.Fatal(err)
	}
	sparekey(t, "import", "caddy-security", file, config).want(t, 1, "more than 32 MB")
	for text, said := range map[string]string{
		"\xff\xfe":                          "not UTF-8",
		`{"users": [`:                       "cut off",
		`{"users": [{"username": "anna"}]}`: "set-up link", // nobody is here yet
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		sparekey(t, "import", "caddy-security", file, config).want(t, 1, said)
	}
	sparekey(t, "import", "caddy-security", h.folder, config).want(t, 1, "is no file")
	sparekey(t, "import", "caddy-security", config).want(t, 2, "FILE")
	sparekey(t, "import", "passwd", file, config).want(t, 2, "unknown command")
	var people []json.RawMessage
	if err := json.Unmarshal([]byte(sparekey(t, "user", "list", "--json", config).out), &people); err != nil || len(people) != 0 {
		t.Errorf("got %v, %v, want nobody", people, err)
	}
}
