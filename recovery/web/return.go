package web

import (
	"net/url"
	"slices"
	"strings"
)

// SafeReturn lets through where somebody wanted to go if it is a plain path on
// this host, and answers "/" otherwise. It refuses everything browsers read as
// another host: "//", "/\", controls, and what does not parse (HD-09).
func SafeReturn(target string) string {
	if len(target) > 4096 || !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") || strings.ContainsFunc(target, unsafeInURL) {
		return "/"
	}
	u, err := url.Parse(target)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil {
		return "/"
	}
	plain, err := url.PathUnescape(u.EscapedPath())
	if err != nil || strings.HasPrefix(plain, "//") || strings.ContainsFunc(plain, unsafeInPath) {
		return "/"
	}
	if target == Prefix+"people" || strings.HasPrefix(target, Prefix+"people/") || ownPath(target) {
		return target // pages of ours that ask for a fresh proof and then go on
	}
	if plain == strings.TrimSuffix(Prefix, "/") || strings.HasPrefix(plain, Prefix) {
		return "/"
	}
	return target
}

// ownPath tells whether a path is a page of one's own account; [ownPages] makes them.
func ownPath(path string) bool {
	name, ours := strings.CutPrefix(path, Prefix+"account")
	return ours && slices.Contains([]string{"", "/sign-in", "/devices", "/keys", "/recovery", "/contact", "/activity"}, name)
}

// Return is [SafeReturn], and with a portal it lets through an address on one of
// the protected hosts, too: their origin letter for letter, and behind it a path
// that is none of our own pages. Nothing else of an address is looked at, so that
// there is nothing browsers could read in another way.
func (s *Server) Return(target string) string {
	if s.Portal == "" {
		return SafeReturn(target)
	}
	for _, origin := range s.Origins {
		path, ok := strings.CutPrefix(target, origin)
		if ok && strings.HasPrefix(path, "/") && SafeReturn(path) == path && !strings.HasPrefix(path, Prefix) {
			return target
		}
	}
	return SafeReturn(target)
}

func unsafeInURL(r rune) bool { return r == ' ' || unsafeInPath(r) }

// unsafeInPath is for an unescaped path: "%20" is as good there as a letter.
func unsafeInPath(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f }
