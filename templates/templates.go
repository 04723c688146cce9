package templates

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	texttemplate "text/template"

	"golang.org/x/text/language"
)

// embedded holds the files as they were when the binary was built.
//
//go:embed pages/*.html mails/* locales/*.json static/*
var embedded embed.FS

// Errors of Page, Mail and SMS.
var (
	// ErrUnknownPage means that the content is none of the values in contents.
	ErrUnknownPage = errors.New("templates: no such page")
	// ErrUnknownMessage means that no mail or text message has the name.
	ErrUnknownMessage = errors.New("templates: no such message")
	// ErrUnknownText means that the locale files do not have the key.
	ErrUnknownText = errors.New("templates: no such text")
)

// fallback is the language of visitors whose own we do not have, and the
// measure of completeness for all others.
const fallback = "en"

// Set is everything people can be shown, ready to render. It does not change
// after New and may be used by any number of goroutines.
type Set struct {
	pages     map[string]*template.Template
	mailHTML  map[string]*template.Template
	mailText  map[string]*texttemplate.Template
	sms       map[string]*texttemplate.Template
	locales   map[string]*locale
	languages []string // fallback first, then by name
	matcher   language.Matcher
	assets    map[string]Asset
	logo      bool // the operator has a static/logo.svg
}

// New reads the embedded files and, when overlay is not nil, the operator's
// own. Its error joins every fault found: templates that do not parse, keys
// that do not exist, incomplete languages, unknown placeholders, files no page
// uses, colours nobody could read.
func New(overlay fs.FS) (*Set, error) {
	files := layers{base: embedded, over: overlay}
	s := &Set{}
	err := errors.Join(
		files.check(),
		s.loadLocales(files),
		s.loadPages(files),
		s.loadMessages(files),
		s.loadAssets(files),
	)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// messages lists the mails; each has a .txt and a .html.
func messages() []string {
	return []string{"admin-case", "contact-ask", "contact-code", "contact-drill", "drill-due", "invite", "mail-code", "notice", "recover-code", "test", "wait-ready"}
}

// textMessages lists the messages for phones.
func textMessages() []string {
	return []string{"contact-code", "notice", "sms-code", "test", "wait-ready"}
}

// layers is the operator's folder over the embedded files.
type layers struct {
	base fs.FS
	over fs.FS // may be nil
}

// read returns the operator's file where there is one, else ours.
func (l layers) read(name string) ([]byte, error) {
	if l.over != nil {
		body, err := fs.ReadFile(l.over, name)
		if !errors.Is(err, fs.ErrNotExist) {
			return body, err
		}
	}
	return fs.ReadFile(l.base, name)
}

// names lists the files of a folder over both layers, sorted.
func (l layers) names(folder string) ([]string, error) {
	var names []string
	for _, layer := range []fs.FS{l.base, l.over} {
		if layer == nil {
			continue
		}
		entries, err := fs.ReadDir(layer, folder)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if !entry.IsDir() {
				names = append(names, entry.Name())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// check refuses files in the operator's folder that would never be read: a
// misspelt name is noticed at once, not on the day the page is needed.
func (l layers) check() error {
	if l.over == nil {
		return nil
	}
	if info, err := fs.Stat(l.over, "."); err != nil || !info.IsDir() {
		return errors.Join(errors.New("templates: the overlay is not a folder"), err)
	}
	var faults []error
	for _, folder := range []string{"pages", "mails"} {
		names, err := layers{base: l.over}.names(folder)
		faults = append(faults, err)
		for _, name := range names {
			file := path.Join(folder, name)
			if _, err := fs.Stat(l.base, file); err != nil {
				faults = append(faults, fmt.Errorf("templates: %s replaces no file of ours", file))
			}
		}
	}
	return errors.Join(faults...)
}

// stem is the name of a file without folder and extension.
func stem(name string) string { return strings.TrimSuffix(path.Base(name), path.Ext(name)) }
