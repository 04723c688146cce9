package caddymodule

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery/notify"
)

// written is where a module and its options stand in a Caddyfile, so that what is
// found only when they are set up names its line too.
type written struct {
	// Where it was written, for messages.
	Line string `json:"line,omitempty"`
	// Where its options were written, by their words, for messages.
	Lines map[string]string `json:"lines,omitempty"`
}

// begin notes the line of the module.
func (w *written) begin(d *caddyfile.Dispenser) { w.Line = lineOf(d) }

// note notes the line of an option.
func (w *written) note(d *caddyfile.Dispenser, word string) {
	if w.Lines == nil {
		w.Lines = map[string]string{}
	}
	w.Lines[word] = lineOf(d)
}

// where is the line of a module that knows it.
func (w *written) where() string { return w.Line }

// linesOf are the lines of modules, as far as they know them.
func linesOf(modules ...Notifier) string {
	var lines []string
	for _, m := range modules {
		if m, ok := m.(interface{ where() string }); ok && m.where() != "" {
			lines = append(lines, m.where())
		}
	}
	if lines == nil {
		return ""
	}
	return ", at " + strings.Join(lines, " and ")
}

// at adds the line of the option that an error is about, or else of the module.
func (w *written) at(err error) error {
	line := w.Line
	if o, ok := errors.AsType[*notify.OptionError](err); ok {
		line = cmp.Or(w.Lines[o.Option], line)
	}
	return at(line, err)
}

// at names the line of a Caddyfile.
func at(line string, err error) error {
	if err == nil || line == "" {
		return err
	}
	return fmt.Errorf("%w, at %s", err, line)
}

func lineOf(d *caddyfile.Dispenser) string { return fmt.Sprintf("%s:%d", d.File(), d.Line()) }

// reads says how a line is written.
func reads(d *caddyfile.Dispenser, form string) error {
	word, _, _ := strings.Cut(form, " ")
	return d.Errf("%s reads: %s", strings.TrimRight(word, ","), form)
}

// need refuses a line that is not of the form.
func need(d *caddyfile.Dispenser, ok bool, form string) error {
	if !ok {
		return reads(d, form)
	}
	return nil
}

// unknown refuses a word and lists those that belong there.
func unknown(d *caddyfile.Dispenser, known ...string) error {
	slices.Sort(known)
	return d.Errf("unknown option %q: use %s", d.Val(), oneOf(known))
}

// oneOf lists words of which one is to be chosen.
func oneOf(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// nothingMore refuses a block where none belongs.
func nothingMore(d *caddyfile.Dispenser, form string) error {
	if d.NextBlock(d.Nesting()) {
		return d.Errf("unknown option %q: no block belongs here; it reads: %s", d.Val(), form)
	}
	return nil
}

// guests are the names of the modules below a namespace that this Caddy has.
func guests(namespace string) []string {
	var names []string
	for _, m := range caddy.GetModules(namespace) {
		names = append(names, m.ID.Name())
	}
	return names
}
