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
		return "__Host-" + name
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
		if !strings.Contains(strings.ToLower(line), sessionCookie) {
			kept = append(kept, line)
			continue
		}
		var rest []string
		for part := range strings.SplitSeq(line, ";") {
			if name, _, _ := strings.Cut(strings.TrimSpace(part), "="); !ours(name) {
				rest = append(rest, strings.TrimSpace(part))
			}
		}
		if joined := strings.Join(rest, "; "); joined != "" {
			kept = append(kept, joined)
		}
	}
	if len(kept) == 0 {
		h.Del("Cookie")
		return
	}
	h["Cookie"] = kept
}

func ours(name string) bool {
	name = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(name)), "__host-")
	return name == sessionCookie || strings.HasPrefix(name, sessionCookie+"-")
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
	return t[:min(len(t), maxFlows)]
}

// addFlow puts a new token in front. Tokens are always made here: one that
// somebody planted stays beside it and opens nothing (SE-01).
func (x *exchange) addFlow(token string) {
	t := append([]string{token}, x.flowTokens()...)
	x.set(flowCookie, strings.Join(t[:min(len(t), maxFlows)], "."), flowLife)
}

// dropFlows removes the cookie once a flow has finished.
func (x *exchange) dropFlows() { x.set(flowCookie, "", -time.Second) }
