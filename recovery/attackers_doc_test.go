package recovery_test

import (
	"go/ast"
	"go/token"
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestAttackersNamesTests: the tests that ATTACKERS.md names are there, and no row
// is without one.
func TestAttackersNamesTests(t *testing.T) {
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
		names := named.FindAllStringSubmatch(row, -1)
		if len(names) == 0 {
			t.Errorf("no test holds %q", row)
		}
		for _, n := range names {
			if !slices.Contains(there, n[1]) {
				t.Errorf("there is no %s", n[1])
			}
		}
	}
}
