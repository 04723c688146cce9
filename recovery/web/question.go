package web

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

// Question is what a gate with these rules asks about a request. Ask before
// [Scrub], which takes the session cookie off. What costs, and the rules do not
// look at, is left out.
func (s *Server) Question(r *http.Request, rules *guard.Rules) guard.Question {
	return s.ask(r, rules, s.Original)
}

func (s *Server) ask(r *http.Request, rules *guard.Rules, original func(*http.Request) (string, *url.URL)) guard.Question {
	q := guard.Question{Host: s.CookieHost(r), Rules: rules, Page: Navigation(r)}
	exposed := s.inClear(r) // there everybody on the way could have the session, or the key
	if !exposed {
		q.Cookie = s.SessionCookie(r)
	}
	if rules.OfPaths() {
		q.Method, q.Paths = target(r, original)
	}
	if rules.OfKeys() && !exposed {
		q.Key, q.At = s.accessKey(r), r.Host
	}
	if rules.OfClients() {
		if a, known := s.Client(r); known {
			q.Client = a
		}
	}
	return q
}

// Target is what a request is for: its method, and each reading of its path.
// Both are empty for one that an app may take for something else: by a header
// that names another path or method, or by a path that is not read by everybody
// alike.
func (s *Server) Target(r *http.Request) (method string, paths []string) {
	return target(r, s.Original)
}

func target(r *http.Request, original func(*http.Request) (string, *url.URL)) (method string, paths []string) {
	if reroutes(r.Header) {
		return "", nil
	}
	paths, ok := readings(nil, r.URL)
	if original != nil && ok {
		first, u := original(r)
		if first != r.Method {
			return "", nil
		}
		paths, ok = readings(paths, u)
	}
	if !ok {
		return "", nil
	}
	for _, path := range paths {
		if inside, found := behindHost(path); found {
			paths = append(paths, inside)
		}
	}
	return r.Method, paths
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

// reroutes tells whether a header names another path or method, and some app may
// believe it. CGI-like servers take "_" and "." in a name for "-".
func reroutes(h http.Header) bool {
	for name := range h {
		if len(name) > 2 && (name[0] == 'X' || name[0] == 'x') && rerouting(strings.Map(dashed, name[1:])) {
			return true
		}
	}
	return false
}

func dashed(c rune) rune {
	if c > 0x7f || !alphanumeric(byte(c)) {
		return '-'
	}
	return unicode.ToLower(c)
}

// rerouting has the names, without their X: those of IIS, Symfony and Laminas, of
// forward-auth, and the overrides that many frameworks know.
func rerouting(name string) bool {
	switch name {
	case "-original-url", "-original-uri", "-original-method", "-rewrite-url", "-forwarded-uri", "-forwarded-url", "-forwarded-path",
		"-forwarded-method", "-http-method", "-http-method-override", "-method-override":
		return true
	}
	return false
}
