package recovery_test

import (
	"go/ast"
	"go/token"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestSizes holds files and functions, tests too, to a size that one reads in
// one go. A table of rows is a function of its own.
func TestSizes(t *testing.T) {
	recoverytest.Alone(t)
	const maxFile, maxFunction = 400, 60 // lines
	eachFileOrTest(t, "..", func(path string, file *ast.File, fset *token.FileSet) {
		if n := fset.File(file.FileStart).LineCount(); n > maxFile {
			t.Errorf("%s: got %d lines, want at most %d: split it by what it is about", path, n, maxFile)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := lineCount(fset, f); n > maxFunction {
				t.Errorf("%s: %s: got %d lines, want at most %d: split it", path, f.Name.Name, n, maxFunction)
			}
		}
	})
}

// lineCount counts from the first line of a node to its last.
func lineCount(fset *token.FileSet, n ast.Node) int {
	return fset.Position(n.End()).Line - fset.Position(n.Pos()).Line + 1
}
