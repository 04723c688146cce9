package web

import (
	"cmp"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// exchange is one request to our pages and its answer.
type exchange struct {
	*Server
	w      http.ResponseWriter
	r      *http.Request
	client recovery.Client
	secure bool
	origin string // scheme://host as the browser sees it
	keep   string // language picked by hand
	id     string // joins page and log line
	person string // id behind people/

	flowEnds time.Time // when the flow cookie does; zero: it has no time
}

func (s *Server) exchange(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{Server: s, w: w, r: r, secure: r.TLS != nil, id: secret.Code(8)}
	scheme := "http://"
	if x.secure {
		scheme = "https://"
	}
	x.origin = scheme + r.Host
	x.keep = x.language(r.URL.Query().Get("lang"))
	x.client = recovery.Client{
		Network: network(s.ip(r)), Browser: browser(r.UserAgent()),
		Lang: cmp.Or(x.keep, s.Pages.Match(r.Header.Get("Accept-Language"))), Base: x.base(),
		Device: x.cookie(deviceCookie), Session: x.cookie(sessionCookie),
	}
	x.readFlows()
	return x
}

func (x *exchange) language(code string) string {
	if slices.Contains(x.Pages.Languages(), code) {
		return code
	}
	return ""
}

// base is the address of our own pages for links: at the origin asked for if it
// is configured, else at the first configured one, else none. What a client
// says of its Host is never copied into a message (TK-12).
func (x *exchange) base() string {
	if slices.Contains(x.Origins, x.origin) {
		return x.origin + Prefix
	}
	if len(x.Origins) > 0 {
		return x.Origins[0] + Prefix
	}
	return ""
}

func (s *Server) ip(r *http.Request) string {
	if s.ClientIP != nil {
		return s.ClientIP(r)
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	return host
}

// network is what counts as one source: an IPv4 address, an IPv6 /64 (TH-06).
// Anything unreadable is one common source, never an unlimited one.
func network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return "unknown"
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return "unknown"
	}
	return p.String()
}

// loopback tells whether the page is asked for on this very machine.
func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil && a.IsLoopback()
}

// tooOpen tells that passwords would cross a network in the clear.
func (x *exchange) tooOpen() bool { return !x.secure && !x.Insecure && !loopback(x.r.Host) }

// sameOrigin is the one check against cross-site requests: Sec-Fetch-Site
// says so, or, from a browser without it, Origin equals our own. Neither
// means no (WB-01).
func (x *exchange) sameOrigin() bool {
	site, sent := x.r.Header["Sec-Fetch-Site"]
	if sent {
		return len(site) == 1 && site[0] == "same-origin"
	}
	origin := x.r.Header["Origin"]
	return len(origin) == 1 && origin[0] == x.origin
}

// Limits of a form (IN-01).
const (
	maxBody   = 64 << 10
	maxFields = 100
	bodyTime  = 10 * time.Second
)

// fields is every name a form of ours may hold.
func known(name string) bool {
	switch name {
	case "flow", "start", "return", "lang",
		"name", "password", "code", "method", "new_password", "pin", "answer", "mail", "phone", "extension",
		"label", "choice", "remember", "groups", "reason":
		return true
	}
	return false
}

// parse reads the form strictly: one media type, bounded, known fields, each
// once, readable text. It returns the status and text of a refusal, or zero.
func (x *exchange) parse() (int, string) {
	if t, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
		return http.StatusUnsupportedMediaType, "form_repeated"
	}
	if x.r.ContentLength > maxBody {
		return http.StatusRequestEntityTooLarge, "form_repeated"
	}
	_ = http.NewResponseController(x.w).SetReadDeadline(time.Now().Add(bodyTime)) // not every writer can; the body stays bounded
	x.r.Body = http.MaxBytesReader(x.w, x.r.Body, maxBody)
	if err := x.r.ParseForm(); err != nil {
		return http.StatusBadRequest, "form_repeated"
	}
	if !wellFormed(x.r.PostForm) {
		return http.StatusBadRequest, "form_repeated"
	}
	if lang := x.language(x.r.PostForm.Get("lang")); lang != "" {
		x.keep, x.client.Lang = lang, lang
	}
	return 0, ""
}

func wellFormed(form url.Values) bool {
	if len(form) > maxFields {
		return false
	}
	for name, values := range form {
		if !known(name) || len(values) != 1 {
			return false
		}
		if !utf8.ValidString(values[0]) || name != "password" && name != "new_password" && strings.ContainsFunc(values[0], control) {
			return false
		}
	}
	return true
}

// control finds what no field of ours holds; a pasted list of codes has line
// ends.
func control(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f }

func itoa(n int) string { return strconv.Itoa(n) }
