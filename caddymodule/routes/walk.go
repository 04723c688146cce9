package routes

import (
	"encoding/json"
	"regexp"
	"strings"
)

// walk follows a kind of request through routes, until a gate decides.
type walk struct {
	probe
	failed  bool // the routes are those of errors
	through bool // gates let everything pass
	fixed   bool // in there: the path has been replaced by one that nobody can choose
	file    bool // in there: the file that was found is one of a fixed list
}

// outcome is what may become of such requests.
type outcome struct {
	open  *handler // what can answer before a gate decides; nil: nothing
	gate  bool     // a gate decides about some
	falls bool     // some go on behind
	lost  bool     // some end with nothing, in a route that goes no further
}

func (o *outcome) add(in outcome) {
	if o.open == nil {
		o.open = in.open
	}
	o.gate, o.lost = o.gate || in.gate, o.lost || in.lost
}

func (w *walk) list(routes []route) outcome {
	out, groups := outcome{falls: true}, map[string]bool{}
	for i := range routes {
		r := &routes[i]
		m := r.match(w.probe)
		if m == none || groups[r.group] {
			continue
		}
		in := w.route(r, m)
		out.add(in)
		out.lost = out.lost || r.terminal && in.falls
		if m < all {
			continue
		}
		if !in.falls || r.terminal {
			out.falls = false
			return out
		}
		groups[r.group] = r.group != ""
	}
	return out
}

// route follows what a route takes. That a path was replaced counts behind it
// only if it is for all.
func (w *walk) route(r *route, m matches) outcome {
	fixed, file := w.fixed, w.file
	found, listed := r.files()
	if found {
		w.file = listed
	}
	in := w.handlers(r.handlers)
	w.file = file && (!found || listed)
	if m < all {
		w.fixed = w.fixed && fixed
	}
	return in
}

func (w *walk) handlers(handlers []handler) outcome {
	out := outcome{falls: true}
	for i := range handlers {
		in := w.handler(&handlers[i])
		out.add(in)
		if !in.falls {
			out.falls = false
			return out
		}
	}
	return out
}

func (w *walk) handler(h *handler) outcome {
	switch {
	case h.gate != nil && h.gate.pages && !w.pages:
		return outcome{falls: true}
	case h.gate != nil:
		return outcome{gate: true, falls: w.through}
	case h.nested:
		out := w.list(h.routes)
		if !h.guards && out.open == nil {
			errors := walk{probe: w.probe, failed: true}
			out.open = errors.list(h.errors).open
		}
		return out
	case h.name == "rewrite":
		return w.rewrite(h)
	case passing(h.name) || w.failed && h.name == "templates":
		return outcome{falls: true}
	case w.harmless(h):
		return outcome{}
	}
	return outcome{open: h}
}

// passing are the handlers of Caddy that answer nothing out of the app or the
// disk. Those that ask for something, as authentication does, end a request with
// an error. Templates are none of them: our pages hold what people typed.
func passing(name string) bool {
	switch name {
	case "authentication", "copy_response_headers", "encode", "error", "headers", "log_append", "map", "push", "request_body", "timeouts",
		"tracing", "vars":
		return true
	}
	return false
}

// harmless tells whether what a handler answers may be read by everybody: a
// refusal without a text and, for an error, a text or a file that is the same
// whatever was asked for.
func (w *walk) harmless(h *handler) bool {
	if h.name != "static_response" {
		return w.failed && w.fixed && h.name == "file_server"
	}
	var s struct {
		Status  json.Number     `json:"status_code"`
		Headers json.RawMessage `json:"headers"`
		Body    string          `json:"body"`
		Abort   bool            `json:"abort"`
	}
	if w.failed || json.Unmarshal(h.raw, &s) != nil {
		return w.failed
	}
	refuses := strings.HasPrefix(s.Status.String(), "4") || strings.HasPrefix(s.Status.String(), "5")
	return s.Abort || refuses && s.Body == "" && s.Headers == nil
}

// rewrite lets everything pass, but another path is not that of our pages.
func (w *walk) rewrite(h *handler) outcome {
	if w.failed {
		w.fixed = w.leadsTo(h)
	}
	if w.pages {
		return outcome{open: h}
	}
	return outcome{falls: true}
}

// leadsTo tells whether a rewrite leads to a path that the client cannot choose.
func (w *walk) leadsTo(h *handler) bool {
	var r struct {
		URI string `json:"uri"`
	}
	if json.Unmarshal(h.raw, &r) != nil || !strings.HasPrefix(r.URI, "/") && !strings.HasPrefix(r.URI, "{") {
		return false
	}
	return fixedPath(r.URI, w.file)
}

var placeholder = regexp.MustCompile(`\{[^}]*\}?`)

// fixedPath tells whether a path is the same for all requests that end in the
// same error. What was found is so if the list it was found in is.
func fixedPath(path string, file bool) bool {
	for _, p := range placeholder.FindAllString(path, -1) {
		switch p {
		case "{http.error.status_code}", "{http.error.status_text}":
		case "{http.matchers.file.relative}":
			if !file {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// files tells whether a route looks for files, and if so, whether only for those
// of fixed lists.
func (r *route) files() (found, listed bool) {
	listed = true
	for _, set := range r.sets {
		for _, m := range set {
			if m.name != "file" {
				continue
			}
			found = true
			var f struct {
				TryFiles []string `json:"try_files"`
			}
			if json.Unmarshal(m.raw, &f) != nil || len(f.TryFiles) == 0 {
				listed = false
			}
			for _, path := range f.TryFiles {
				listed = listed && fixedPath(path, false)
			}
		}
	}
	return found, listed
}
