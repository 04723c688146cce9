package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/web"
	"github.com/caddy-sparekey/sparekey/templates"
)

func everyMethod() *recovery.Methods {
	return method.All(method.Set{Has: func(string) bool { return true }})
}

// TestEveryMethodHasItsPages: a method that is asked for or enrolled on a page
// has a line that fills it.
func TestEveryMethodHasItsPages(t *testing.T) {
	methods := everyMethod()
	for _, name := range methods.Names() {
		m := methods.Get(name)
		if page := m.Traits().Page; page != "" && !slices.Contains(web.ProofPages(), page) {
			t.Errorf("%s is asked for on page %q: got no line in proofPages, want one", name, page)
		}
		e, ok := m.(recovery.Enroller)
		if got := slices.Contains(web.EnrolledMethods(), name); got != ok {
			t.Errorf("%s: got a line in enrolments: %v, want %v", name, got, ok)
		}
		if ok && !slices.Contains(templates.Pages(), e.EnrollPage()) {
			t.Errorf("%s is enrolled on %q: got no such page in templates", name, e.EnrollPage())
		}
	}
}

// TestPagesOfStepsExist holds the names in package recovery, which knows nothing
// of templates, to the list of pages there.
func TestPagesOfStepsExist(t *testing.T) {
	shown := web.ProofPages()
	for _, name := range everyMethod().Names() {
		if e, ok := everyMethod().Get(name).(recovery.Enroller); ok {
			shown = append(shown, e.EnrollPage())
		}
	}
	names := pageNames(t)
	if len(names) < 10 {
		t.Fatalf("got %q, want the names of pages in package recovery", names)
	}
	for _, name := range names {
		if !slices.Contains(templates.Pages(), name) || !slices.Contains(shown, name) {
			t.Errorf("page %q: got in templates %v, filled %v, want both", name, slices.Contains(templates.Pages(), name), slices.Contains(shown, name))
		}
	}
}

// pageNames reads the constants Page… of package recovery.
func pageNames(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || !strings.HasPrefix(spec.Names[0].Name, "Page") || len(spec.Values) != 1 {
				return true
			}
			if value, ok := spec.Values[0].(*ast.BasicLit); ok && !strings.HasSuffix(file, "_test.go") {
				name, _ := strconv.Unquote(value.Value)
				names = append(names, name)
			}
			return true
		})
	}
	return names
}
