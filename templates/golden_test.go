package templates_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/caddy-sparekey/sparekey/templates"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func newSet(t *testing.T) *templates.Set {
	t.Helper()
	s, err := templates.New(nil)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return s
}

func render(t *testing.T, s *templates.Set, c sample) string {
	t.Helper()
	var body bytes.Buffer
	if err := s.Page(&body, c.frame, c.content); err != nil {
		t.Fatalf("Page %s in %s: %v", c.content.Page(), c.frame.Lang, err)
	}
	return body.String()
}

// compare holds a rendering against its golden file.
func compare(t *testing.T, got string, name ...string) {
	t.Helper()
	file := filepath.Join(append([]string{"testdata", "golden"}, name...)...)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs from what is rendered now; -update rewrites it. got:\n%s", file, got)
	}
}

func TestPagesGolden(t *testing.T) {
	s := newSet(t)
	for _, lang := range s.Languages() {
		for _, c := range samples() {
			t.Run(lang+"/"+c.name, func(t *testing.T) {
				c.frame.Lang = lang
				compare(t, render(t, s, c), lang, c.name+".html")
			})
		}
	}
}
