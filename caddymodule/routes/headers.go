package routes

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// A header block around a gate changes our answers' headers when they are sent. The
// gate writes below such blocks, but never below what records an answer.

// spoiled tells of a header block around a gate that would change what protects
// our pages, because something between the two records the answer.
func (j *judge) spoiled(p probe, s seat) error {
	around, found := before(p, j.routes, s.gate.number, nil)
	if !found {
		return nil // it guards error routes
	}
	for i, h := range around {
		if !h.changesOurs() {
			continue
		}
		between := slices.IndexFunc(around[i+1:], (*handler).records)
		if between < 0 && !j.metrics {
			continue
		}
		what := "metrics"
		if between >= 0 {
			what = around[i+1+between].name
		}
		return fmt.Errorf("the pages of sparekey lose the headers that protect them: header stands before sparekey, and %s between the two; "+
			"write sparekey above header, or take out the line \"order ...\" that moved one of the two", what)
	}
	return nil
}

// before lists the handlers that a request comes through on its way to a gate, and
// tells whether the gate was found.
func before(p probe, routes []route, gate string, around []*handler) ([]*handler, bool) {
	for i := range routes {
		r := &routes[i]
		if r.match(p) == none || !r.holds() && (r.terminal || r.group != "") {
			continue
		}
		for k := range r.handlers {
			h := &r.handlers[k]
			if h.gate != nil && h.number == gate {
				return around, true
			}
			if !h.nested {
				around = append(around, h)
				continue
			}
			var found bool
			if around, found = before(p, h.routes, gate, around); found {
				return around, true
			}
		}
	}
	return around, false
}

// records tells which handlers keep an answer back, or count it.
func (h *handler) records() bool {
	return h.name == "intercept" || h.name == "templates" || h.name == "log_append"
}

// changesOurs tells whether a header block changes, when an answer is sent, what
// protects our pages. What it does before is done again by the gate.
func (h *handler) changesOurs() bool {
	if h.name != "headers" {
		return false
	}
	var block struct {
		Response *struct {
			Add, Set http.Header
			Delete   []string
			Replace  map[string]json.RawMessage
			Require  json.RawMessage
			Deferred bool
		}
	}
	if json.Unmarshal(h.raw, &block) != nil || block.Response == nil {
		return false
	}
	r := block.Response
	if !r.Deferred && (len(r.Require) == 0 || string(r.Require) == "null") {
		return false
	}
	names := r.Delete
	for name := range r.Add {
		names = append(names, name)
	}
	for name := range r.Set {
		names = append(names, name)
	}
	for name := range r.Replace {
		names = append(names, name)
	}
	return slices.ContainsFunc(names, protects)
}

// protects tells whether a name, or one with stars, is of a header that our pages
// are protected by.
func protects(name string) bool {
	name = strings.ToLower(name)
	part := strings.Trim(name, "*")
	return slices.ContainsFunc(protecting(), func(ours string) bool {
		switch {
		case part == name:
			return ours == name
		case !strings.HasPrefix(name, "*"):
			return strings.HasPrefix(ours, part)
		case !strings.HasSuffix(name, "*"):
			return strings.HasSuffix(ours, part)
		}
		return strings.Contains(ours, part)
	})
}

func protecting() []string {
	return []string{
		"cache-control", "clear-site-data", "content-security-policy", "content-type", "cross-origin-opener-policy", "cross-origin-resource-policy",
		"location", "permissions-policy", "referrer-policy", "set-cookie", "x-content-type-options", "x-frame-options",
	}
}
