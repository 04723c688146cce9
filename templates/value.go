package templates

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

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
	fields := map[string]string{"name": "Name", "hint": "Hint", "min": "MinLength", "person": "Person", "minutes": "Minutes", "wait": "Wait", "admin": "By"}
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
