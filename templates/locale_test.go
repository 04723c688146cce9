package templates_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
)

func readTexts(t *testing.T, lang string) map[string]string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("locales", lang+".json"))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	if err := json.Unmarshal(body, &texts); err != nil {
		t.Fatalf("%s: %v", lang, err)
	}
	return texts
}

// TestLocalesAgree: New accepts a language that leaves a placeholder out; for
// our own languages that would be a slip.
func TestLocalesAgree(t *testing.T) {
	placeholder := regexp.MustCompile(`\{[a-z]+\}`)
	set := func(text string) string {
		names := placeholder.FindAllString(text, -1)
		slices.Sort(names)
		return fmt.Sprint(slices.Compact(names))
	}
	en, counts := readTexts(t, "en"), counting(t)
	for _, lang := range newSet(t).Languages() {
		for key, text := range readTexts(t, lang) {
			like, ok := en[key]
			if !ok {
				like = en[stem(key, counts)+".other"]
			}
			if got, want := set(text), set(like); got != want {
				t.Errorf("%s: %s: got placeholders %s, want %s", lang, key, got, want)
			}
			if strings.Count(text, "{") != len(placeholder.FindAllString(text, -1)) || strings.TrimSpace(text) != text || strings.Contains(text, "  ") {
				t.Errorf("%s: %s: got %q, want tidy text", lang, key, text)
			}
		}
	}
}

// TestQuestionsHaveWords holds the sentences to the one list of questions. The
// samples render each of them, so none lacks its words.
func TestQuestionsHaveWords(t *testing.T) {
	for key := range readTexts(t, "en") {
		if name, ok := strings.CutPrefix(key, "question."); ok && !slices.Contains(method.Questions(), name) {
			t.Errorf("%s: no question is asked by that name", key)
		}
	}
}

// TestEventsHaveWords holds the sentences of the pages of activity to the one list of
// events.
func TestEventsHaveWords(t *testing.T) {
	want := map[string]bool{"unknown": true}
	for _, e := range recovery.Events() {
		want[string(e.Name)] = true
	}
	got := map[string]bool{}
	for key := range readTexts(t, "en") {
		if name, ok := strings.CutPrefix(key, "activity.event."); ok {
			got[name] = true
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("got words for %v, want them for %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

// TestNoTextIsUnused: a sentence nobody can see is not kept true by anybody.
func TestNoTextIsUnused(t *testing.T) {
	var sources strings.Builder
	for _, pattern := range []string{"pages/*.html", "mails/*", "words.go", "message.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sources.Write(body)
		}
	}
	composed := regexp.MustCompile(`^(problem|notice|method|proof|choice|question|event|date\.month|factor\.(title|lead|lost|name)|confirm\.(title|lead)|wait\.for|enroll\.about|passkey(\.cancelled)?|account\.(passkey(\.doubt)?|menu|wait|loss|mend|confirm|unconfirmed)|device\.(for|wait\.asks)|person\.(state|about|do)|people\.(show|about|waiting\.what)|invite-over\.(title|lead|do)|activity\.(event|by))\.|^mail\.[a-z-]+\.subject$|^language$`)
	counts := counting(t)
	for key := range readTexts(t, "en") {
		quoted := strings.Contains(sources.String(), `"`+stem(key, counts)+`"`)
		if !quoted && !composed.MatchString(key) {
			t.Errorf("%s is used nowhere", key)
		}
	}
}

// TestHouseWords holds the wording to the project's own terms and to the
// typography of each language.
func TestHouseWords(t *testing.T) {
	rules := map[string]*regexp.Regexp{
		"en": regexp.MustCompile(`(?i)\b(e-?mails?|log ?-?in|logged|username|invalid|error|please enter)\b|'|"`),
		// French wants an unbreakable space before these signs.
		"fr": regexp.MustCompile(`(?i)\b(e-?mails?|courriels?|login|mot de passe oublié\?|invalide|erreur)\b|'|"|[^\x{202f}][?!;]|[^\x{a0}]:|« |[^\x{a0}]»`),
	}
	for lang, rule := range rules {
		for key, text := range readTexts(t, lang) {
			if found := rule.FindString(text); found != "" {
				t.Errorf("%s: %s: got %q in %q", lang, key, found, text)
			}
		}
	}
}

func TestMatch(t *testing.T) {
	tests := []struct{ name, header, want string }{
		{"absent", "", "en"},
		{"french", "fr", "fr"},
		{"canadian french", "fr-CA,en;q=0.8", "fr"},
		{"first wish we have", "de-DE,de;q=0.9,fr;q=0.5,en;q=0.3", "fr"},
		{"weights count", "en;q=0.5,fr;q=0.9", "fr"},
		{"none of ours", "tlh", "en"},
		{"star", "*", "en"},
		{"nonsense", "/;%%=,,,-\x00", "en"},
		{"endless", strings.Repeat("fr-FR,", 10_000), "en"},
	}
	s := newSet(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := s.Match(test.header); got != test.want {
				t.Errorf("Match(%.40q): got %q, want %q", test.header, got, test.want)
			}
		})
	}
}

func TestLanguages(t *testing.T) {
	s := newSet(t)
	if got, want := s.Languages(), []string{"en", "fr"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	s.Languages()[0] = "changed"
	if got := s.Languages()[0]; got != "en" {
		t.Errorf("after a caller changed its copy: got %q, want en", got)
	}
}
