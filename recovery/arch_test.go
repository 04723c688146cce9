package recovery_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

const (
	modulePath = "github.com/caddy-sparekey/sparekey"
	caddyPath  = "github.com/caddyserver/caddy"
)

// forbidden says what a package must never come to depend on, directly or
// through others, and why. A path stands for everything below it too.
func forbidden() map[string]map[string]string {
	all := forbiddenInTheMiddle()
	maps.Copy(all, forbiddenAround())
	return all
}

const own = modulePath + "/recovery"

// forbiddenInTheMiddle is for the three packages that decide.
func forbiddenInTheMiddle() map[string]map[string]string {
	return map[string]map[string]string{
		own: {
			caddyPath:                      "rules must run and be tested without Caddy, and outlive its API",
			"net/http":                     "rules know people and proofs; requests, cookies and status codes are package web's",
			own + "/kv":                    "a rule cannot touch a store: what is written is decided here and done in package engine",
			own + "/engine":                "rules do not know who applies them",
			own + "/guard":                 "rules do not know who applies them",
			own + "/web":                   "pages depend on the rules, never the other way round",
			own + "/notify":                "how a message travels is decided outside: the rules see a Notifier only",
			own + "/method":                "methods are behind Method, one file each",
			modulePath + "/templates":      "wording is no business of the rules",
			modulePath + "/caddymodule":    "rules must run and be tested without Caddy",
			own + "/recoverytest":          "for tests: its clock is moved by hand",
			"github.com/pquerna/otp":       "methods are behind Method, one file each in package method",
			"github.com/boombuler/barcode": "pictures are package web's",
		},
		own + "/engine": {
			"net/http":                  "the engine takes forms and gives outcomes; requests, cookies and status codes are package web's",
			"github.com/redis/go-redis": "which store is used is decided outside: the engine sees kv.Driver only",
			"go.etcd.io/bbolt":          "which store is used is decided outside: the engine sees kv.Driver only",
			own + "/web":                "pages depend on the engine, never the other way round",
			own + "/notify":             "how a message travels is decided outside: the engine sees recovery.Notifier only",
			own + "/guard":              "a flow changes accounts, a guard reads them: neither calls the other",
			own + "/method":             "methods are behind recovery.Method; which there are is decided outside",
			modulePath + "/templates":   "wording is no business of the engine",
			own + "/kv/memkv":           "for tests: it forgets everything",
			own + "/recoverytest":       "for tests: its clock is moved by hand",
			"github.com/pquerna/otp":    "methods are behind recovery.Method, one file each in package method",
		},
		own + "/guard": {
			"net/http":                "one decision serves every way a request can come; headers and cookies are package web's",
			own + "/engine":           "a guard that reads accounts cannot begin a flow or change one: it declares the two methods it needs",
			own + "/web":              "pages depend on the guard, never the other way round",
			own + "/method":           "who is signed in is written in the account; no proof is looked at again",
			own + "/notify":           "a guard tells nobody anything",
			modulePath + "/templates": "wording is no business of the guard",
		},
	}
}

// forbiddenAround is for all others.
func forbiddenAround() map[string]map[string]string {
	return map[string]map[string]string{
		own + "/...": {
			caddyPath: "the domain must run and be tested without Caddy, and outlive its API",
		},
		modulePath + "/templates/...": {
			caddyPath: "pages are rendered by tests and tools that have no Caddy",
			own:       "a page shows what it is given, and decides nothing",
		},
		modulePath + "/caddymodule/routes": {own: "whether a gate guards is told from Caddy's routes alone"},
		modulePath + "/caddymodule/figures": {
			caddyPath:       "figures are of the process, and outlive each configuration",
			own + "/kv":     "what is counted comes by events and hooks: nothing is read for it",
			own + "/web":    "a figure knows no request, and nobody's name",
			own + "/method": "what was shown is told by its name",
		},
		own + "/supervise": {modulePath: "every other package begins its goroutines there"},
		own + "/secret":    {own + "/kv": "keys and sums are made of bytes; where they are kept is decided outside", own + "/engine": "the same"},
		own + "/lint": {
			own + "/engine": "the lint judges the policy and must not run what it judges: it would find its mistakes correct",
			own + "/guard":  "the lint judges the policy and must not run what it judges: it would find its mistakes correct",
			own + "/method": "the lint reads what a proof rests on from its own table, so that a test can hold the two against each other",
			own + "/kv":     "the lint needs no accounts: it judges every shape one could have",
		},
		own + "/foreign": {own + "/kv": "a file is read; what becomes of it is package engine's", own + "/engine": "a file is read; what becomes of it is decided there"},
		own + "/breached": {
			own + "/method": "it is given a password and nothing of whose it is",
		},
		own + "/method": {
			own + "/kv":               "a method checks and changes a copy of the account; reading and writing it is package engine's",
			own + "/engine":           "a method does not know when it is asked",
			own + "/guard":            "a method does not know what is asked of a session",
			own + "/lint":             "the lint has a table of its own, so that a test can hold the two against each other",
			own + "/web":              "a method sees a form's fields, and no page",
			own + "/notify":           "a method makes a message; sending it is decided outside",
			modulePath + "/templates": "wording is no business of a method",
		},
	}
}

