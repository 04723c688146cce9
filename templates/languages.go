package templates

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"golang.org/x/text/language"
)

// Languages lists the codes of all languages, "en" first.
func (s *Set) Languages() []string { return slices.Clone(s.languages) }

// Match picks the best language for an Accept-Language header: the visitor's
// first wish that we have, or "en". A header that cannot be read counts as
// absent.
func (s *Set) Match(acceptLanguage string) string {
	// Nobody speaks more languages than fit here; parsing is not free.
	const limit = 400
	if len(acceptLanguage) > limit {
		return fallback
	}
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return fallback
	}
	_, i, confidence := s.matcher.Match(wanted...)
	if confidence == language.No {
		return fallback
	}
	return s.languages[i]
}

// locale returns the sentences of a language, or those of the fallback.
func (s *Set) locale(lang string) *locale {
	if l, ok := s.locales[lang]; ok {
		return l
	}
	return s.locales[fallback]
}

func (s *Set) loadLocales(files layers) error {
	s.locales = map[string]*locale{}
	names, err := files.names("locales")
	if err != nil {
		return fmt.Errorf("templates: %w", err)
	}
	var faults []error
	for _, name := range names {
		l, err := readLocale(files, name)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		s.locales[l.code] = l
	}
	measure, ok := s.locales[fallback]
	if !ok {
		return errors.Join(faults...)
	}
	for _, l := range s.locales {
		faults = append(faults, l.complete(measure))
	}
	s.orderLanguages()
	return errors.Join(faults...)
}

// orderLanguages puts the fallback first, where the matcher looks for it.
func (s *Set) orderLanguages() {
	for code := range s.locales {
		if code != fallback {
			s.languages = append(s.languages, code)
		}
	}
	slices.Sort(s.languages)
	s.languages = append([]string{fallback}, s.languages...)
	tags := make([]language.Tag, len(s.languages))
	for i, code := range s.languages {
		tags[i] = language.Make(code)
	}
	s.matcher = language.NewMatcher(tags)
}

// readLocale reads one language: ours, changed by what the operator's file of
// the same name says.
func readLocale(files layers, name string) (*locale, error) {
	l := &locale{code: stem(name), texts: map[string]string{}}
	var err error
	if l.tag, err = language.Parse(l.code); err != nil || l.tag.String() != l.code || path.Ext(name) != ".json" {
		return nil, fmt.Errorf("templates: locales/%s is not named like a language, such as fr.json or pt-BR.json", name)
	}
	for _, layer := range []fs.FS{files.base, files.over} {
		if layer == nil {
			continue
		}
		body, err := fs.ReadFile(layer, path.Join("locales", name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("templates: %w", err)
		}
		if err := decodeTexts(body, l.texts); err != nil {
			return nil, fmt.Errorf("templates: locales/%s: %w", name, err)
		}
	}
	return l, nil
}

// decodeTexts reads a flat JSON object into texts. Unlike json.Unmarshal it
// refuses a key that is given twice: one of the two sentences would be lost.
func decodeTexts(body []byte, texts map[string]string) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return errors.Join(errors.New("want one flat object of texts"), err)
	}
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		var text string
		if err := decoder.Decode(&text); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if seen[key] {
			return fmt.Errorf("%s is given twice", key)
		}
		seen[key] = true
		texts[key] = text
	}
	_, err := decoder.Token()
	return err
}

// complete compares with the fallback language: the same sentences, each that
// counts in the forms of this language, and no placeholder the fallback does not
// have, since nothing would fill it in.
func (l *locale) complete(measure *locale) error {
	needed, allowed := l.wanted(measure)
	var faults []error
	for _, key := range needed {
		if l.texts[key] == "" {
			faults = append(faults, fmt.Errorf("templates: locales/%s.json lacks %s", l.code, key))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(l.texts)) {
		if like, ok := allowed[key]; ok {
			faults = append(faults, l.fillable(key, like))
		} else {
			faults = append(faults, fmt.Errorf("templates: locales/%s.json: %s is no key of ours", l.code, key))
		}
	}
	return errors.Join(faults...)
}

// fillable refuses a placeholder that the sentence of the fallback lacks.
func (l *locale) fillable(key, like string) error {
	known := placeholders(like)
	var faults []error
	for _, name := range placeholders(l.texts[key]) {
		if !slices.Contains(known, name) {
			faults = append(faults, fmt.Errorf("templates: locales/%s.json: %s has the unknown placeholder {%s}", l.code, key, name))
		}
	}
	return errors.Join(faults...)
}
