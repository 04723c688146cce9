package templates

import (
	"html/template"
	texttemplate "text/template"

	"golang.org/x/text/language"
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

// Asset is a static file, served below /.sparekey/static/.
type Asset struct {
	Type string // media type
	Body []byte
	Gzip []byte // the same compressed; nil when that is no shorter
	ETag string // quoted, made from the content
}
