package web

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
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
	flowLife   = time.Hour
	keepLife   = 30 * 24 * time.Hour
	maxFlows   = 4 // tabs at once; each flow has a token of its own
)

// CookieName is the full name for a request: "__Host-" on https; on plain
// http no prefix, but the port, because browsers share cookies between ports.
func CookieName(name string, secure bool, host string) string {
	if secure {
		return hostPrefix + name
	}
	_, port, err := net.SplitHostPort(host)
	if err != nil || port == "" {
		port = "80"
	}
	return name + "-" + port
}

// SessionCookie returns the value of the session cookie of a request, or "".
// Sent twice, it counts as not sent (HD-04).
func SessionCookie(r *http.Request) string {
	return single(r, CookieName(sessionCookie, r.TLS != nil, r.Host))
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

// flowTokens lists the tokens of the flow cookie: one for each tab.
func (x *exchange) flowTokens() []string {
	v := x.cookie(flowCookie)
	if v == "" || len(v) > 1024 {
		return nil
	}
	t := strings.Split(v, ".")
	return slices.DeleteFunc(t[:min(len(t), maxFlows)], func(t string) bool { return !x.Engine.OwnFlow(t) })
}

// addFlow puts a new token in front. Tokens are always made here: one that
// somebody planted stays beside it and opens nothing (SE-01).
func (x *exchange) addFlow(token string) {
	t := append([]string{token}, x.client.Flows...)
	x.client.Flows = t[:min(len(t), maxFlows)]
	x.set(flowCookie, strings.Join(x.client.Flows, "."), flowLife)
}

// dropFlow removes the token of a flow that has finished; other tabs keep
// theirs.
func (x *exchange) dropFlow(f *recovery.Flow) {
	rest := slices.DeleteFunc(slices.Clone(x.client.Flows), func(t string) bool { return secret.Sum(t) == f.Binding })
	if len(rest) == 0 {
		x.set(flowCookie, "", -time.Second)
		return
	}
	x.set(flowCookie, strings.Join(rest, "."), flowLife)
}
