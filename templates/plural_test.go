package templates_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"github.com/caddy-sparekey/sparekey/templates"
)

// forms are the endings of the keys of sentences that count.
func forms() map[plural.Form]string {
	return map[plural.Form]string{
		plural.Zero: ".zero", plural.One: ".one", plural.Two: ".two", plural.Few: ".few", plural.Many: ".many", plural.Other: ".other",
	}
}

// stem is a key without its form, for comparing languages.
func stem(key string, counts map[string]bool) string {
	if dot := strings.LastIndexByte(key, '.'); dot > 0 && counts[key[:dot]] {
		return key[:dot]
	}
	return key
}

// counting lists the stems of the sentences that count.
func counting(t *testing.T) map[string]bool {
	t.Helper()
	stems := map[string]bool{}
	for key := range readTexts(t, "en") {
		if s, ok := strings.CutSuffix(key, ".other"); ok {
			stems[s] = true
		}
	}
	return stems
}

// TestFormsOfOurLanguages: each sentence that counts has the forms its language
// tells apart, and no other.
func TestFormsOfOurLanguages(t *testing.T) {
	for _, lang := range newSet(t).Languages() {
		var want []string
		for n := range 200 {
			want = append(want, forms()[plural.Cardinal.MatchPlural(language.Make(lang), n, 0, 0, 0, 0)])
		}
		slices.Sort(want)
		want = slices.Compact(want)
		texts := readTexts(t, lang)
		for stem := range counting(t) {
			var got []string
			for _, form := range slices.Sorted(maps.Values(forms())) {
				if texts[stem+form] != "" {
					got = append(got, form)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s: got the forms %q, want %q", lang, stem, got, want)
			}
		}
	}
}

// overlaid is a made-up language: English, whose counting sentences have the
// given forms and nothing but the form as their words.
func overlaid(t *testing.T, lang string, forms ...string) (*templates.Set, error) {
	t.Helper()
	texts := readTexts(t, "en")
	for stem := range counting(t) {
		delete(texts, stem+".one")
		delete(texts, stem+".other")
		for _, form := range forms {
			texts[stem+"."+form] = "{n} " + form
		}
	}
	body, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	return templates.New(folder(map[string]string{"locales/" + lang + ".json": string(body)}))
}

func TestCountingInOtherLanguages(t *testing.T) {
	tests := []struct {
		lang  string
		forms []string
		want  map[int]string // seconds to wait
	}{
		{"pl", []string{"one", "few", "many"}, map[int]string{1: "1 one", 2: "2 few", 5: "5 many", 12: "12 many", 22: "22 few", 25: "25 many"}},
		{"pl", []string{"one", "few", "many", "other"}, map[int]string{1: "1 one", 3: "3 few", 21: "21 many"}},
		{"ja", []string{"other"}, map[int]string{1: "1 other", 7: "7 other"}},
		{"ar", []string{"zero", "one", "two", "few", "many", "other"}, map[int]string{1: "1 one", 2: "2 two", 3: "3 few", 11: "11 many"}},
		{"pt-BR", []string{"one", "other"}, map[int]string{1: "1 one", 2: "2 other"}},
	}
	for _, test := range tests {
		t.Run(test.lang+" "+strings.Join(test.forms, " "), func(t *testing.T) {
			s, err := overlaid(t, test.lang, test.forms...)
			if err != nil {
				t.Fatalf("New: %v", err)
			}
			for n, want := range test.want {
				c := sample{"", templates.Frame{Lang: test.lang}, templates.SlowDownPage{Wait: time.Duration(n) * time.Second}}
				if got := text(parsePage(t, render(t, s, c)).root); !strings.Contains(got, "Wait "+want+", then") {
					t.Errorf("%d: got %q, want %q in it", n, got, want)
				}
			}
		})
	}
}

func TestFormsMissingOrSurplus(t *testing.T) {
	tests := []struct {
		lang  string
		forms []string
		want  string
	}{
		{"pl", []string{"one", "other"}, "locales/pl.json lacks people.count.few"},
		{"pl", []string{"one", "few", "other"}, "locales/pl.json lacks people.count.many"},
		{"de", []string{"other"}, "locales/de.json lacks people.count.one"},
		{"de", []string{"one", "few", "other"}, "locales/de.json: people.count.few is no key of ours"},
		{"ja", []string{"one", "other"}, "locales/ja.json: people.count.one is no key of ours"},
	}
	for _, test := range tests {
		t.Run(test.lang+" "+strings.Join(test.forms, " "), func(t *testing.T) {
			if _, err := overlaid(t, test.lang, test.forms...); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %.300v, want %q in it", err, test.want)
			}
		})
	}
}

// TestZeroInWords: 0 takes the form its language gives it.
func TestZeroInWords(t *testing.T) {
	s := newSet(t)
	for lang, want := range map[string]string{"en": "0 minutes.", "fr": "0 minute."} {
		c := sampleOf(t, "enroll")
		c.frame.Lang, c.frame.Problem = lang, problem("code_clock_off", "minutes", "0")
		if got := text(parsePage(t, render(t, s, c)).byID("problem")); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", lang, got, want)
		}
	}
}
