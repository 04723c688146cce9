package templates

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"
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

// page is what every value of a page embeds: its frame, and the methods below
// for its template. It is nil until Set.Page shows the value.
type page struct {
	Frame
	content Content
	set     *Set
	texts   *locale
}

// T is the sentence of a key as plain text; the template escapes it.
func (p page) T(key string) (string, error) {
	text, err := p.texts.text(key)
	if err != nil {
		return "", err
	}
	return fill(text, p.value)
}

// Rich is the sentence of a key as HTML, with the values set off. Values are
// isolated, so that a name written right to left cannot turn the words around it.
func (p page) Rich(key string) (template.HTML, error) {
	text, err := p.texts.text(key)
	if err != nil {
		return "", err
	}
	html, err := fill(template.HTMLEscapeString(text), func(name string) (string, error) {
		v, err := p.value(name)
		// A long address breaks after a slash, not inside a word.
		shown := strings.ReplaceAll(template.HTMLEscapeString(v), "/", "/<wbr>")
		return "<strong><bdi>" + shown + "</bdi></strong>", err
	})
	return template.HTML(html), err //nolint:gosec // text and values are escaped above
}

// Plural is the form of a sentence for n things.
func (p page) Plural(key string, n int) (string, error) { return p.texts.plural(key, n) }

// Lasting is a sentence about a time of its own: {wait} in it is d.
func (p page) Lasting(key string, d time.Duration) (string, error) {
	text, err := p.texts.text(key)
	if err != nil {
		return "", err
	}
	return fill(text, func(string) (string, error) { return p.texts.duration(d) })
}

// Complaint is the sentence of Frame.Problem.
func (p page) Complaint(t *Text) (string, error) { return p.told("problem.", t) }

// Notification is the sentence of Frame.Notice.
func (p page) Notification(t *Text) (string, error) { return p.told("notice.", t) }

// told fills a sentence with its own values and those of the page.
func (p page) told(group string, t *Text) (string, error) {
	text, err := p.texts.text(group + t.Key)
	if err != nil {
		return "", err
	}
	return fill(text, func(name string) (string, error) {
		if v, ok := t.Args[name]; ok {
			return p.texts.words(name, v)
		}
		if v, err := p.value(name); err == nil && v != "" {
			return v, nil
		}
		return p.texts.vague(name)
	})
}

// Blamed tells whether the problem is about a field.
func (p page) Blamed(field string) bool {
	return p.Problem != nil && slices.Contains(blamed(p.Problem), field)
}

// Describe is the attributes that tie a field to its hint and, when the problem
// is about this field, to the problem. Both are ids written in our templates.
func (p page) Describe(field, hint string) template.HTMLAttr {
	ids := strings.Fields(hint)
	var invalid string
	if p.Blamed(field) {
		ids = append([]string{"problem"}, ids...)
		invalid = `aria-invalid="true" `
	}
	if len(ids) == 0 {
		return ""
	}
	return template.HTMLAttr(invalid + `aria-describedby="` + strings.Join(ids, " ") + `"`) //nolint:gosec // constants of our templates
}

// blamed names the fields a problem is about; none when it is about no field.
func blamed(t *Text) []string {
	switch t.Key {
	case "wrong_name_or_password":
		return []string{"name", "password"}
	case "wrong_password":
		return []string{"password"}
	case "wrong_code", "code_clock_off", "code_used", "code_expired", "code_unknown", "setup_wrong", "link_expired", "link_other_browser", "drill_wrong":
		return []string{"code", "pin"}
	case "password_short", "password_common", "password_same", "password_like_name":
		return []string{"new_password"}
	case "name_taken", "name_bad", "contact_unknown", "contact_self":
		return []string{"name"}
	case "mail_bad":
		return []string{"mail"}
	case "phone_bad":
		return []string{"phone"}
	case "same_address", "address_taken":
		return []string{"mail", "phone"}
	case "wrong_pin", "pin_bad":
		return []string{"pin"}
	case "wrong_answer", "answer_bad":
		return []string{"answer"}
	case "reason_missing":
		return []string{"reason"}
	case "missing_field":
		return []string{t.Args["field"]}
	default:
		return nil
	}
}

// Logo tells that the operator's own mark stands in for ours.
func (p page) Logo() bool { return p.set.logo }

// Browser is the name of a browser in words.
func (p page) Browser(stored string) (string, error) { return p.texts.browser(stored) }

// moment is a time as the templates write it. The script may write the words
// anew, in the zone of the visitor.
type moment struct {
	Machine string // for the attribute datetime
	Words   string // in the zone the time carries
}

// Moment puts a time into words.
func (p page) Moment(t time.Time) (moment, error) {
	words, err := p.texts.moment(t)
	return moment{Machine: t.UTC().Format(time.RFC3339), Words: words}, err
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

// parseFiles hands the named files of a folder to add, and joins what went wrong.
func parseFiles(files layers, folder string, names []string, add func(name, body string) error) error {
	var faults []error
	for _, name := range names {
		body, err := files.read(folder + "/" + name)
		if err == nil {
			err = add(name, string(body))
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("templates: %s/%s: %w", folder, name, err))
		}
	}
	return errors.Join(faults...)
}
