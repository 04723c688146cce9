package templates

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Page writes the page named by v.Page in the language v.Lang, or in English
// when we do not have that. Nothing is written unless the whole page could be
// rendered. It returns ErrUnknownPage, ErrUnknownText for a problem, notice,
// method or choice without a sentence, or the error of w.
func (s *Set) Page(w io.Writer, v View) error {
	t, ok := s.pages[v.Page]
	if !ok {
		return fmt.Errorf("%w: %q", ErrUnknownPage, v.Page)
	}
	texts := s.locale(v.Lang)
	v.Lang = texts.code
	if v.Site == "" {
		v.Site = v.Host
	}
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, "layout", page{View: v, set: s, texts: texts}); err != nil {
		return fmt.Errorf("templates: page %s: %w", v.Page, err)
	}
	_, err := body.WriteTo(w)
	return err
}

// page is what the templates of a page see: the View and the methods below.
type page struct {
	View
	set   *Set
	texts *locale
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

// value is what stands for a placeholder in the sentences of a page.
func (p page) value(name string) (string, error) {
	switch name {
	case "site":
		return p.Site, nil
	case "host":
		return p.Host, nil
	case "name":
		return p.Name, nil
	case "hint":
		// A masked number stays on one line.
		return strings.ReplaceAll(p.Hint, " ", "\u00a0"), nil
	case "id":
		return p.ID, nil
	case "min":
		return strconv.Itoa(p.MinLength), nil
	case "person":
		if p.Person == nil {
			return "", nil
		}
		return p.Person.Name, nil
	case "address":
		return p.Host + prefix + "account/approve", nil
	case "entry":
		return p.Host + prefix + "link", nil
	case "minutes":
		if p.Minutes <= 0 {
			return p.texts.text("duration.few")
		}
		return p.texts.words("minutes", strconv.Itoa(p.Minutes))
	case "wait":
		return p.texts.duration(p.Wait)
	default:
		return "", fmt.Errorf("templates: no value for {%s}", name)
	}
}

// Complaint is the sentence of View.Problem.
func (p page) Complaint(t *Text) (string, error) { return p.told("problem.", t) }

// Notification is the sentence of View.Notice.
func (p page) Notification(t *Text) (string, error) { return p.told("notice.", t) }

// told fills a sentence with its own values and those of the page. A value
// nobody gave is an ellipsis: telling most of a problem beats hiding it.
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
		return "…", nil
	})
}

// Questions lists the keys of the security questions.
func (p page) Questions() []string { return Questions() }

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

// Busy tells that the wait is our fault, not that of the visitor.
func (p page) Busy() bool { return p.Problem != nil && p.Problem.Key == "busy" }

// Logo tells that the operator's own mark stands in for ours.
func (p page) Logo() bool { return p.set.logo }

// AppURL is the otpauth link, which opens an authenticator app; html/template
// does not know the scheme. Anything else is left out.
func (p page) AppURL() template.URL {
	if !strings.HasPrefix(p.URI, "otpauth://") {
		return ""
	}
	return template.URL(p.URI) //nolint:gosec // the scheme was just checked
}

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
	for _, name := range Pages() {
		t := template.New(name)
		err := parseFiles(files, "pages", []string{"layout.html", "mark.html", "parts.html", name + ".html"}, func(file, body string) error {
			_, err := t.New(file).Parse(body)
			return err
		})
		if err == nil {
			err = s.checkPage(name, t)
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
