package templates

import "strings"

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
