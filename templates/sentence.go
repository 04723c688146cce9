package templates

import (
	"html/template"
	"strings"
	"time"
)

// T is the sentence of a key as plain text; the template escapes it.
func (p page) T(key string) (string, error) {
	text, err := p.texts.text(key)
	if err != nil {
		return "", err
	}
	return fill(text, p.value)
}

// Named is the text of a method; with a count it says how many, because the same
// method may be offered with another: "contact*2".
func (p page) Named(method string) (string, error) {
	name, count, many := strings.Cut(method, "*")
	text, err := p.T("method." + name)
	if many {
		text += " (" + count + ")"
	}
	return text, err
}

// About is a line on a method.
func (p page) About(method string) (string, error) {
	name, _, _ := strings.Cut(method, "*")
	return p.T("method." + name + ".about")
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
		return "<strong><bdi>" + string(p.Breaking(v)) + "</bdi></strong>", err
	})
	return template.HTML(html), err //nolint:gosec // text and values are escaped above
}

// Breaking is an address as HTML: a long one breaks after a slash, not inside a word.
func (p page) Breaking(address string) template.HTML {
	//nolint:gosec // escaped here
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(address), "/", "/<wbr>"))
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

// Browser is the name of a browser in words.
func (p page) Browser(stored string) (string, error) { return p.texts.browser(stored) }

// Called is what a second factor is called: by its owner, or else what it is and in which
// browser it was made.
func (p page) Called(f Factor) (string, error) {
	if f.Label != "" {
		return f.Label, nil
	}
	name, err := p.T("factor.name." + f.Method)
	if err != nil || f.Made == "" || f.Made == unknownBrowser {
		return name, err
	}
	browser, err := p.texts.browser(f.Made)
	return madeIn(name, browser), err
}

// InBrowser is a sentence about a browser of its own: {browser} in it is that one.
func (p page) InBrowser(key, stored string) (string, error) {
	text, err := p.texts.text(key)
	if err != nil {
		return "", err
	}
	return fill(text, func(string) (string, error) { return p.texts.browser(stored) })
}

// Day is a moment without the time of day, which is in no zone.
func (p page) Day(t time.Time) (moment, error) {
	words, err := p.texts.day(t)
	return moment{Machine: t.Format(time.DateOnly), Words: words}, err
}

// moment is a time as the templates write it. The script may write the words
// anew, in the zone of the visitor and in the form their browser has for times.
type moment struct {
	Machine string // for the attribute datetime
	Words   string // in the zone the time carries
}

// Moment puts a time into words.
func (p page) Moment(t time.Time) (moment, error) {
	words, err := p.texts.moment(t)
	return moment{Machine: t.UTC().Format(time.RFC3339), Words: words}, err
}
