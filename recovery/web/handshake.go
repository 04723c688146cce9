package web

import (
	"net/http"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Foreign tells a handshake that a page of another origin asks for: a WebSocket,
// by whatever version of HTTP. Browsers send the cookies of this host with it, and
// no rule for reading across origins stands between that page and what the app
// then says (WB-07). Pages of other hosts of the same gate are foreign
// too, because each host has sessions of its own. Without an Origin no page asks.
func (f Front) Foreign(r *http.Request) bool {
	origin, sent := r.Header["Origin"]
	return sent && handshake(r) && (len(origin) != 1 || !f.from(origin[0], r))
}

// handshake tells a change of protocol. HTTP/2 names it in a pseudo-header, which
// Go keeps among the others, and quic-go puts it in Proto (RFC 8441, RFC 9220).
func handshake(r *http.Request) bool {
	if r.Method == http.MethodConnect {
		return len(r.Header[":protocol"]) > 0 || r.ProtoMajor == 3 && !strings.HasPrefix(r.Proto, "HTTP/")
	}
	return len(r.Header["Upgrade"]) > 0
}

// from tells whether an origin is that of the request. Where the request came in
// the clear a proxy that nobody has named may have taken https off, so either
// scheme will do.
func (f Front) from(origin string, r *http.Request) bool {
	host, secure := strings.CutPrefix(origin, "https://")
	if !secure {
		var plain bool
		if host, plain = strings.CutPrefix(origin, "http://"); !plain || f.secure(r) {
			return false
		}
	}
	port := ":80"
	if secure {
		port = ":443"
	}
	return strings.EqualFold(strings.TrimSuffix(host, port), strings.TrimSuffix(r.Host, port))
}

// RefuseForeign answers such a handshake.
func (s *Server) RefuseForeign(w http.ResponseWriter, r *http.Request) {
	s.Harden(w, r)
	x := s.exchange(w, r)
	x.Engine.Refused(x.r.Context(), recovery.Event{Name: recovery.EventCrossSite, Detail: "handshake, " + x.from()})
	x.background(http.StatusForbidden, "cross_site", "")
}
