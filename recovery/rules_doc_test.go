package recovery_test

import (
	"cmp"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

const (
	rulesFile  = "RULES.md"
	rulesRerun = "run go test ./recovery -run TestRules -update"
	noTests    = "none yet"
)

// rule is a row of RULES.md. Tests are written "folder: name".
type rule struct {
	line  int
	id    string
	text  string
	tests []string
}

// TestRules keeps RULES.md complete in both directions: an id that somebody
// meets in the code is explained, and what is explained is there.
func TestRules(t *testing.T) {
	recoverytest.Alone(t)
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	prefixes := headings(string(text))
	if len(prefixes) == 0 {
		t.Fatalf("%s has no heading such as \"## AD: administrators\"", rulesFile)
	}
	cited, tests := readTree(t, "..", prefixes)
	if *update {
		text = []byte(refill(string(text), tests))
		if err := os.WriteFile(rulesFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	rules := readRules(t, string(text))
	for _, id := range slices.Sorted(maps.Keys(cited)) {
		switch prefix := prefixOf(id); {
		case !slices.Contains(prefixes, prefix):
			t.Errorf("%s: cites %s, but %s has no heading \"## %s: …\"; if it is no id of a rule, write it otherwise", cited[id], id, rulesFile, prefix)
		case rules[id].line == 0:
			t.Errorf("%s: cites %s, which has no row in %s: add one that says what must hold", cited[id], id, rulesFile)
		}
	}
	named := testsByID(tests)
	for _, id := range slices.Sorted(maps.Keys(rules)) {
		checkRule(t, rules[id], cited[id], tests, named[id])
	}
}

// checkRule compares a row with the place that cites its id first, the tests
// there are, and those with the id in their name.
func checkRule(t *testing.T, r rule, cited string, tests map[string][]string, named []string) {
	t.Helper()
	where := fmt.Sprintf("%s:%d: %s", rulesFile, r.line, r.id)
	if cited == "" {
		t.Errorf("%s is cited nowhere else: drop the row, or cite it where it holds", where)
	}
	if r.text == "" {
		t.Errorf("%s has no sentence that says what must hold", where)
	}
	for _, test := range r.tests {
		folder, name, _ := strings.Cut(test, ": ")
		if !slices.Contains(tests[name], folder) {
			t.Errorf("%s names %s in %s, which has no such test: %s", where, name, folder, rulesRerun)
		}
	}
	for _, test := range named {
		if !slices.Contains(r.tests, test) {
			t.Errorf("%s does not name the test %s: %s", where, test, rulesRerun)
		}
	}
}

var (
	ruleHeading = regexp.MustCompile(`(?m)^## ([A-Z]{1,2}): `)
	ruleTest    = regexp.MustCompile(`^(?:Test|Fuzz|Benchmark)([A-Z]{1,2}[0-9]{2})_`)
	testDecl    = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
)

func headings(text string) []string {
	var out []string
	for _, m := range ruleHeading.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// readRules reads the tables. A row belongs to the heading above it, ids rise,
// and the last cell names tests or says that there are none.
func readRules(t *testing.T, text string) map[string]rule {
	t.Helper()
	rules, prefix, last := map[string]rule{}, "", ""
	for i, line := range strings.Split(text, "\n") {
		if m := ruleHeading.FindStringSubmatch(line); m != nil {
			prefix, last = m[1], ""
		}
		cells := cells(line)
		if cells == nil {
			continue
		}
		r := rule{line: i + 1, id: cells[0], text: cells[1]}
		if prefixOf(r.id) != prefix || r.id <= last {
			t.Errorf("%s:%d: got %q after %q under the heading %q: ids stand under their prefix, rising, each once", rulesFile, r.line, r.id, last, prefix)
		}
		last = r.id
		if r.tests = testsOf(cells[3]); r.tests == nil && cells[3] != noTests {
			t.Errorf("%s:%d: %s: got %q in the last column, want \"folder: test, test; folder: test\" or %q", rulesFile, r.line, r.id, cells[3], noTests)
		}
		rules[r.id] = r
	}
	return rules
}

// cells are the four of a row; nil for any other line.
func cells(line string) []string {
	if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| ---") || strings.HasPrefix(line, "| id ") {
		return nil
	}
	out := strings.Split(strings.Trim(line, "|"), "|")
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return append(out, "", "", "", "")[:4]
}

func testsOf(cell string) []string {
	var out []string
	for part := range strings.SplitSeq(cell, "; ") {
		folder, names, ok := strings.Cut(part, ": ")
		if !ok {
			return nil
		}
		for name := range strings.SplitSeq(names, ", ") {
			out = append(out, folder+": "+name)
		}
	}
	return out
}

// refill writes the last column anew: tests that were named and still exist,
// where they are now, and every test with the id in its name.
func refill(text string, tests map[string][]string) string {
	named, lines := testsByID(tests), strings.Split(text, "\n")
	for i, line := range lines {
		cells := cells(line)
		if cells == nil {
			continue
		}
		list := slices.Clone(named[cells[0]])
		for _, test := range testsOf(cells[3]) {
			folder, name, _ := strings.Cut(test, ": ")
			if now := tests[name]; len(now) == 1 {
				folder = now[0]
			}
			if len(tests[name]) > 0 {
				list = append(list, folder+": "+name)
			}
		}
		cells[3] = cellOf(list)
		lines[i] = "| " + strings.Join(cells, " | ") + " |"
	}
	return strings.Join(lines, "\n")
}

func cellOf(list []string) string {
	if len(list) == 0 {
		return noTests
	}
	slices.SortFunc(list, byFolder)
	var out strings.Builder
	last := ""
	for _, test := range slices.Compact(list) {
		folder, name, _ := strings.Cut(test, ": ")
		switch {
		case last == "":
			out.WriteString(test)
		case folder == last:
			out.WriteString(", " + name)
		default:
			out.WriteString("; " + test)
		}
		last = folder
	}
	return out.String()
}

func byFolder(a, b string) int {
	f, x, _ := strings.Cut(a, ": ")
	g, y, _ := strings.Cut(b, ": ")
	return cmp.Or(strings.Compare(f, g), strings.Compare(x, y))
}

// testsByID lists the tests that carry an id in their name.
func testsByID(tests map[string][]string) map[string][]string {
	out := map[string][]string{}
	for name, folders := range tests {
		if m := ruleTest.FindStringSubmatch(name); m != nil {
			for _, folder := range folders {
				out[dashed(m[1])] = append(out[dashed(m[1])], folder+": "+name)
			}
		}
	}
	for _, list := range out {
		slices.Sort(list)
	}
	return out
}

// dashed writes an id as RULES.md does. A test's name and a pattern on a
// command line have no room for the dash.
func dashed(id string) string {
	if len(id) == 4 {
		return id[:2] + "-" + id[2:]
	}
	return id
}

func prefixOf(id string) string { return strings.TrimRight(id, "-0123456789") }

// readTree returns where each id is cited first, and the folders of each test
// function by its name.
func readTree(t *testing.T, root string, prefixes []string) (cited map[string]string, tests map[string][]string) {
	t.Helper()
	cited, tests = map[string]string{}, map[string][]string{}
	// Any two capitals with a dash count, so that a prefix without a heading is
	// found; without a dash only the prefixes known do.
	ids := regexp.MustCompile(`\b(?:[A-Z]{2}-[0-9]{2}|(?:` + strings.Join(prefixes, "|") + `)[0-9]{2})\b`)
	eachText(t, root, func(name, text string) {
		if path.Base(name) == rulesFile {
			return
		}
		for i, line := range strings.Split(text, "\n") {
			for _, at := range ids.FindAllStringIndex(line, -1) {
				if found := dashed(line[at[0]:at[1]]); alone(line, at) && cited[found] == "" {
					cited[found] = fmt.Sprintf("%s:%d", name, i+1)
				}
			}
		}
		if !strings.HasSuffix(name, "_test.go") {
			return
		}
		for _, m := range testDecl.FindAllStringSubmatch(text, -1) {
			tests[m[1]] = append(tests[m[1]], path.Dir(name))
			if id := ruleTest.FindStringSubmatch(m[1]); id != nil && cited[dashed(id[1])] == "" {
				cited[dashed(id[1])] = name + ": " + m[1]
			}
		}
	})
	if len(tests) == 0 {
		t.Fatalf("no test below %s", root)
	}
	return cited, tests
}

// alone tells an id from a part of a longer code: "K7QF-A41", "%A0".
func alone(line string, at []int) bool {
	before, after := byte(' '), byte(' ')
	if at[0] > 0 {
		before = line[at[0]-1]
	}
	if at[1] < len(line) {
		after = line[at[1]]
	}
	return !strings.ContainsRune(`-+%&#=\`, rune(before)) && after != '-'
}

var (
	designWord = regexp.MustCompile(`\b(?:DESIGN|STRUCTURE|STYLE)\b|\b(?:issue|[Dd]esign,? section) [0-9]`)
	markdown   = regexp.MustCompile(`[\w./:-]+\.md\b`)
)

// TestCitedDocumentsAreHere keeps comments and documents from sending their
// reader to a page that is not in the repository.
func TestCitedDocumentsAreHere(t *testing.T) {
	recoverytest.Alone(t)
	prose, here := map[string]string{}, map[string]bool{} // by path
	eachText(t, "..", func(name, text string) {
		switch path.Ext(name) {
		case ".go":
			prose[name] = comments(t, name, text)
		case ".md":
			prose[name] = text
			here[name], here[path.Base(name)] = true, true
		}
	})
	for _, name := range slices.Sorted(maps.Keys(prose)) {
		for i, line := range strings.Split(prose[name], "\n") {
			if designWord.MatchString(line) {
				t.Errorf("%s:%d: cites a plan or an issue, which is not in the repository: give the reason itself", name, i+1)
			}
			for _, cited := range markdown.FindAllString(line, -1) {
				if !strings.Contains(cited, "://") && !here[cited] && !here[path.Join(path.Dir(name), cited)] {
					t.Errorf("%s:%d: cites %s, which is not in the repository: give the reason itself", name, i+1, cited)
				}
			}
		}
	}
}

// comments returns the comments of a Go file, each on its line.
func comments(t *testing.T, name, text string) string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	lines := make([]string, strings.Count(text, "\n")+1)
	for _, group := range file.Comments {
		for _, c := range group.List {
			for i, line := range strings.Split(c.Text, "\n") {
				lines[fset.Position(c.Pos()).Line-1+i] += line
			}
		}
	}
	return strings.Join(lines, "\n")
}

// eachText visits what people write: code, stories, pages, documents, scripts.
// What programs wrote is left out.
func eachText(t *testing.T, root string, visit func(name, text string)) {
	t.Helper()
	written := []string{"", ".go", ".txtar", ".md", ".html", ".mjs", ".js", ".yml"}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		if d.IsDir() {
			hidden := strings.HasPrefix(d.Name(), ".") && file != root && !slices.Contains([]string{".github", ".ci"}, d.Name())
			if hidden || slices.Contains([]string{"node_modules", "golden", "fuzz"}, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || !slices.Contains(written, path.Ext(name)) {
			return nil
		}
		text, err := os.ReadFile(file)
		if err == nil {
			visit(filepath.ToSlash(name), string(text))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
