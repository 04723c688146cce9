package web

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxDecoded is how often a path may be percent-encoded, one time over another.
const maxDecoded = 2

// Canonical is the path that is meant by an escaped one, however carefully its
// reader looks: percent-encodings are undone until none is left, a backslash
// counts as a slash, several slashes as one; what follows a ";" or ":" in a
// segment, and dots and blanks at its end, are cut off; signs of Unicode count
// as their plain form. Letters keep their case.
//
// It is false for a path that readers do not agree about: one with "." or ".."
// as a segment, which clients resolve before they ask, with controls or a NUL,
// with what is no UTF-8, or encoded more often than anybody does. Such a path is
// protected, and never open (HD-07).
func Canonical(escaped string) (string, bool) {
	if plain(escaped) {
		return escaped, true
	}
	path, ok := decoded(escaped)
	if !ok || !strings.HasPrefix(path, "/") {
		return "", false
	}
	path = strings.ReplaceAll(norm.NFKC.String(path), `\`, "/")
	if unescaped(path) != path || strings.ContainsFunc(path, unicode.IsControl) || slices.ContainsFunc(strings.FieldsFunc(path, separates), dots) {
		return "", false
	}
	return merged(path), true
}

// plain tells whether a path is written so that it has one reading.
func plain(path string) bool {
	if !strings.HasPrefix(path, "/") || strings.HasSuffix(path, ".") {
		return false
	}
	for i := range len(path) {
		switch c := path[i]; {
		case c == '/' && i > 0 && (path[i-1] == '/' || path[i-1] == '.'), c == '.' && path[i-1] == '/':
			return false
		case !alphanumeric(c) && !strings.ContainsRune("/-._~@$+,=!&'()*", rune(c)):
			return false
		}
	}
	return true
}

// decoded undoes percent-encodings until there are none. A "%" that begins none
// stays.
func decoded(path string) (string, bool) {
	for range maxDecoded + 1 {
		next := unescaped(path)
		if next == path {
			return path, utf8.ValidString(path)
		}
		path = next
	}
	return "", false
}

func unescaped(s string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "%")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		if c, err := url.PathUnescape("%" + after[:min(2, len(after))]); err == nil {
			b.WriteString(c)
			s = after[2:]
		} else {
			b.WriteByte('%')
			s = after
		}
	}
}

// separates tells what some reader takes for the end of a segment.
func separates(c rune) bool { return strings.ContainsRune("/;:?#", c) }

// dots tells whether a segment is "." or "..", or could be taken for one.
func dots(segment string) bool {
	return strings.Trim(segment, ". ") == "" && strings.Contains(segment, ".")
}

// merged has each segment as a file system may read it, and one slash between
// two.
func merged(path string) string {
	var b strings.Builder
	for segment := range strings.SplitSeq(path, "/") {
		if i := strings.IndexAny(segment, ";:"); i >= 0 {
			segment = segment[:i]
		}
		if segment = strings.TrimRight(segment, ". "); segment != "" {
			b.WriteString("/" + segment)
		}
	}
	if strings.HasSuffix(path, "/") || b.Len() == 0 {
		b.WriteByte('/')
	}
	return b.String()
}

// readings adds to a list how the path of an address is read: as it was sent,
// decoded, and canonical. It is false when readers do not agree.
func readings(list []string, u *url.URL) ([]string, bool) {
	sent := u.EscapedPath()
	canonical, ok := Canonical(sent)
	for _, path := range [...]string{sent, u.Path, canonical} {
		if ok && !slices.Contains(list, path) {
			list = append(list, path)
		}
	}
	return list, ok
}
