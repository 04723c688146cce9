package caddymodule

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
)

const strictTransport = "Strict-Transport-Security"

// siteHeaders is what the header blocks of the site around a gate mean for our
// own answers.
type siteHeaders struct {
	read sync.Once
	hsts string // what they say of TLS; empty: nothing
}

// under is the writer for what a gate answers itself: below those of header blocks
// around it, which would change our headers when they are sent. It is never
// below a recorder: the access log, metrics and what keeps an answer back have to
// see it. Only what the site says of TLS is taken over.
func (s *siteHeaders) under(gate caddyhttp.MiddlewareHandler, w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	if said := s.strict(gate, r); said != "" {
		w.Header().Set(strictTransport, said)
	}
	return belowHeaders(w)
}

func belowHeaders(w http.ResponseWriter) http.ResponseWriter {
	lowest := w
	for at := w; ; {
		if _, records := at.(caddyhttp.ResponseRecorder); records {
			return lowest
		}
		wrapper, ok := at.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return lowest
		}
		inner := wrapper.Unwrap()
		if changesHeaders(at) {
			lowest = inner
		}
		at = inner
	}
}

// changesHeaders tells whether a writer is that of a header block. Its type has no
// name outside of Caddy's package.
func changesHeaders(w http.ResponseWriter) bool {
	t := reflect.TypeOf(w)
	return t.Kind() == reflect.Pointer && t.Elem().PkgPath() == reflect.TypeFor[headers.Handler]().PkgPath()
}

// strict is what the header blocks beside the gate say of TLS, for every path;
// empty: nothing.
func (s *siteHeaders) strict(gate caddyhttp.MiddlewareHandler, r *http.Request) string {
	s.read.Do(func() {
		if server, ok := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok {
			s.hsts, _ = besides(gate, server.Routes)
		}
	})
	return s.hsts
}

// besides finds the routes that hold the gate, and what they say of TLS.
func besides(gate caddyhttp.MiddlewareHandler, routes caddyhttp.RouteList) (said string, found bool) {
	for _, route := range routes {
		for _, handler := range route.Handlers {
			if handler == gate {
				return strictOf(routes), true
			}
			if inner, ok := handler.(*caddyhttp.Subroute); ok {
				if said, found = besides(gate, inner.Routes); found {
					return said, true
				}
			}
		}
	}
	return "", false
}

func strictOf(routes caddyhttp.RouteList) string {
	for _, route := range slices.Backward(routes) {
		for _, handler := range slices.Backward(route.Handlers) {
			block, ok := handler.(*headers.Handler)
			if !ok || len(route.MatcherSets) > 0 || block.Response == nil || block.Response.Require != nil || block.Response.HeaderOps == nil {
				continue
			}
			if said := block.Response.Set.Get(strictTransport); said != "" && !strings.Contains(said, "{") {
				return said
			}
		}
	}
	return ""
}
