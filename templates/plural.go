package templates

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// A sentence that counts has a key for each form its language tells apart when
// it counts: "people.count.one", "people.count.few". The forms are the plural
// categories of the Unicode CLDR, and which number takes which is known to
// package plural: in French 0 is "one", in Polish 22 is "few".

// category is the ending of a key for n things.
func category(tag language.Tag, n int) string {
	switch plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0) {
	case plural.Zero:
		return ".zero"
	case plural.One:
		return ".one"
	case plural.Two:
		return ".two"
	case plural.Few:
		return ".few"
	case plural.Many:
		return ".many"
	default:
		return other
	}
}

// other is the ending of the category that every language has. Its text stands in
// for a form that the language needs for numbers beyond those of our pages.
const other = ".other"

// categories lists the endings a language needs for the numbers below a thousand.
// The rules look at the last two digits. A form for millions is left out: no page
// counts that far.
func categories(tag language.Tag) []string {
	var list []string
	for n := range 1000 {
		if c := category(tag, n); !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list
}

// plural is the form of a sentence for n things; n is never negative.
func (l *locale) plural(key string, n int) (string, error) {
	form := key + category(l.tag, n)
	if _, ok := l.texts[form]; !ok {
		form = key + other
	}
	text, err := l.text(form)
	return strings.ReplaceAll(text, "{n}", strconv.Itoa(n)), err
}

// counted cuts the form from the key of a sentence that counts, as the fallback
// language knows them.
func (l *locale) counted(key string) (stem string, ok bool) {
	dot := strings.LastIndexByte(key, '.')
	if dot < 0 {
		return "", false
	}
	_, ok = l.texts[key[:dot]+other]
	return key[:dot], ok
}

// wanted lists the keys a language needs, and those it may have, each with the
// sentence of the measure whose placeholders it may use.
func (l *locale) wanted(measure *locale) (needed []string, allowed map[string]string) {
	allowed = map[string]string{}
	forms := categories(l.tag)
	for key, text := range measure.texts {
		stem, ok := measure.counted(key)
		if !ok {
			needed, allowed[key] = append(needed, key), text
			continue
		}
		allowed[stem+other] = measure.texts[stem+other]
		for _, form := range forms {
			needed, allowed[stem+form] = append(needed, stem+form), measure.texts[stem+other]
		}
	}
	slices.Sort(needed)
	return slices.Compact(needed), allowed
}
