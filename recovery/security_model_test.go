package recovery_test

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestTheSecurityModelIsComplete: the files that SECURITY-MODEL.md names are there,
// and it names every state of an account, every kind of notifier and store, and
// every kind of record (ASVS 5.0 8.1, 11.1, 13.1, 14.1).
func TestTheSecurityModelIsComplete(t *testing.T) {
	recoverytest.Alone(t)
	t.Parallel()
	text, err := os.ReadFile("SECURITY-MODEL.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(string(text), -1) {
		named[m[1]] = true
		if (strings.HasSuffix(m[1], ".go") || strings.HasSuffix(m[1], ".md")) && !there("../"+m[1]) {
			t.Errorf("there is no file %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(string(text), -1) {
		if !there(m[1]) {
			t.Errorf("there is no file %s", m[1])
		}
	}
	for kind, words := range map[string][]string{"state": states(t), "module": modules(t), "record": records(t)} {
		if len(words) < 4 {
			t.Errorf("got %q, want each %s of the code", words, kind)
		}
		for _, word := range words {
			if !named[word] {
				t.Errorf("SECURITY-MODEL.md does not name the %s `%s`", kind, word)
			}
		}
	}
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// states are the values of the constants of type recovery.State.
func states(t *testing.T) []string {
	t.Helper()
	var list []string
	eachFile(t, ".", func(path string, file *ast.File, _ *token.FileSet) {
		ast.Inspect(file, func(n ast.Node) bool {
			if c, ok := n.(*ast.ValueSpec); ok && filepath.Dir(path) == "." && len(c.Values) == 1 {
				if of, ok := c.Type.(*ast.Ident); ok && of.Name == "State" {
					list = append(list, literal(c.Values[0]))
				}
			}
			return true
		})
	})
	if !slices.Contains(list, string(recovery.StateFrozen)) {
		t.Errorf("got %q, want the states", list)
	}
	return list
}

// modules are what "notify" and "store" may name, as they are written.
func modules(t *testing.T) []string {
	t.Helper()
	words := map[string]string{"sparekey.notifiers.": "notify ", "sparekey.stores.": "store "}
	return literals(t, "../caddymodule", func(s string) string {
		for id, word := range words {
			if name, is := strings.CutPrefix(s, id); is && name != "" {
				return word + name
			}
		}
		return ""
	})
}

// records are the kinds of records, by how the engine writes their keys: "kind/",
// or a constant that ends in Key. Those of codes and identifiers are values.
func records(t *testing.T) []string {
	t.Helper()
	prefix := regexp.MustCompile(`^([a-z]+)/(%[a-z0-9]+)?$`)
	list := literals(t, "engine", func(s string) string {
		if m := prefix.FindStringSubmatch(s); m != nil {
			return m[1]
		}
		return ""
	})
	eachFile(t, "engine", func(_ string, file *ast.File, _ *token.FileSet) {
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				c := s.(*ast.ValueSpec)
				if strings.HasSuffix(c.Names[0].Name, "Key") && len(c.Values) == 1 {
					list = append(list, literal(c.Values[0]))
				}
			}
		}
	})
	full := &recovery.Account{Name: "alice", Extensions: []recovery.Extension{{Number: "+41441234567", Digits: "12"}}}
	full.AddAddresses("alice@example.org", "+41791234567")
	for _, id := range full.Identifiers() {
		list = append(list, id.Kind)
	}
	return append(list, recovery.AccountKey("")[:len("account")], "ticket", "appeal")
}

// literals are what pick makes of the texts in the code of a folder.
func literals(t *testing.T, folder string, pick func(string) string) []string {
	t.Helper()
	var list []string
	eachFile(t, folder, func(_ string, file *ast.File, _ *token.FileSet) {
		ast.Inspect(file, func(n ast.Node) bool {
			if e, ok := n.(*ast.BasicLit); ok && e.Kind == token.STRING {
				if word := pick(literal(e)); word != "" {
					list = append(list, word)
				}
			}
			return true
		})
	})
	return list
}

// literal is the text of a constant; empty when it is none.
func literal(e ast.Expr) string {
	l, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	text, err := strconv.Unquote(l.Value)
	if err != nil {
		return ""
	}
	return text
}
