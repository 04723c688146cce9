package routes

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Site is a name that a server answers for, and what passes there without a login.
type Site struct {
	Host    string // "" is any
	Guarded bool   // a gate stands there
	Open    string // in words; empty: nothing
}

// Sites lists the names that a server answers for with something.
func Sites(s *caddyhttp.Server) []Site {
	j := newJudge("", s)
	var out []Site
	for _, name := range namesIn(j.routes, nil) {
		host := strings.ReplaceAll(cmp.Or(name, "any.invalid"), "*", "any-other")
		o := opening{walk: walk{probe: probe{host: host}}}
		o.list(j.routes, "")
		if o.guarded || o.words != nil {
			out = append(out, Site{name, o.guarded, o.spoken()})
		}
	}
	return out
}

// namesIn are all names in routes; "" where nothing limits them.
func namesIn(routes []route, outer []string) []string {
	var out []string
	for i := range routes {
		names := within(outer, routes[i].sets)
		list := names
		if list == nil {
			list = []string{""}
		}
		for k := range routes[i].handlers {
			list = append(list[:len(list):len(list)], namesIn(routes[i].handlers[k].routes, names)...)
		}
		for _, name := range list {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// opening follows requests to a host, and notes what answers before a gate.
type opening struct {
	walk
	guarded bool
	words   []string
}

func (o *opening) spoken() string {
	if len(o.words) == 1 && o.words[0] == rest && !o.guarded {
		return "everything"
	}
	return strings.Join(o.words, ", ")
}

const rest = "everything else"

func (o *opening) note(words string) {
	if words = cmp.Or(words, rest); !slices.Contains(o.words, words) {
		o.words = append(o.words, words)
	}
}

// list tells whether requests go on behind the routes. around says what they are
// limited to.
func (o *opening) list(routes []route, around string) (falls bool) {
	groups := map[string]bool{}
	for i := range routes {
		r := &routes[i]
		m := r.match(o.probe)
		if m == none || groups[r.group] {
			continue
		}
		on := o.handlers(r.handlers, both(around, spokenSets(r.sets)))
		if m == all && (!on || r.terminal) {
			return false
		}
		groups[r.group] = r.group != "" && m == all
	}
	return true
}

func (o *opening) handlers(handlers []handler, around string) (falls bool) {
	for i := range handlers {
		h := &handlers[i]
		switch {
		case h.guards && h.gate != nil:
			o.gate(h.gate, around)
			return false
		case h.nested:
			if !o.list(h.routes, around) {
				return false
			}
		case h.turnsAway():
			return false
		case o.handler(h).open != nil:
			o.note(around)
			return false
		case !o.handler(h).falls:
			return false
		}
	}
	return true
}

// turnsAway tells of an answer that refuses or leads elsewhere.
func (h *handler) turnsAway() bool {
	var s struct {
		Status json.Number `json:"status_code"`
		Abort  bool        `json:"abort"`
	}
	return h.name == "static_response" && json.Unmarshal(h.raw, &s) == nil && (s.Abort || strings.HasPrefix(s.Status.String(), "3") ||
		strings.HasPrefix(s.Status.String(), "4") || strings.HasPrefix(s.Status.String(), "5"))
}

// gate notes what one leaves open.
func (o *opening) gate(g *gate, around string) {
	o.guarded = true
	switch m := matchSets(g.sets, o.probe); {
	case m == none:
		o.note(around)
	case m < all:
		o.note(both(around, spokenRest(g.sets)))
	}
	if len(g.open) > 0 {
		o.note(both(around, strings.Join(g.open, ", ")))
	}
}

func both(around, inside string) string {
	if around == "" || inside == "" {
		return around + inside
	}
	return inside + " (of " + around + ")"
}

// spokenSets says what matchers take beside hosts; empty: everything.
func spokenSets(sets []matcherSet) string {
	var out []string
	for _, set := range sets {
		var words []string
		for _, m := range set {
			if text := m.spoken(); text != "" {
				words = append(words, text)
			}
		}
		text := strings.Join(words, " with ")
		switch except := set.except(); {
		case except == "":
		case text == "":
			text = "everything except " + except
		default:
			text += " (but not " + except + ")"
		}
		out = append(out, text)
	}
	if slices.Contains(out, "") {
		return ""
	}
	return strings.Join(out, " or ")
}

func (m matcher) spoken() string {
	switch m.name {
	case "host":
		return ""
	case "path":
		return strings.Join(m.words, " ")
	case "method":
		return "method " + strings.Join(m.words, " ")
	case "not":
		return "" // see except
	}
	return "some (" + m.name + ")"
}

// except is what a set does not take; empty: nothing of that kind.
func (s matcherSet) except() string {
	var out []string
	for _, m := range s {
		if text := spokenSets(m.sets); m.name == "not" && text != "" {
			out = append(out, text)
		}
	}
	return strings.Join(out, ", ")
}

// spokenRest says what matchers do not take.
func spokenRest(sets []matcherSet) string {
	if len(sets) == 1 && len(sets[0]) == 1 && sets[0][0].name == "not" {
		return sets[0].except()
	}
	return "everything except " + spokenSets(sets)
}
