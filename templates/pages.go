package templates

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
)

// Page writes the page of a content in the language f.Lang, or in English when
// we do not have that. Nothing is written unless the whole page could be
// rendered. It returns ErrUnknownPage, ErrUnknownText for a problem, notice,
// method or choice without a sentence, or the error of w.
func (s *Set) Page(w io.Writer, f Frame, c Content) error {
	if c == nil || s.pages[c.Page()] == nil {
		return fmt.Errorf("%w: %T", ErrUnknownPage, c)
	}
	texts := s.locale(f.Lang)
	f.Lang = texts.code
	if f.Site == "" {
		f.Site = f.Host
	}
	var body bytes.Buffer
	v := c.on(&page{Frame: f, content: c, set: s, texts: texts})
	if err := s.pages[c.Page()].ExecuteTemplate(&body, "layout", v); err != nil {
		return fmt.Errorf("templates: page %s: %w", c.Page(), err)
	}
	_, err := body.WriteTo(w)
	return err
}

func (s *Set) loadPages(files layers) error {
	s.pages = map[string]*template.Template{}
	var faults []error
	for _, c := range contents() {
		name := c.Page()
		t := template.New(name)
		err := parseFiles(files, "pages", []string{"layout.html", "mark.html", "parts.html", name + ".html"}, func(file, body string) error {
			_, err := t.New(file).Parse(body)
			return err
		})
		if err == nil {
			err = s.checkPage(c, t)
		}
		faults = append(faults, err)
		s.pages[name] = t
	}
	return errors.Join(faults...)
}
