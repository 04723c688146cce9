package templates

import (
	"fmt"

	"golang.org/x/text/language"
)

// locale is the sentences of one language by key.
type locale struct {
	code  string
	tag   language.Tag
	texts map[string]string
}

// text returns the sentence of a key with its placeholders still in it.
func (l *locale) text(key string) (string, error) {
	text, ok := l.texts[key]
	if !ok {
		return "", fmt.Errorf("%w: %s (%s)", ErrUnknownText, key, l.code)
	}
	return text, nil
}
