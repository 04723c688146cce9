package web

import (
	"net"
	"net/http"
	"strings"
	"time"
)

// Cookie names without what plain http takes off or adds.
const (
	sessionCookie = "sparekey"
	deviceCookie  = "sparekey-device"
	flowCookie    = "sparekey-flow"

	hostPrefix = "__Host-"
)

const (
	deviceLife = 400 * 24 * time.Hour // the longest browsers keep one
	keepLife   = 30 * 24 * time.Hour
)

// CookieName is the full name for a request: "__Host-" on https, and none of it on
// plain http. The port is a part of it, but for that of https, because browsers
// share cookies between ports.
func CookieName(name string, secure bool, host string) string {
	_, port, err := net.SplitHostPort(host)
	switch none := err != nil || port == ""; {
	case secure && (none || port == "443"):
		return hostPrefix + name
	case secure:
		return hostPrefix + name + "-" + port
	case none:
		port = "80"
	}
	return name + "-" + port
}

// SessionCookie returns the value of the session cookie of a request, or "".
// Sent twice, it counts as not sent (HD-04).
func (f Front) SessionCookie(r *http.Request) string {
	return single(r, CookieName(sessionCookie, f.secure(r), r.Host))
}

func single(r *http.Request, name string) string {
	found := ""
	for _, c := range r.CookiesNamed(name) {
		if found != "" && c.Value != found {
			return ""
		}
		found = c.Value
	}
	return found
}

// StripCookies removes our cookies from a request, in every spelling of
// theirs, so that no app ever sees them (SE-04). Other cookies stay as they
// were.
func StripCookies(h http.Header) {
	lines := h["Cookie"]
	if len(lines) == 0 {
		return
	}
	var kept []string
	for _, line := range lines {
		if left := stripLine(line); left != "" {
			kept = append(kept, left)
		}
	}
	if len(kept) == 0 {
		delete(h, "Cookie")
		return
	}
	h["Cookie"] = kept
}

// stripLine returns a Cookie line without our cookies, and a line without any
// as it is.
func stripLine(line string) string {
	if !anyOurs(line) {
		return line
	}
	var rest strings.Builder
	for part := range strings.SplitSeq(line, ";") {
		if part = strings.TrimSpace(part); part == "" || ours(part) {
			continue
		}
		if rest.Len() == 0 {
			rest.Grow(len(line))
		} else {
			rest.WriteString("; ")
		}
		rest.WriteString(part)
	}
	return rest.String()
}

func anyOurs(line string) bool {
	for part := range strings.SplitSeq(line, ";") {
		if ours(part) {
			return true
		}
	}
	return false
}

// ours tells whether "name=value" is a cookie of ours, in any spelling. It runs
// for every cookie of every request and allocates nothing.
func ours(part string) bool {
	name, _, _ := strings.Cut(part, "=")
	name = strings.TrimSpace(name)
	if rest, ok := cutPrefixFold(name, hostPrefix); ok {
		name = rest
	}
	rest, ok := cutPrefixFold(name, sessionCookie)
	return ok && (rest == "" || rest[0] == '-')
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

func (x *exchange) cookie(name string) string {
	return single(x.r, CookieName(name, x.secure, x.r.Host))
}

// set writes a cookie; life zero makes it end with the browser, a negative one
// removes it.
func (x *exchange) set(name, value string, life time.Duration) {
	http.SetCookie(x.w, &http.Cookie{ //nolint:gosec // Secure is left out only on plain http
		Name: CookieName(name, x.secure, x.r.Host), Value: value, Path: "/",
		MaxAge: int(life / time.Second), Secure: x.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func (x *exchange) setSession(value string, keep bool) {
	life := time.Duration(0)
	if keep {
		life = keepLife
	}
	x.set(sessionCookie, value, life)
}

func (x *exchange) setDevice(value string) { x.set(deviceCookie, value, deviceLife) }
