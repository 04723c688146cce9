package web_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// screens are the pages that stories meet, each by its name, its heading and what
// its scripts look for, with the stories that meet it.
type screens map[string][]string

var (
	heading = regexp.MustCompile(`<h1[^>]*>\s*([^<]*)`)
	scripts = regexp.MustCompile(` data-(?:copy|download|watch|ceremony|ask|go|when|show)\b`)
)

func (s screens) add(story string, b *recoverytest.Browser) {
	if b.Page() == "" {
		return // the app
	}
	does := scripts.FindAllString(b.Body, -1)
	slices.Sort(does)
	name := b.Page() + ": " + strings.TrimSpace(heading.FindStringSubmatch(b.Body)[1]) + strings.Join(slices.Compact(does), "")
	if list := s[name]; !slices.Contains(list, story) {
		s[name] = append(list, story)
	}
}

// wantInChromium wants each of them to be met by a story that "make test" takes
// through Chromium.
func (s screens) wantInChromium(t *testing.T) {
	t.Helper()
	b, err := os.ReadFile("../testdata/flows/chromium.txt")
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Split(strings.TrimSpace(string(b)), "\n")
	for _, story := range list {
		if _, err := os.Stat("../testdata/flows/" + story + ".txtar"); err != nil && !strings.HasPrefix(story, "#") {
			t.Errorf("flows/chromium.txt has %q, which is no story", story)
		}
	}
	for name, stories := range s {
		if !slices.ContainsFunc(stories, func(story string) bool { return slices.Contains(list, story) }) {
			t.Errorf("no story of flows/chromium.txt meets %q: add the shortest of %v", name, stories)
		}
	}
}
