package figures_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheDashboardAsksForWhatThereIs: each metric in it is one of ours, each panel has
// its place, and none is left out.
func TestTheDashboardAsksForWhatThereIs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "grafana", "sparekey.json"))
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Title  string
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil || board.Title == "" || len(board.Panels) < 5 {
		t.Fatalf("got %+v, %v", board, err)
	}
	labels, used := map[string][]string{}, map[string]bool{}
	for _, d := range described(t) {
		labels[d.name] = d.labels
	}
	ids := map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || len(p.Targets) == 0 || p.Title == "" {
			t.Errorf("got panel %+v, want one with a number of its own that asks for something", p)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			judgeExpression(t, target.Expr, labels, used)
		}
	}
	for name := range labels {
		if !used[name] {
			t.Errorf("%s is on no panel", name)
		}
	}
}

// judgeExpression looks at the names in an expression.
func judgeExpression(t *testing.T, expr string, labels map[string][]string, used map[string]bool) {
	t.Helper()
	found := regexp.MustCompile(`sparekey_[a-z_]+`).FindAllString(expr, -1)
	if len(found) == 0 || strings.Count(expr, "(") != strings.Count(expr, ")") {
		t.Errorf("got %s, want an expression with a metric of ours", expr)
	}
	for _, name := range found {
		bare := name
		for _, end := range []string{"_bucket", "_count", "_sum"} {
			bare = strings.TrimSuffix(bare, end)
		}
		have, ok := labels[bare]
		if used[bare] = true; !ok || (bare != name) != strings.HasSuffix(bare, "_seconds") {
			t.Errorf("%s: there is no metric %s", expr, name)
		}
		for _, m := range regexp.MustCompile(`by \(([^)]*)\)|[,{]([a-z]+)[!=]`).FindAllStringSubmatch(expr, -1) {
			for _, l := range strings.FieldsFunc(m[1]+m[2], func(c rune) bool { return c == ',' || c == ' ' }) {
				if l != "instance" && l != "le" && !slices.Contains(have, l) {
					t.Errorf("%s: %s has no label %s", expr, name, l)
				}
			}
		}
	}
}
