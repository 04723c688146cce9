package recovery_test

import (
	"go/ast"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestAttackersNamesTests: the tests that ATTACKERS.md names are there, and no cell
// is without one.
func TestAttackersNamesTests(t *testing.T) {
	recoverytest.Alone(t)
	text, err := os.ReadFile("ATTACKERS.md")
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	eachFileOrTest(t, "..", func(_ string, file *ast.File, _ *token.FileSet) {
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok {
				there = append(there, f.Name.Name)
			}
		}
	})
	named := regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")
	for _, row := range regexp.MustCompile(`(?m)^\| (a|an|who) [a-z].*$`).FindAllString(string(text), -1) {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		if len(cells) != 4 {
			t.Errorf("got %d cells, want who, learns, gets in, keeps out: %s", len(cells), row)
		}
		for _, cell := range cells[1:] {
			names := named.FindAllStringSubmatch(cell, -1)
			if len(names) == 0 {
				t.Errorf("no test holds %q of %q", cell, cells[0])
			}
			for _, n := range names {
				if !slices.Contains(there, n[1]) {
					t.Errorf("there is no %s", n[1])
				}
			}
		}
	}
}
