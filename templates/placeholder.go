package templates

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// fill replaces every {name} of a sentence by its value, once: a value that
// looks like a placeholder stays as it is.
func fill(text string, value func(name string) (string, error)) (string, error) {
	var out strings.Builder
	for {
		before, name, after, ok := cutPlaceholder(text)
		out.WriteString(before)
		if !ok {
			return out.String(), nil
		}
		v, err := value(name)
		if err != nil {
			return "", err
		}
		out.WriteString(v)
		text = after
	}
}

// placeholders lists the names in a sentence in order.
func placeholders(text string) []string {
	var names []string
	for {
		_, name, after, ok := cutPlaceholder(text)
		if !ok {
			return names
		}
		names = append(names, name)
		text = after
	}
}

// cutPlaceholder splits a sentence around its first {name}.
func cutPlaceholder(text string) (before, name, after string, ok bool) {
	start := strings.IndexByte(text, '{')
	if start < 0 {
		return text, "", "", false
	}
	end := strings.IndexByte(text[start:], '}')
	if end < 0 {
		return text, "", "", false
	}
	return text[:start], text[start+1 : start+end], text[start+end+1:], true
}

// value is what stands for a placeholder in the sentences of a page: something
// of the frame, an address, or a field of the page's own value.
func (p page) value(name string) (string, error) {
	switch name {
	case "site":
		return p.Site, nil
	case "host":
		return p.Host, nil
	case "id":
		return p.ID, nil
	case "address":
		return p.Host + Prefix + "account/approve", nil
	case "entry":
		return p.Host + Prefix + "link", nil
	default:
		return p.own(name)
	}
}

// own puts a field of the page's own value into words: {hint} is its Hint. A
// sentence cannot name what the page does not have.
func (p page) own(name string) (string, error) {
	fields := map[string]string{"name": "Name", "hint": "Hint", "min": "MinLength", "person": "Person", "minutes": "Minutes", "wait": "Wait"}
	field := reflect.Indirect(reflect.ValueOf(p.content)).FieldByName(fields[name])
	if !field.IsValid() {
		return "", fmt.Errorf("templates: page %s has no value for {%s}", p.content.Page(), name)
	}
	switch v := field.Interface().(type) {
	case time.Duration:
		return p.texts.duration(v)
	case *Person:
		if v == nil {
			return "", nil
		}
		return v.Name, nil
	case int:
		if name == "minutes" && v <= 0 {
			return p.texts.vague(name)
		}
		return p.texts.words(name, strconv.Itoa(v))
	default:
		return oneWord(name, fmt.Sprint(v)), nil
	}
}

// oneWord keeps a masked address or number on one line.
func oneWord(name, value string) string {
	if name != "hint" {
		return value
	}
	return strings.ReplaceAll(value, " ", "\u00a0")
}
