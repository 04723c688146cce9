package web

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

// HeaderKey carries an access key where the app needs Authorization for itself
// (public contract).
const HeaderKey = "Sparekey-Key"

// accessKey is the access key that a request shows: as a Bearer token, as the
// password of Basic credentials, whose user name may be anything, or in a header
// of its own. It is empty for a request that shows none, and [guard.WrongKey] for
// one that is to be refused: several keys at once, a key in an unknown place, and
// one that a page of another site had its browser send.
func (f Front) accessKey(r *http.Request) string {
	var keys []string
	for _, line := range r.Header[HeaderKey] {
		keys = append(keys, strings.TrimSpace(line))
	}
	for _, line := range r.Header[authorization] {
		if holdsKey(line) {
			keys = append(keys, authorizes(line))
		}
	}
	switch {
	case len(keys) == 0:
		return ""
	case len(keys) > 1 || f.crossSite(r):
		return guard.WrongKey
	}
	return keys[0]
}

// crossSite tells whether a browser says that a page of another site asks. A
// browser may remember Basic credentials and add them to whatever such a page
// sends.
func (f Front) crossSite(r *http.Request) bool {
	for _, site := range r.Header["Sec-Fetch-Site"] {
		if site != "none" && site != "same-origin" {
			return true
		}
	}
	origin, sent := r.Header["Origin"]
	return sent && (len(origin) != 1 || !f.from(origin[0], r))
}

// authorizes is the access key in a line of Authorization that holds one.
func authorizes(line string) string {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	rest = strings.TrimSpace(rest)
	switch strings.ToLower(scheme) {
	case "bearer":
		return rest
	case "basic":
		text, err := base64.StdEncoding.DecodeString(rest)
		if _, password, _ := strings.Cut(string(text), ":"); err == nil && password != "" {
			return password
		}
	}
	return guard.WrongKey
}
