package routes

import (
	"encoding/json"
	"path"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Map is the routes of a server, to be asked which gates a request comes to.
type Map struct {
	listen []string
	routes []route
}

// Read keeps nothing of the server.
func Read(s *caddyhttp.Server, listen []string) Map { return Map{listen, newJudge("", s).routes} }

// Listens tells whether the server is at a port.
func (m Map) Listens(port uint) bool {
	for _, address := range m.listen {
		a, err := caddy.ParseNetworkAddress(address)
		if err == nil && a.StartPort <= port && port <= a.EndPort {
			return true
		}
	}
	return false
}

// Met is a gate that a request comes to.
type Met struct {
	Config   json.RawMessage // its own, before it was loaded
	Protects bool            // its matcher takes the request
	Perhaps  bool            // a matcher looks at more than host, path and method
}

// At lists the gates that a request comes to, in their order. Matchers of other
// kinds may take it or not.
func (m Map) At(host, path, method string) []Met {
	at := meeting{walk: walk{probe: probe{host: host, path: strings.ToLower(path), method: method}}}
	at.list(m.routes, false)
	return at.met
}

type meeting struct {
	walk
	met []Met
}

func (at *meeting) list(routes []route, perhaps bool) (falls bool) {
	groups := map[string]bool{}
	for i := range routes {
		r := &routes[i]
		m := r.match(at.probe)
		if m == none || groups[r.group] {
			continue
		}
		on := at.handlers(r.handlers, perhaps || m < all)
		if m == all && (!on || r.terminal) {
			return false
		}
		groups[r.group] = r.group != "" && m == all
	}
	return true
}

func (at *meeting) handlers(handlers []handler, perhaps bool) (falls bool) {
	for i := range handlers {
		h := &handlers[i]
		switch {
		case h.gate != nil:
			takes := matchSets(h.gate.sets, at.probe)
			at.met = append(at.met, Met{h.raw, takes != none && !h.gate.pages, perhaps})
		case h.nested:
			if !at.list(h.routes, perhaps) {
				return false
			}
		case !at.handler(h).falls && h.name != "rewrite":
			return false
		}
	}
	return true
}

// exactly compares a pattern with one path, as Caddy does.
func exactly(pattern, name string) matches {
	start, end := strings.HasPrefix(pattern, "*"), strings.HasSuffix(pattern, "*")
	inside := strings.Trim(pattern, "*")
	var fits bool
	switch {
	case strings.Contains(pattern, "{"):
		return some
	case start && end:
		fits = strings.Contains(name, inside)
	case start:
		fits = strings.HasSuffix(name, inside)
	case end:
		fits = strings.HasPrefix(name, inside)
	default:
		fits, _ = path.Match(pattern, name)
	}
	if fits {
		return all
	}
	return none
}
