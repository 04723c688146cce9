package caddymodule

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
)

const strictTransport = "Strict-Transport-Security"

// ours is the writer for what we answer ourselves: below those of header blocks
// around the gate, which would change our headers when they are sent. It is never
// below a recorder: the access log, metrics and what keeps an answer back have to
// see it. Only what the site says of TLS is taken over.
func (h *Handler) ours(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	if said := h.strict(r); said != "" {
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
func (h *Handler) strict(r *http.Request) string {
	h.beside.Do(func() {
		server, ok := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
		if !ok {
			return
		}
		h.hsts, _ = h.search(server.Routes)
	})
	return h.hsts
}

// search finds the routes that hold the gate, and what they say of TLS.
func (h *Handler) search(routes caddyhttp.RouteList) (said string, found bool) {
	for _, route := range routes {
		for _, handler := range route.Handlers {
			if handler == caddyhttp.MiddlewareHandler(h) {
				return strictOf(routes), true
			}
			if inner, ok := handler.(*caddyhttp.Subroute); ok {
				if said, found = h.search(inner.Routes); found {
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
