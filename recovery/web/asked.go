package web

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

// dialect is how a proxy says what it was asked, and what it makes of an answer.
type dialect struct {
	path  string // below [Prefix]
	below bool   // the path asked for follows
	ask   func(*http.Request) (asked, error)
	says  []string // the headers that ask reads
	// Every other answer than 401 and 403 would be an error of its own there.
	only401And403 bool
}

var dialects = [...]dialect{ //nolint:gochecknoglobals // a table
	// Caddy's forward_auth, Traefik's forwardAuth, and HAProxy as examples/haproxy has it.
	{path: "verify", ask: askedByForwarded, says: []string{"X-Forwarded-Method", "X-Forwarded-Uri"}},
	// auth_request, as examples/nginx has it.
	{path: "verify/nginx", ask: askedByOriginal, says: []string{"X-Original-Method", "X-Original-Url"}, only401And403: true},
	// ext_authz, as examples/envoy has it.
	{path: "verify/envoy", below: true, ask: askedByEnvoy},
}

func dialectOf(path string) *dialect {
	rest, ok := strings.CutPrefix(path, Prefix)
	if !ok {
		return nil
	}
	for i := range dialects {
		d := &dialects[i]
		if tail, ok := strings.CutPrefix(rest, d.path); ok && (tail == "" && !d.below || d.below && strings.HasPrefix(tail, "/")) {
			return d
		}
	}
	return nil
}

// asked is a request at another proxy, in its own words.
type asked struct{ method, scheme, host, uri string }

