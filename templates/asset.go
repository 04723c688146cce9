package templates

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"slices"
)

// Asset returns a static file by its name, such as "sparekey.css". The slices
// are shared: do not change them.
func (s *Set) Asset(name string) (Asset, bool) {
	a, ok := s.assets[name]
	return a, ok
}

func (s *Set) loadAssets(files layers) error {
	s.assets = map[string]Asset{}
	names, err := files.names("static")
	if err != nil {
		return fmt.Errorf("templates: %w", err)
	}
	var faults []error
	for _, name := range names {
		body, err := files.read(path.Join("static", name))
		if err == nil {
			s.assets[name], err = newAsset(name, body)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("templates: static/%s: %w", name, err))
		}
	}
	_, s.logo = s.assets["logo.svg"]
	return errors.Join(append(faults, s.paint(files))...)
}

// paint puts the colours before the style sheet, ours and then the operator's,
// so that one file is fetched and a theme may name a single colour.
func (s *Set) paint(files layers) error {
	var themes [][]byte
	for _, layer := range []fs.FS{files.base, files.over} {
		if layer == nil {
			continue
		}
		theme, err := fs.ReadFile(layer, "static/theme.css")
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("templates: static/theme.css: %w", err)
		}
		themes = append(themes, theme)
	}
	css := slices.Concat(bytes.Join(themes, []byte("\n")), []byte("\n"), s.assets["sparekey.css"].Body)
	asset, err := newAsset("sparekey.css", css)
	delete(s.assets, "theme.css")
	s.assets["sparekey.css"] = asset
	return errors.Join(err, checkTheme(themes))
}

func newAsset(name string, body []byte) (Asset, error) {
	a := Asset{Type: mediaType(name), Body: body}
	sum := sha256.Sum256(body)
	a.ETag = `"` + hex.EncodeToString(sum[:8]) + `"`
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return Asset{}, err
	}
	if _, err := w.Write(body); err != nil {
		return Asset{}, err
	}
	if err := w.Close(); err != nil {
		return Asset{}, err
	}
	if packed.Len() < len(body) {
		a.Gzip = packed.Bytes()
	}
	return a, nil
}

// mediaType names the types of our own files itself: the table of the mime
// package is changed by files of the host.
func mediaType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	default:
		if known := mime.TypeByExtension(ext); known != "" {
			return known
		}
		return "application/octet-stream"
	}
}
