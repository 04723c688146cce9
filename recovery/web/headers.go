package web

import (
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
// identity headers (case, '_' and '.' for '-', repeats, trailers), what a
// client wants removed by naming it in Connection, and our cookies. It runs on
// every request, public ones included (HD-01, HD-02; Caddy CVE-2026-30851,
// CVE-2026-52845).
func Scrub(r *http.Request) {
	for name := range r.Header {
		if identityName(name) {
			delete(r.Header, name)
		}
	}
	for name := range r.Trailer {
		if identityName(name) {
			delete(r.Trailer, name)
		}
	}
	scrubConnection(r.Header)
	StripCookies(r.Header)
}

// identityName matches any header an app might read as one of ours: CGI-like
// servers turn '-' and '.' into '_', so all three are one. It allocates
// nothing, because it sees every header of every request.
func identityName(name string) bool {
	const ours = "remote"
	return len(name) > len(ours) && strings.EqualFold(name[:len(ours)], ours) && strings.IndexByte("-_.", name[len(ours)]) >= 0
}

// scrubConnection keeps the hop-by-hop words that mean something and drops
// every header name: reverse_proxy removes what Connection names after we have
// set it.
func scrubConnection(h http.Header) {
	lines, ok := h["Connection"]
	if !ok || len(lines) == 1 && lines[0] == "keep-alive" { // what browsers send
		return
	}
	var kept []string
	for _, line := range lines {
		for token := range strings.SplitSeq(line, ",") {
			switch t := textproto.TrimString(token); strings.ToLower(t) {
			case "close", "keep-alive", "upgrade", "te", "http2-settings":
				kept = append(kept, t)
			}
		}
	}
	if len(kept) == 0 {
		delete(h, "Connection")
		return
	}
	h["Connection"] = []string{strings.Join(kept, ", ")}
}

// Introduce tells the app who is asking: always all four headers, empty where
// there is no value (HD-03). The values share one array made for this request;
// each slice is full, so that adding to one does not write over the next.
func Introduce(r *http.Request, id *guard.Identity) {
	v := [...]string{id.User, id.User, id.Mail, id.Groups}
	r.Header[HeaderUser] = v[0:1:1]
	r.Header[HeaderName] = v[1:2:2]
	r.Header[HeaderEmail] = v[2:3:3]
	r.Header[HeaderGroups] = v[3:4:4]
}
