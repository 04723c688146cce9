// Package routes tells whether the gates in Caddy's routes guard what stands
// behind them, before anybody asks: it follows kinds of requests through the
// routes, whether their modules are loaded yet or not. It does not see what hosts
// a placeholder names, nor routes that a plugin keeps to itself.
package routes

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Gate is our handler.
type Gate interface {
	caddyhttp.MiddlewareHandler
	// Written is the configuration of the gate before it was loaded.
	Written() json.RawMessage
}

// route is a route of Caddy in one form, whether its modules are loaded yet or
// not: while a handler is loaded, the routes before it are and those behind it
// are not.
type route struct {
	sets     []matcherSet // any of them will do; none: everything matches
	group    string       // of the routes of a group, the first that matches runs alone
	terminal bool         // what matches goes no further
	handlers []handler
}

// handler is one of a route.
type handler struct {
	name   string          // of the module, behind http.handlers.; empty: unknown
	raw    json.RawMessage // its configuration; of those that are set up, only if it is looked into
	gate   *gate           // it is ours; nil: it is none
	number string          // where it stands: route and position, from the server down
	routes []route         // inside a subroute or a named route
	errors []route         // of a subroute
	nested bool            // it is one of these two
	holds  bool            // it is a gate, or there is one in its routes
	guards bool            // the same, but not for gates that only have pages
}

// holds tells whether there is a gate in a route.
func (r *route) holds() bool {
	return slices.ContainsFunc(r.handlers, func(h handler) bool { return h.holds })
}

// guards tells whether there is a gate in a route that may turn requests away.
func (r *route) guards() bool {
	return slices.ContainsFunc(r.handlers, func(h handler) bool { return h.guards })
}

// routeReader reads the routes of a server.
type routeReader struct {
	named map[string]*caddyhttp.Route
	open  []string // named routes that are being read: one that invokes itself ends there
}

func (rd *routeReader) list(routes caddyhttp.RouteList, number string) []route {
	out := make([]route, 0, len(routes))
	for i := range routes {
		out = append(out, rd.route(&routes[i], fmt.Sprintf("%s%d", number, i)))
	}
	return out
}

func (rd *routeReader) route(r *caddyhttp.Route, number string) route {
	out := route{sets: readSets(r.MatcherSets, r.MatcherSetsRaw), group: r.Group, terminal: r.Terminal}
	for i, h := range r.Handlers {
		out.handlers = append(out.handlers, rd.loaded(h, fmt.Sprintf("%s.%d", number, i)))
	}
	if len(r.Handlers) > 0 {
		return out
	}
	for i, raw := range r.HandlersRaw {
		out.handlers = append(out.handlers, rd.raw(raw, fmt.Sprintf("%s.%d", number, i)))
	}
	return out
}

// loaded reads a handler that has been set up.
func (rd *routeReader) loaded(h caddyhttp.MiddlewareHandler, number string) handler {
	switch h := h.(type) {
	case Gate:
		return gateHandler(h.Written(), number)
	case *caddyhttp.Subroute:
		return rd.subroute(h, number)
	case *caddyhttp.Invoke:
		return rd.invoke(h.Name, number)
	}
	out := handler{name: strings.TrimPrefix(caddy.GetModuleID(h), handlerModules), number: number}
	if lookedInto(out.name) {
		out.raw, _ = json.Marshal(h) // nothing: it is then as one that can do everything
	}
	return out
}

const handlerModules, gateModule = "http.handlers.", "sparekey"

// lookedInto tells which handlers are judged by their configuration too.
func lookedInto(name string) bool {
	return name == "static_response" || name == "rewrite" || name == "headers"
}

// raw reads a handler that has not been set up.
func (rd *routeReader) raw(raw json.RawMessage, number string) handler {
	var h struct {
		Handler string `json:"handler"`
		Name    string `json:"name"` // of invoke
	}
	_ = json.Unmarshal(raw, &h) // a fault is Caddy's to tell
	switch h.Handler {
	case gateModule:
		return gateHandler(raw, number)
	case "invoke":
		return rd.invoke(h.Name, number)
	case "subroute":
		var inside caddyhttp.Subroute
		if json.Unmarshal(raw, &inside) == nil {
			return rd.subroute(&inside, number)
		}
		return handler{number: number}
	}
	return handler{name: h.Handler, raw: raw, number: number}
}

func (rd *routeReader) subroute(s *caddyhttp.Subroute, number string) handler {
	out := handler{name: "subroute", nested: true, number: number, routes: rd.list(s.Routes, number+".")}
	if s.Errors != nil {
		out.errors = rd.list(s.Errors.Routes, number+" errors ")
	}
	out.look()
	return out
}

// look notes what is in the routes of a handler.
func (h *handler) look() {
	h.holds = slices.ContainsFunc(h.routes, func(r route) bool { return r.holds() })
	h.guards = slices.ContainsFunc(h.routes, func(r route) bool { return r.guards() })
}

func (rd *routeReader) invoke(name, number string) handler {
	out := handler{name: "invoke", nested: true, number: number}
	r := rd.named[name]
	for _, open := range rd.open {
		if open == name {
			return out
		}
	}
	if r == nil {
		return out // its requests end in an error
	}
	rd.open = append(rd.open, name)
	out.routes = []route{rd.route(r, number+" "+name)}
	rd.open = rd.open[:len(rd.open)-1]
	out.look()
	return out
}
