package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

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