func askedByForwarded(r *http.Request) (asked, error) {
	return read(r.Header, "X-Forwarded-Method", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri")
}

// askedByOriginal reads a whole address: X-Original-URL is scheme, host and what
// the client has sent of the rest, as it was sent.
func askedByOriginal(r *http.Request) (asked, error) {
	a, err := read(r.Header, "X-Original-Method", "", "", "X-Original-Url")
	if err != nil {
		return a, err
	}
	scheme, rest, found := strings.Cut(a.uri, "://")
	slash := strings.IndexByte(rest, '/')
	if !found || slash < 0 {
		return a, fmt.Errorf("X-Original-URL is no address: %q", a.uri)
	}
	a.scheme, a.host, a.uri = scheme, rest[:slash], rest[slash:]
	return a, nil
}

// askedByEnvoy reads the question itself: it has method, host and query of the
// request, and its path behind ours.
func askedByEnvoy(r *http.Request) (asked, error) {
	a, err := read(r.Header, "", "X-Forwarded-Proto", "", "")
	a.method, a.host = r.Method, r.Host
	if err != nil {
		return a, err
	}
	uri, found := strings.CutPrefix(r.RequestURI, Prefix+"verify/envoy")
	if a.uri = uri; !found {
		return a, fmt.Errorf("the path is not as it was configured: %q", r.RequestURI)
	}
	return a, nil
}

// read takes the headers of these names; one without a name is left empty.
func read(h http.Header, method, scheme, host, uri string) (a asked, err error) {
	for _, want := range []struct {
		name string
		into *string
	}{{method, &a.method}, {scheme, &a.scheme}, {host, &a.host}, {uri, &a.uri}} {
		lines := h[want.name]
		switch {
		case want.name == "":
		case len(lines) != 1 || lines[0] == "":
			return a, fmt.Errorf("%s is there %d times", want.name, len(lines))
		default:
			*want.into = lines[0]
		}
	}
	return a, nil
}

// refusal is the answer to a question that cannot be decided, whoever asks.
type refusal struct {
	reason, text string
	about        string // for the log: what was asked, or what is wrong
}

var errUpgrade = &refusal{reason: reasonUpgrade, text: "Sparekey lets no change to a protocol pass in which further requests could be spoken."} //nolint:gochecknoglobals // a constant

// question is the request that a proxy asks about, in the form in which it would
// have come to us, and the rules of its host.
func (s *Server) question(r *http.Request, by *dialect) (*http.Request, *guard.Rules, *refusal) {
	if s.Forward == nil || !s.trusts(r) {
		return nil, nil, &refusal{reasonPeer, "Sparekey answers only proxies whose address is in \"from\".", ""}
	}
	a, err := by.ask(r)
	if err != nil {
		return nil, nil, unreadable(err)
	}
	out, err := a.request(r, by)
	if err != nil {
		return nil, nil, unreadable(err)
	}
	rules, known := s.Forward.Hosts[originOf(out)]
	switch {
	case !known:
		return nil, nil, &refusal{reasonHost, "Sparekey has no rules for this host: write site HOST.", originOf(out)}
	case Ours(out):
		return nil, nil, &refusal{reasonPages, "Addresses below " + Prefix + " go to Sparekey itself, without a question before.", out.Host}
	}
	return out, rules, nil
}

func unreadable(err error) *refusal {
	return &refusal{reasonQuestion, "Sparekey cannot read what it is asked: a header of the proxy is missing, repeated or odd.", err.Error()}
}

// request makes a request of it. What the proxy said stands in the request itself
// then, and its headers are gone.
func (a asked) request(r *http.Request, by *dialect) (*http.Request, error) {
	websocket := len(r.Header["Sec-Websocket-Key"]) > 0 || len(r.Header["Sec-Websocket-Version"]) > 0
	switch a.scheme {
	case "ws", "wss": // so Traefik calls what begins as a handshake
		a.scheme, websocket = "http"+strings.TrimPrefix(a.scheme, "ws"), true
	case "http", "https":
	default:
		return nil, fmt.Errorf("the scheme is %q", a.scheme)
	}
	if a.method == http.MethodConnect && (websocket || r.Header.Get("Upgrade") == "websocket") {
		a.method = http.MethodGet // in HTTP/2 and 3; the app is asked in HTTP/1
	}
	if a.method == http.MethodConnect || a.method == "" || strings.ContainsFunc(a.method, noToken) {
		return nil, fmt.Errorf("the method is %q", a.method)
	}
	u, err := url.ParseRequestURI(a.uri)
	if err != nil || !strings.HasPrefix(a.uri, "/") || strings.ContainsFunc(a.uri, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return nil, fmt.Errorf("the path is %q", a.uri)
	}
	out := r.WithContext(r.Context())
	out.Method, out.URL, out.RequestURI, out.Host = a.method, u, a.uri, a.plainHost()
	out.Body, out.ContentLength, out.TransferEncoding, out.Trailer = http.NoBody, 0, nil, nil
	if out.TLS = nil; a.scheme == "https" {
		out.TLS = new(tls.ConnectionState)
	}
	out.Header = r.Header.Clone()
	for _, name := range append([]string{forwardedProto, "X-Forwarded-Host"}, by.says...) {
		delete(out.Header, name)
	}
	if websocket && out.Header.Get("Upgrade") == "" { // proxies keep hop-by-hop headers to themselves
		out.Header["Upgrade"] = []string{"websocket"}
	}
	return out, nil
}

// plainHost is the host as origins have it.
func (a asked) plainHost() string {
	port := ":80"
	if a.scheme == "https" {
		port = ":443"
	}
	return strings.TrimSuffix(strings.ToLower(a.host), port)
}

func originOf(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// noToken tells what cannot be in the name of a method (RFC 9110, section 5.6.2).
func noToken(c rune) bool {
	return c > 0x7f || !alphanumeric(byte(c)) && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
}

// Misdirected tells the question of another proxy, by the headers in which they
// say what they were asked.
func Misdirected(r *http.Request) bool {
	h := r.Header
	return h["X-Forwarded-Uri"] != nil || h["X-Forwarded-Method"] != nil ||
		h["X-Original-Url"] != nil || h["X-Original-Uri"] != nil || h["X-Original-Method"] != nil
}

// RefuseMisdirected answers such a question where nothing of the kind is answered:
// a page of ours, or an app, would say 200 and so open the app that was meant.
func (f Front) RefuseMisdirected(w http.ResponseWriter, r *http.Request) {
	f.Harden(w, r)
	w.Header().Set(HeaderReason, reasonNoQuestion)
	http.Error(w, "This request carries X-Forwarded-Uri, X-Forwarded-Method or X-Original-..., by which proxies ask whether a request may go on. "+
		"Sparekey answers that only at "+Prefix+"verify, and nothing else here does. A proxy that asks has to be pointed there; "+
		"one that does not has to leave those headers out.", http.StatusForbidden)
}