func TestDependencies(t *testing.T) {
	recoverytest.Alone(t)
	for pattern, reasons := range forbidden() {
		t.Run(pattern, func(t *testing.T) {
			deps := goList(t, "-deps", "-f", "{{.ImportPath}}", pattern)
			if len(deps) < 10 {
				t.Fatalf("go list -deps %s: got %q, want a list of packages", pattern, deps)
			}
			for _, dep := range deps {
				if dep == pattern {
					continue
				}
				for path, reason := range reasons {
					if dep == path || strings.HasPrefix(dep, path+"/") {
						t.Errorf("%s depends on %s, but must not: %s", pattern, dep, reason)
					}
				}
			}
		})
	}
}

// TestMethodsSeeNoRequest: a method sees a form's fields. The library of passkeys has
// functions for requests beside those that are used, so that only what is imported
// directly is looked at.
func TestMethodsSeeNoRequest(t *testing.T) {
	recoverytest.Alone(t)
	for _, path := range goList(t, "-f", `{{join .Imports "\n"}}`, modulePath+"/recovery/method") {
		if path == "net/http" {
			t.Error("recovery/method imports net/http")
		}
	}
}

// goList runs go list in the folder of this package.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	return strings.Fields(string(out))
}

// TestShape holds interfaces to a size that one reads in one go.
func TestShape(t *testing.T) {
	recoverytest.Alone(t)
	const maxMethods = 5
	eachFile(t, "..", func(_ string, file *ast.File, fset *token.FileSet) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if i, ok := spec.Type.(*ast.InterfaceType); ok && i.Methods.NumFields() > maxMethods {
				t.Errorf("%s: interface %s: got %d methods, want at most %d: declare what the user of it needs",
					fset.Position(i.Pos()), spec.Name, i.Methods.NumFields(), maxMethods)
			}
			return true
		})
	})
}

// clocks are the files below recovery/ that may ask the wall clock, and why.
// Everywhere else time comes from a Now field: a story of 72 hours must be
// testable in a second.
func clocks() map[string]string {
	return map[string]string{
		"notify/sms.go":                "the default of its Now field",
		"notify/smtp.go":               "the default of its Now field",
		"web/form.go":                  "a read deadline is held by the network, which knows the wall clock only",
		"recoverytest/walked.go":       "the start of the clock that tests move",
		"kv/rediskv/watch.go":          "a lease on a connection: it must run out while the clock of a test stands still",
		"kv/kvtest/listeners.go":       "waits for a real process",
		"kv/kvtest/redisserver.go":     "waits for a real process",
		"kv/kvtest/watch.go":           "waits for a real connection",
		"recoverytest/caddyprocess.go": "waits for a real process",
		"recoverytest/runningcaddy.go": "waits for a real process",
		"recoverytest/streams.go":      "waits for a real connection",
	}
}

func TestClock(t *testing.T) {
	recoverytest.Alone(t)
	allowed, used := clocks(), map[string]bool{}
	eachFile(t, ".", func(path string, file *ast.File, fset *token.FileSet) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !asksClock(call.Fun) {
				return true
			}
			if allowed[path] == "" {
				t.Errorf("%s: asks the wall clock; use a Now field, or say in clocks why it must", fset.Position(n.Pos()))
			}
			used[path] = true
			return true
		})
	})
	for path := range allowed {
		if !used[path] {
			t.Errorf("clocks allows %s, which does not ask the wall clock any more: take it out", path)
		}
	}
}

// asksClock matches time.Now, time.Since and time.Until. A default such as
// "now = time.Now" is no call and passes.
func asksClock(fun ast.Expr) bool {
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return ok && pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Until"}, sel.Sel.Name)
}

// eachFile parses every Go file below root that is no test.
func eachFile(t *testing.T, root string, visit func(path string, file *ast.File, fset *token.FileSet)) {
	t.Helper()
	eachFileOrTest(t, root, func(path string, file *ast.File, fset *token.FileSet) {
		if !strings.HasSuffix(path, "_test.go") {
			visit(path, file, fset)
		}
	})
}

// eachFileOrTest parses every Go file below root.
func eachFileOrTest(t *testing.T, root string, visit func(path string, file *ast.File, fset *token.FileSet)) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "node_modules" || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("parse: %w", err)
		}
		files++
		visit(filepath.ToSlash(path), file, fset)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Fatalf("no Go file below %s", root)
	}
}
