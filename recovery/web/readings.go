package web

import (
	"net/http"
	"net/url"
	"strings"
)

// Readings are all paths that a request may be for, to a gate that protects some
// of a site: as it was sent, decoded, and canonical, here and before any rewrite
// (first; nil: there was none). None: it is not clear, and no gate may leave it
// open (HD-07).
func Readings(r *http.Request, first *url.URL) []string {
	paths, ok := readings(nil, r.URL)
	if first != nil && ok {
		paths, ok = readings(paths, first)
	}
	if !ok {
		return nil
	}
	for _, path := range paths {
		if inside, found := behindHost(path); found {
			paths = append(paths, inside)
		}
	}
	return paths
}

// behindHost is the path that is left of "//public/admin" for those who resolve it
// against an address, as browsers and some servers do: "/admin".
func behindHost(path string) (string, bool) {
	if len(path) < 2 || path[1] != '/' && path[1] != '\\' {
		return "", false
	}
	i := strings.IndexAny(path[2:], `/\`)
	if i < 0 {
		return "/", true
	}
	return path[2+i:], true
}
