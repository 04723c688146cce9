package recovery_test

import (
	"go/ast"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

const (
	eventsFile = "EVENTS.md"
	eventsHead = `# Events

Each is one line of Caddy's log with the logger ` + "`sparekey`" + `. A line has all fields, ` + "`event`" + ` and those below; those that a row does not
name are empty. None ever holds a secret, an address of a person, or what a stranger typed. This page is written by ` + "`go test ./recovery -run TestEvents -update`" + `.

- ` + "`client_ip`" + `: where the request came from: an IPv4 address, an IPv6 network of 64 bits, or ` + "`local`" + ` for a command.
- ` + "`by`, `by_account`" + `: who did it: name and id of an account, or ` + "`command line`, `closing link`" + `, or ` + "`visitor`" + ` for somebody who has not proved who it is.
- ` + "`user`, `account`" + `: name and id of the account it happened to. ` + "`flow`" + ` joins the lines of one walk through the pages.
- ` + "`method`" + `: what was shown so far, in order: ` + "`password totp`, `password trusted_browser`, `mail_link recovery_code`" + `. Of a try that failed it is only what was tried.
- ` + "`count`" + `: of what is refused there is at most one line a minute for each network; it says how many that line stands for, and is 0 elsewhere.

The line of ` + "`login_failed`" + ` keeps its form, for fail2ban and CrowdSec.

| event | level | fields | what happened |
| --- | --- | --- | --- |
`
)

// TestEvents: every name of an event has its row, and EVENTS.md is those rows.
func TestEvents(t *testing.T) {
	recoverytest.Alone(t)
	var b strings.Builder
	b.WriteString(eventsHead)
	var listed []string
	for _, e := range recovery.Events() {
		listed = append(listed, string(e.Name))
		b.WriteString("| `" + string(e.Name) + "` | " + string(e.Level) + " | " + strings.Join(e.Fields, ", ") + " | " + e.Says + " |\n")
	}
	var declared []string
	eachFileOrTest(t, ".", func(_ string, file *ast.File, _ *token.FileSet) {
		ast.Inspect(file, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok {
				if name, ok := v.Type.(*ast.Ident); ok && name.Name == "EventName" {
					declared = append(declared, strings.Trim(v.Values[0].(*ast.BasicLit).Value, `"`))
				}
			}
			return true
		})
	})
	slices.Sort(declared)
	if slices.Sort(listed); !slices.Equal(listed, declared) {
		t.Errorf("got rows for %v\nwant one for each of %v", listed, declared)
	}
	if *update {
		if err := os.WriteFile(eventsFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(eventsFile); err != nil || string(text) != b.String() {
		t.Errorf("%s is not what the code says (%v): run with -update and read what changed", eventsFile, err)
	}
}

// The order of fields is a contract, and a row names no field that is none.
func TestEventsNameFieldsThatThereAre(t *testing.T) {
	var names []string
	for _, f := range (recovery.Event{}).Fields() {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "event client_ip account user method flow detail by by_account count" {
		t.Errorf("got %s", got)
	}
	for _, e := range recovery.Events() {
		for _, f := range e.Fields {
			if !slices.Contains(names, f) || e.Says == "" {
				t.Errorf("%s: got field %q, %q, want one of %v and what has happened", e.Name, f, e.Says, names)
			}
		}
	}
	odd := recovery.Event{Name: recovery.EventForbidden, Network: "192.0.2.7", Flow: "f", Count: 2}.Odd()
	if !slices.Equal(odd, []string{"flow"}) {
		t.Errorf("got %v, want the one field that the row does not name", odd)
	}
	if got := (recovery.Event{Name: "no event"}).Odd(); len(got) != 1 {
		t.Errorf("got %v for an event without a row, want it named", got)
	}
}
