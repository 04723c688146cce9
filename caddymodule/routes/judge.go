package routes

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sparekey/sparekey/templates"
)

// Judge refuses routes in which a gate does not guard: where something can answer
// before it, where its own pages are not found, where an error is answered
// without it. The error names the line, or the route, and what to write.
func Judge(app *caddyhttp.App) error {
	for _, name := range slices.Sorted(maps.Keys(app.Servers)) {
		j := newJudge(name, app.Servers[name])
		j.metrics = app.Metrics != nil || app.Servers[name].Metrics != nil
		for _, s := range j.seats {
			if err := j.seat(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// judge is the routes of a server, and the gates in them.
type judge struct {
	server         string
	routes, errors []route
	seats          []seat
	metrics        bool // each handler is recorded
}

// seat is a gate and where it stands.
type seat struct {
	gate   *handler
	hosts  []string  // the nearest names on its way; none: any
	ours   []string  // those of them that are written for all that comes there; none: any
	errors [][]route // of the subroutes around it
}

func newJudge(name string, s *caddyhttp.Server) *judge {
	rd := routeReader{named: s.NamedRoutes}
	j := &judge{server: name, routes: rd.list(s.Routes, "")}
	if s.Errors != nil {
		j.errors = rd.list(s.Errors.Routes, "errors ")
	}
	j.seatsIn(j.routes, seat{})
	j.seatsIn(j.errors, seat{})
	return j
}

func (j *judge) seatsIn(routes []route, outer seat) {
	for i := range routes {
		r := &routes[i]
		s := seat{hosts: r.hosts(outer.hosts), ours: within(outer.ours, r.sets), errors: outer.errors}
		for k := range r.handlers {
			h := &r.handlers[k]
			switch {
			case h.gate != nil:
				s.gate = h
				j.seats = append(j.seats, s)
			case h.holds:
				s.errors = append(slices.Clone(outer.errors), h.errors)
				j.seatsIn(h.routes, s)
				s.errors = outer.errors
			}
		}
	}
}

// within are the names that matchers limit their requests to, as far as they lie
// within those of the matchers around them: the same where a set names no host.
func within(outer []string, sets []matcherSet) []string {
	if len(sets) == 0 {
		return outer
	}
	names := []string{}
	for _, set := range sets {
		own := set.hosts()
		if own == nil {
			return outer
		}
		for _, name := range own {
			fits := func(o string) bool { return hostFits(o, name) }
			if (outer == nil || slices.ContainsFunc(outer, fits)) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// hosts are the names a route is limited to, or, where it is not, those of the
// routes around it.
func (r *route) hosts(outer []string) []string {
	var names []string
	limited := len(r.sets) > 0
	for _, set := range r.sets {
		own := set.hosts()
		names, limited = append(names, own...), limited && own != nil
	}
	switch {
	case limited:
		return names
	case outer == nil && names != nil:
		return append(names, "")
	}
	return append(names, outer...)
}

func (s matcherSet) hosts() []string {
	for _, m := range s {
		if m.name == "host" {
			return m.words
		}
	}
	return nil
}

func (j *judge) seat(s seat) error {
	for _, host := range s.names() {
		if err := j.host(s, host); err != nil {
			return fmt.Errorf("%w (server %s), at %s", err, j.server, cmp.Or(s.gate.gate.line, "route "+s.gate.number))
		}
	}
	return nil
}

func (s seat) names() []string {
	if s.hosts == nil {
		return []string{""}
	}
	return s.hosts
}

// host judges a gate for one of its names.
func (j *judge) host(s seat, name string) error {
	p := probe{host: strings.ReplaceAll(cmp.Or(name, "any.invalid"), "*", "any-other")}
	name = cmp.Or(name, "this site")
	if err := exposed(p, j.routes, name); err != nil {
		return err
	}
	if err := j.pages(p, name); err != nil {
		return err
	}
	if err := j.spoiled(p, s); err != nil || s.gate.gate.pages {
		return err
	}
	for _, list := range append(slices.Clone(s.errors), j.errors) {
		w := walk{probe: p, failed: true}
		if open := w.list(list).open; open != nil {
			return errorsOpen(name, open)
		}
	}
	return nil
}

// exposed finds what can answer before the gates in these routes. Beside a route
// that is complete in itself others may stand that are: a site, a handle block
// or a route that ends in an answer. What they leave open is written there.
func exposed(p probe, routes []route, name string) error {
	for i := range routes {
		r := &routes[i]
		if !r.guards() || r.match(p) == none {
			continue
		}
		w, complete := walk{probe: p}, r.complete(p)
		before := w.list(routes[:i])
		if before.open == nil && !before.falls {
			return nil // a gate before has decided about all
		}
		if complete {
			before = w.list(others(p, routes[:i], r))
		}
		if before.open != nil {
			return tooLate(name, before.open)
		}
		if err := exposedIn(p, r.handlers, name); err != nil {
			return err
		}
		if complete || r.match(p) == all {
			continue
		}
		if open := w.list(routes[i+1:]).open; open != nil {
			return notAll(name, open)
		}
	}
	return nil
}

// exposedIn does the same for the handlers of one route.
func exposedIn(p probe, handlers []handler, name string) error {
	w := walk{probe: p}
	for i := range handlers {
		h := &handlers[i]
		switch {
		case h.gate != nil && h.guards:
			return nil
		case h.guards:
			return exposed(p, h.routes, name)
		}
		if open := w.handler(h).open; open != nil {
			return tooLate(name, open)
		}
	}
	return nil
}

// complete tells whether what a route takes is answered in it, so that whoever
// wrote it chose what goes there.
func (r *route) complete(p probe) bool {
	return r.terminal || r.group != "" || r.match(p) < all && ends(r.handlers)
}

// ends tells whether handlers answer whatever reaches them, were there no gate.
func ends(handlers []handler) bool {
	for i := range handlers {
		h := &handlers[i]
		if h.gate != nil || passing(h.name) || h.name == "rewrite" {
			continue
		}
		if !h.nested || slices.ContainsFunc(h.routes, func(r route) bool { return len(r.sets) == 0 && ends(r.handlers) }) {
			return true
		}
	}
	return false
}

// others are the routes before a complete one that are not complete themselves,
// or take the very same requests.
func others(p probe, before []route, r *route) []route {
	var out []route
	for i := range before {
		b := &before[i]
		exclusive := b.group != "" && b.group == r.group
		if !b.complete(p) || !exclusive && sameSets(b.sets, r.sets) {
			out = append(out, *b)
		}
	}
	return out
}

// pages wants each request for our own pages to come to a gate.
func (j *judge) pages(p probe, name string) error {
	p.pages = true
	w := walk{probe: p}
	switch o := w.list(j.routes); {
	case o.open != nil && o.open.name == "rewrite":
		return fmt.Errorf("the pages of sparekey under %s are not found on %s: a rewrite before sparekey changes their address; "+
			"write sparekey above it, or take out the line \"order ...\" that moved one of the two", templates.Prefix, name)
	case o.open != nil:
		return fmt.Errorf("the pages of sparekey under %s are not found on %s: %s answers there; "+
			"%s, and let no other site or handle take that path",
			templates.Prefix, name, o.open.spoken(), directly)
	case o.falls || o.lost || !o.gate:
		return fmt.Errorf("the pages of sparekey under %s are not found on %s: only other paths or requests come to sparekey; %s",
			templates.Prefix, name, directly)
	}
	return nil
}

// directly is what to write where the pages are not found.
const directly = "write sparekey directly into a site whose address has no path, or, if the rest shall stay open, the line \"sparekey pages\" there"

func tooLate(name string, open *handler) error {
	remedy := "write sparekey above it, or take out the line \"order ...\" that moved one of the two"
	if open.foreign() {
		remedy = fmt.Sprintf("write sparekey above it in a route block, or in the block of global options: order %s after sparekey", cmp.Or(open.name, "NAME"))
	}
	return fmt.Errorf("%s is not guarded: %s can answer before sparekey has let anybody pass; %s", name, open.spoken(), remedy)
}

func notAll(name string, open *handler) error {
	return fmt.Errorf("%s is not guarded: what the matcher before sparekey does not take goes on to %s without a login; "+
		"write sparekey directly into the site, and what it shall protect behind it: sparekey /admin/*", name, open.spoken())
}

func errorsOpen(name string, open *handler) error {
	remedy := "write: handle_errors { sparekey ... }"
	if open.name == "file_server" {
		remedy = "write a fixed page before it, such as: rewrite * /error.html; or " + strings.TrimPrefix(remedy, "write: ")
	}
	return fmt.Errorf("the error pages of %s are not guarded: some errors come before sparekey, and %s can answer them with more than "+
		"a fixed text or file; %s", name, open.spoken(), remedy)
}

// spoken is a handler as it is called in a Caddyfile.
func (h *handler) spoken() string {
	switch h.name {
	case "":
		return "a handler that is not known"
	case "static_response":
		return "respond or redir"
	}
	return h.name
}

// foreign tells whether a handler is none of Caddy's own.
func (h *handler) foreign() bool {
	switch h.name {
	case "reverse_proxy", "file_server", "static_response", "templates", "metrics", "acme_server", "intercept", "copy_response", "invoke":
		return false
	}
	return true
}

// Found is a gate in the routes of a server.
type Found struct {
	Hosts  []string        // the names it is reached by, and those of its own matcher; "" is any
	Config json.RawMessage // its own, before it was loaded
}

// Gates lists the gates of a server.
func Gates(s *caddyhttp.Server) []Found {
	var out []Found
	for _, s := range newJudge("", s).seats {
		out = append(out, Found{s.ourNames(), s.gate.raw})
	}
	return out
}

// ourNames are those of which links may be made. Those of its own matcher are among
// them: its pages are there too, and somebody has written them.
func (s seat) ourNames() []string {
	names := s.ours
	if names == nil {
		names = []string{""}
	}
	if own := s.gate.gate.sets; len(own) > 0 {
		for _, name := range within(s.ours, own) {
			if !slices.Contains(names, name) {
				names = append(slices.Clone(names), name)
			}
		}
	}
	return names
}

// App is the app whose routes lead to a handler, and through nothing but
// them. It is not always the first of the lineage.
func App(lineage []caddy.Module) (*caddyhttp.App, error) {
	var app *caddyhttp.App
	var between caddy.Module
	for _, m := range lineage {
		switch m := m.(type) {
		case *caddyhttp.App:
			app, between = m, nil
		case *caddyhttp.Subroute, Gate:
		default:
			if between == nil {
				between = m
			}
		}
	}
	switch {
	case app == nil:
		return nil, errors.New("sparekey works in the sites of Caddy's http app only")
	case between != nil:
		return nil, fmt.Errorf("sparekey guards nothing inside %s, which has asked the app already: write it directly into the site",
			between.CaddyModule().ID.Name())
	}
	return app, nil
}
