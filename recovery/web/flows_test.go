package web_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// storyReader reads a story line by line and does what it says. "she" and "he" are
// whoever the browser in use belongs to.
type storyReader struct {
	t        *testing.T
	w        *recoverytest.World
	people   map[string]*recoverytest.Person
	old      map[string]recoverytest.Person // as they were before
	owner    map[string]string              // of a browser; alice unless somebody signed in there
	browsers map[string]*recoverytest.Browser
	b        *recoverytest.Browser
	who      string
	link     string
	noted    string // a code that is typed later
}

func (s *storyReader) me() *recoverytest.Person { return s.people[s.who] }

// stories lists the files of the flows.
func stories(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../testdata/flows/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	return files
}

// TestFlows goes through every story. On each page it looks for the way out, so that
// no other test has to go through the stories again: TestRule_EveryStepHasAWayOut.
func TestFlows(t *testing.T) {
	var mu sync.Mutex
	seen, shown, finished := map[string]bool{}, make(screens), 0
	for _, file := range stories(t) {
		story := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(story, func(t *testing.T) {
			if os.Getenv(recoverytest.TabsVariable) == "" {
				t.Parallel() // there is one Chromium
			}
			followStory(t, file, func(b *recoverytest.Browser) {
				wayOut(t, b)
				asksUs(t, b)
				mu.Lock()
				defer mu.Unlock()
				seen[b.Page()] = true
				shown.add(story, b)
			})
			mu.Lock()
			defer mu.Unlock()
			finished++
		})
	}
	t.Cleanup(func() { // after the last of them
		if finished == len(stories(t)) {
			wantEveryStep(t, seen)
			shown.wantInChromium(t)
		}
	})
}

// followStory goes through a story; look, if not nil, sees where each line led.
func followStory(t *testing.T, file string, look func(*recoverytest.Browser)) {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var place []recoverytest.Option
	if strings.Contains(string(a.Files[0].Data), "passkey") { // at an address without a name there are none
		place = append(place, recoverytest.AtLocalhost())
	}
	s := &storyReader{
		t: t, w: recoverytest.New(t, place...), who: "alice", browsers: map[string]*recoverytest.Browser{}, owner: map[string]string{},
		people: map[string]*recoverytest.Person{}, old: map[string]recoverytest.Person{},
	}
	for n, line := range strings.Split(string(a.Files[0].Data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !s.follow(line) {
			t.Fatalf("%s, line %d of the story: nobody knows what %q means", file, n+1, line)
		}
		t.Logf("%3d  %s", n+1, line)
		if t.Failed() {
			t.Fatalf("%s, line %d of the story: %s", file, n+1, line)
		}
		if look != nil && s.b != nil && s.b.Status != 0 {
			look(s.b)
		}
	}
}

// follow finds the sentence and does it.
func (s *storyReader) follow(line string) bool {
	for _, x := range sentences() {
		if m := compiled(x.form).FindStringSubmatch(line); m != nil {
			x.do(s, append(m[1:], "", "", "", ""))
			return true
		}
	}
	return false
}

type sentence struct {
	form string
	do   func(s *storyReader, words []string)
}

// forms are the forms of sentences, compiled: a story asks for each of them on each
// of its lines.
var forms sync.Map //nolint:gochecknoglobals // for all the stories

func compiled(form string) *regexp.Regexp {
	r, ok := forms.Load(form)
	if !ok {
		r, _ = forms.LoadOrStore(form, regexp.MustCompile("^"+form+"$"))
	}
	return r.(*regexp.Regexp) //nolint:forcetypeassert // nothing else is put there
}

// Every story has a first sentence for people who only skim.
func TestStoriesBeginInPlainWords(t *testing.T) {
	for _, file := range stories(t) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if head, _, _ := strings.Cut(string(b), "\n\n"); len(head) < 40 || strings.HasPrefix(head, "--") {
			t.Errorf("%s begins with %q", file, head)
		}
	}
}
