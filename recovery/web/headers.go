package web

import (
	"cmp"
	"net/http"
	"net/textproto"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

// The identity headers an app may believe (public contract).
const (
	HeaderUser   = "Remote-User"
	HeaderName   = "Remote-Name"
	HeaderEmail  = "Remote-Email"
	HeaderGroups = "Remote-Groups"
)

// Scrub removes from a request what only we may say: every spelling of the
// identity headers (case, '_' and '.' for '-', repeats), in trailers too, what a
// client wants removed by naming it in Connection, a change to a protocol in
// which it could say them later, what proves to us who it is (our cookies and
// access keys) and, unless the peer is a trusted proxy, what only proxies may say.
// It runs on every request, public ones included (HD-01, HD-02, HD-06; Caddy
// CVE-2026-30851, CVE-2026-52845).
func (f Front) Scrub(r *http.Request) {
	f.deleteForeign(r)
	stripKeys(r.Header)
	scrubTrailers(r)
	scrubUpgrade(r.Header)
	scrubConnection(r.Header)
	StripCookies(r.Header)
}

// deleteForeign removes what only we may say, and what only proxies may. Whether
// the peer is one is asked once it matters.
func (f Front) deleteForeign(r *http.Request) {
	asked, trusted := false, false
	for name := range r.Header {
		switch {
		case identityName(name):
		case forwardingName(name):
			if !asked {
				asked, trusted = true, f.trusts(r)
			}
			if trusted {
				continue
			}
		default:
			continue
		}
		delete(r.Header, name)
	}
}

// identityName matches any header an app might read as one of ours: Remote-User
// and the like, and Sparekey-Key. CGI-like servers turn what is no letter or digit
// into '_', so all of that is one. It allocates nothing, because it sees every
// header of every request.
func identityName(name string) bool {
	return beginsWord(name, "remote") || beginsWord(name, "sparekey")
}

func beginsWord(name, word string) bool {
	return len(name) > len(word) && strings.EqualFold(name[:len(word)], word) && !alphanumeric(name[len(word)])
}

// scrubConnection keeps the hop-by-hop words that mean something and drops
// every header name: reverse_proxy removes what Connection names after we have
// set it.
func scrubConnection(h http.Header) {
	lines, ok := h["Connection"]
	if !ok || len(lines) == 1 && lines[0] == "keep-alive" { // what browsers send
		return
	}
	keep(h, "Connection", func(word string) bool {
		switch strings.ToLower(word) {
		case "close", "keep-alive", "te":
			return true
		case "upgrade":
			return len(h["Upgrade"]) > 0
		}
		return false
	})
}

// scrubUpgrade drops protocols in which requests are spoken. After such a change
// what the client says goes to the app and not through us, with any header it
// likes (known as h2c smuggling). They are those of the IANA registry of upgrade
// tokens, and SPDY; one without requests, such as WebSocket, stays.
func scrubUpgrade(h http.Header) {
	delete(h, "Http2-Settings")
	if _, ok := h["Upgrade"]; !ok {
		return
	}
	keep(h, "Upgrade", func(protocol string) bool {
		name, _, _ := strings.Cut(protocol, "/")
		switch strings.ToLower(name) {
		case "http", "h2", "h2c", "h3", "tls", "spdy":
			return false
		}
		return true
	})
}

// keep leaves in a list of a header only some of its words.
func keep(h http.Header, name string, stays func(word string) bool) {
	var kept []string
	for _, line := range h[name] {
		for word := range strings.SplitSeq(line, ",") {
			if word = textproto.TrimString(word); word != "" && stays(word) {
				kept = append(kept, word)
			}
		}
	}
	if len(kept) == 0 {
		delete(h, name)
		return
	}
	h[name] = []string{strings.Join(kept, ", ")}
}

// Introduce tells the app who is asking: always all four headers, empty where
// there is no value (HD-03). The values share one array made for this request;
// each slice is full, so that adding to one does not write over the next. Of
// nobody (nil) nothing is told.
func Introduce(r *http.Request, id *guard.Identity) {
	if id == nil {
		return
	}
	v := [...]string{id.User, cmp.Or(id.Name, id.User), id.Mail, id.Groups}
	r.Header[HeaderUser] = v[0:1:1]
	r.Header[HeaderName] = v[1:2:2]
	r.Header[HeaderEmail] = v[2:3:3]
	r.Header[HeaderGroups] = v[3:4:4]
}
