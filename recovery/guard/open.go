package guard

import (
	"slices"
	"strings"
)

// Opening is what passes without a login.
type Opening struct {
	Methods []string // none: GET and HEAD
	Paths   []string // "/hook" is that path, "/public/*" is all below "/public/"
}

// opens tells whether the method is one of those, and every reading of the path
// is inside (HD-07, HD-08).
func (o Opening) opens(method string, paths []string) bool {
	return o.method(method) && within(paths, o.Paths)
}

// within tells whether every reading of a path is inside of one of those; without
// a reading it is not.
func within(paths, inside []string) bool {
	o := Opening{Paths: inside}
	return len(paths) > 0 && !slices.ContainsFunc(paths, func(path string) bool { return !o.inside(path) })
}

func (o Opening) method(m string) bool {
	if len(o.Methods) == 0 {
		return m == "GET" || m == "HEAD"
	}
	return slices.Contains(o.Methods, m)
}

func (o Opening) inside(path string) bool {
	return slices.ContainsFunc(o.Paths, func(p string) bool {
		folder, all := strings.CutSuffix(p, "*")
		return path == p && !all || all && strings.HasPrefix(path, folder)
	})
}
