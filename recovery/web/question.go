package web

import (
	"net/http"
	"strings"
	"unicode"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

// Question is what a gate with these rules asks about a request. Ask before
// [Scrub], which takes the session cookie off. What costs, and the rules do not
// look at, is left out.
func (s *Server) Question(r *http.Request, rules *guard.Rules) guard.Question {
	q := guard.Question{Cookie: SessionCookie(r), Rules: rules, Page: Navigation(r)}
	if rules.OfPaths() {
		q.Method, q.Paths = s.target(r)
	}
	if rules.OfKeys() {
		q.Key, q.At = accessKey(r), r.Host
	}
	if rules.OfClients() && s.Client != nil {
		q.Client = s.Client(r)
	}
	return q
}

// Within is the server for pages where a gate with these rules stands.
func (s *Server) Within(rules *guard.Rules) *Server {
	site := *s
	site.rules = rules
	return &site
}

// target is what a request is for: its method, and each reading of its path.
// Both are empty for one that an app may take for something else: by a header
// that names another path or method, or by a path that is not read by everybody
// alike.
func (s *Server) target(r *http.Request) (method string, paths []string) {
	if reroutes(r.Header) {
		return "", nil
	}
	paths, ok := readings(nil, r.URL)
	if s.Original != nil && ok {
		first, u := s.Original(r)
		if first != r.Method {
			return "", nil
		}
		paths, ok = readings(paths, u)
	}
	if !ok {
		return "", nil
	}
	return r.Method, paths
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
