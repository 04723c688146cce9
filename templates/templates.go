package templates

import (
	"embed"
	"errors"
	"io/fs"
)

// embedded holds the files as they were when the binary was built.
//
//go:embed pages/*.html mails/* locales/*.json static/*
var embedded embed.FS

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
