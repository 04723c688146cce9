package recovery_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// maxLoop is how many files of a package may name each other in one loop. Such
// files can only be read together.
const maxLoop = 5

// A package whose files all call each other is one large file in disguise: a
// change to any of them can be a change to all.
func TestFilesFormNoLoop(t *testing.T) {
	recoverytest.Alone(t)
	for _, folder := range []string{
		"recovery", "recovery/engine", "recovery/guard", "recovery/kv", "recovery/lint", "recovery/method", "recovery/notify", "recovery/secret", "recovery/web",
		"templates", "caddymodule", "caddymodule/routes",
	} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			pkg := listPackage(t, modulePath+"/"+folder)
			for _, loop := range loops(fileGraph(t, pkg)) {
				if len(loop) > maxLoop {
					t.Errorf("%d files name each other in one loop, want at most %d: %s", len(loop), maxLoop, strings.Join(loop, " "))
				}
			}
		})
	}
}

// listed is what go list tells of a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	Exports                 map[string]string `json:"-"` // export data of all it imports
}

func listPackage(t *testing.T, path string) listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-export", "-json=ImportPath,Dir,Export,GoFiles", path)
	// The flags of the release: what its build and vet have compiled is not
	// compiled again.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false -trimpath -tags=nobadger,nomysql,nopgx")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v", path, err)
	}
	var pkg listed
	exports := map[string]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if p.ImportPath == path {
			pkg = p
		}
	}
	pkg.Exports = exports
	return pkg
}

// fileGraph tells which files of a package each file names something of.
func fileGraph(t *testing.T, pkg listed) map[string][]string {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range pkg.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(pkg.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(pkg.Exports[path]) })}
	checked, err := config.Check(pkg.ImportPath, fset, files, info)
	if err != nil {
		t.Fatal(err)
	}
	file := func(p token.Pos) string { return filepath.Base(fset.Position(p).Filename) }
	graph := map[string][]string{}
	for _, name := range pkg.GoFiles {
		graph[name] = nil
	}
	for id, object := range info.Uses {
		if object.Pkg() != checked || !object.Pos().IsValid() {
			continue
		}
		from, to := file(id.Pos()), file(object.Pos())
		if from != to && !slices.Contains(graph[from], to) {
			graph[from] = append(graph[from], to)
		}
	}
	return graph
}

// loops finds the groups of files of which each leads to every other, by
// Tarjan's algorithm.
func loops(graph map[string][]string) [][]string {
	var out [][]string
	var stack []string
	index, low, on := map[string]int{}, map[string]int{}, map[string]bool{}
	var visit func(string)
	visit = func(v string) {
		index[v], low[v], on[v] = len(index)+1, len(index)+1, true
		stack = append(stack, v)
		for _, w := range graph[v] {
			if index[w] == 0 {
				visit(w)
				low[v] = min(low[v], low[w])
			} else if on[w] {
				low[v] = min(low[v], index[w])
			}
		}
		if low[v] != index[v] {
			return
		}
		i := slices.Index(stack, v)
		loop := slices.Clone(stack[i:])
		stack = stack[:i]
		for _, w := range loop {
			on[w] = false
		}
		slices.Sort(loop)
		out = append(out, loop)
	}
	for v := range graph {
		if index[v] == 0 {
			visit(v)
		}
	}
	return out
}
