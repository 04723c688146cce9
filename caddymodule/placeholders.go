package caddymodule

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sparekey/sparekey/recovery/notify"
)

// replaced fills in the placeholders of an option. One that is unknown or empty
// is an error: as a literal text it would be the name of a folder, or of a group
// that nobody is in.
func replaced(option, value string) (string, error) {
	out, err := caddy.NewReplacer().ReplaceFunc(value, func(name string, v any) (any, error) {
		if caddy.ToString(v) == "" {
			return nil, unset(name)
		}
		return v, nil
	})
	if err != nil {
		return "", &notify.OptionError{Option: option, Err: fmt.Errorf("%s: %w", option, err)}
	}
	return out, nil
}

// unset says what to do about a placeholder without a value.
func unset(name string) error {
	kind, rest, _ := strings.Cut(name, ".")
	switch kind {
	case "env":
		return fmt.Errorf("{%s} is not set: set %s in the environment that Caddy runs in", name, rest)
	case "file":
		return fmt.Errorf("{%s} cannot be read or is empty: put the value into that file, readable for the user Caddy runs as", name)
	}
	what := "a text in braces" // perhaps of a password, so it is not shown
	if rest != "" {
		what = "{" + name + "}"
	}
	return fmt.Errorf(`%s is no placeholder that has a value when Caddy starts: use {env.NAME} or {file./PATH}, or write \{ for a brace`, what)
}

// caddyPlaceholder has a dot, unlike those of a template, such as {to}.
var caddyPlaceholder = regexp.MustCompile(`\{[a-z]+\.[^{}"\n]+\}`) //nolint:gochecknoglobals // a compiled constant

// filled fills in Caddy's placeholders in a template and leaves its own.
func filled(option, template string) (string, error) {
	var failed error
	out := caddyPlaceholder.ReplaceAllStringFunc(template, func(p string) string {
		value, err := replaced(option, p)
		failed = cmp.Or(failed, err)
		return value
	})
	return out, failed
}

// fill is [replaced] for several options of a module. It stops at the first that
// has no value.
func fill(options ...option) error {
	for _, o := range options {
		out, err := replaced(o.word, *o.field)
		if err != nil {
			return err
		}
		*o.field = out
	}
	return nil
}

// option is a word of a Caddyfile and where its value is.
type option struct {
	word  string
	field *string
}

// literal tells that a value holds no placeholder, so that it can be judged when
// the file is read.
func literal(value string) bool { return !strings.ContainsRune(value, '{') }
