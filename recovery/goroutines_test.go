package recovery_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestGoroutinesAreSupervised: a panic in a goroutine ends the process, with every
// site that Caddy serves. So each one of ours, and each function of a timer or a
// context, begins in package supervise.
func TestGoroutinesAreSupervised(t *testing.T) {
	recoverytest.Alone(t)
	found := 0
	eachFile(t, "..", func(path string, file *ast.File, fset *token.FileSet) {
		path = strings.TrimPrefix(path, "../")
		for _, tests := range []string{"recovery/recoverytest/", "recovery/kv/kvtest/", "recovery/supervise/", "examples/"} {
			if strings.HasPrefix(path, tests) {
				return // not part of what runs beside other sites
			}
		}
		n, bare := goroutines(file)
		found += n
		for _, at := range bare {
			t.Errorf("%s: a panic here would end the server: use supervise.Run or supervise.Func", fset.Position(at))
		}
	})
	if found < 15 {
		t.Errorf("got %d goroutines, want all of them to be found", found)
	}
}

// goroutines counts what starts one in a file, and lists what does so bare.
func goroutines(file *ast.File) (found int, bare []token.Pos) {
	ast.Inspect(file, func(n ast.Node) bool {
		var begins ast.Expr
		switch n := n.(type) {
		case *ast.GoStmt:
			begins = n.Call
		case *ast.CallExpr:
			if begins = callback(n); begins == nil {
				return true
			}
		default:
			return true
		}
		if found++; !supervised(begins) {
			bare = append(bare, n.Pos())
		}
		return true
	})
	return found, bare
}

// callback is the function that a group, a timer or a context calls in a goroutine
// of its own: x.Go(f), time.AfterFunc(d, f), context.AfterFunc(ctx, f).
func callback(call *ast.CallExpr) ast.Expr {
	name, ok := call.Fun.(*ast.SelectorExpr)
	switch {
	case ok && name.Sel.Name == "Go" && len(call.Args) == 1:
		return call.Args[0]
	case ok && name.Sel.Name == "AfterFunc" && len(call.Args) == 2:
		return call.Args[1]
	}
	return nil
}

func supervised(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	name, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := name.X.(*ast.Ident)
	return ok && pkg.Name == "supervise" && (name.Sel.Name == "Run" || name.Sel.Name == "Func")
}

func TestBareGoroutinesAreFound(t *testing.T) {
	for _, tc := range []struct {
		statement string
		bare      bool
	}{
		{"go func() {}()", true},
		{"go old.close()", true},
		{"group.Go(func() {})", true},
		{"group.Go(q.work)", true},
		{"time.AfterFunc(time.Second, func() {})", true},
		{"context.AfterFunc(ctx, c.close)", true},
		{`go supervise.Run(log, "x", func() { go f() })`, true},
		{`go supervise.Run(log, "x", old.close)`, false},
		{`group.Go(supervise.Func(log, "x", func() {}))`, false},
		{`time.AfterFunc(time.Second, supervise.Func(log, "x", f))`, false},
	} {
		t.Run(tc.statement, func(t *testing.T) {
			file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nfunc y() {\n"+tc.statement+"\n}", parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if _, bare := goroutines(file); (len(bare) > 0) != tc.bare {
				t.Errorf("got bare: %v, want %v", len(bare) > 0, tc.bare)
			}
		})
	}
}
