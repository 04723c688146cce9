package routes

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sparekey/sparekey/templates"
)

// probe is a kind of request that is followed through the routes.
type probe struct {
	host  string
	pages bool // it is for one of our own pages; otherwise any path

	path, method string // of one request, the path in small letters; empty: any
}

// matches says whether requests of a kind match: all, some or none of them.
type matches int

const (
	none matches = iota
	some
	all
)

// matcherSet matches what all its matchers match.
type matcherSet []matcher

type matcher struct {
	name  string
	words []string        // of host, path and method
	sets  []matcherSet    // of not: none of these may match
	raw   json.RawMessage // of file
}

// readSets reads the matchers of a route, which are loaded or not.
func readSets(loaded caddyhttp.MatcherSets, raw caddyhttp.RawMatcherSets) []matcherSet {
	var out []matcherSet
	for _, set := range loaded {
		var read matcherSet
		for _, m := range set {
			read = append(read, loadedMatcher(m))
		}
		out = append(out, read.sorted())
	}
	if len(loaded) > 0 {
		return out
	}
	for _, set := range raw {
		var read matcherSet
		for name, m := range set {
			read = append(read, rawMatcher(name, m))
		}
		out = append(out, read.sorted())
	}
	return out
}

// sorted has an order of its own: that of Caddy is random.
func (s matcherSet) sorted() matcherSet {
	slices.SortFunc(s, func(a, b matcher) int { return strings.Compare(a.name, b.name) })
	return s
}

// sameSets tells that two routes take the same hosts and paths. With other
// matchers it cannot be told, and they count as different.
func sameSets(a, b []matcherSet) bool {
	return slices.EqualFunc(a, b, func(a, b matcherSet) bool {
		return slices.EqualFunc(a, b, func(a, b matcher) bool {
			return a.name == b.name && (a.name == "host" || a.name == "path") && slices.Equal(a.words, b.words)
		})
	})
}

func loadedMatcher(m any) matcher {
	if not, ok := m.(*caddyhttp.MatchNot); ok {
		return matcher{name: "not", sets: readSets(not.MatcherSets, not.MatcherSetsRaw)}
	}
	name := strings.TrimPrefix(caddy.GetModuleID(m), "http.matchers.")
	if name != "host" && name != "path" && name != "method" && name != "file" {
		return matcher{name: name}
	}
	raw, _ := json.Marshal(m) // nothing: it then matches nothing, or no fixed file
	return rawMatcher(name, raw)
}

func rawMatcher(name string, raw json.RawMessage) matcher {
	m := matcher{name: name, raw: raw}
	switch name {
	case "host", "path", "method":
		_ = json.Unmarshal(raw, &m.words) // a fault is Caddy's to tell
	case "not":
		var sets caddyhttp.RawMatcherSets
		_ = json.Unmarshal(raw, &sets)
		m.sets = readSets(nil, sets)
	}
	return m
}

// match tells how many requests of a kind a route takes.
func (r *route) match(p probe) matches { return matchSets(r.sets, p) }

func matchSets(sets []matcherSet, p probe) matches {
	if len(sets) == 0 {
		return all
	}
	best := none
	for _, set := range sets {
		best = max(best, set.match(p))
	}
	return best
}

func (s matcherSet) match(p probe) matches {
	least := all
	for _, m := range s {
		least = min(least, m.match(p))
	}
	return least
}

// match knows hosts and paths. Everything else may match or not.
func (m matcher) match(p probe) matches {
	switch m.name {
	case "host":
		if slices.ContainsFunc(m.words, func(pattern string) bool { return hostFits(pattern, p.host) }) {
			return all
		}
		return none
	case "path":
		best := none
		for _, pattern := range m.words {
			best = max(best, pathFits(strings.ToLower(pattern), p))
		}
		return best
	case "method":
		switch {
		case p.method == "":
		case slices.Contains(m.words, p.method):
			return all
		default:
			return none
		}
	case "not":
		if len(m.sets) > 0 {
			return all - matchSets(m.sets, p)
		}
	}
	return some
}

// hostFits compares label by label, as Caddy does. One with a placeholder is
// only itself.
func hostFits(pattern, host string) bool {
	if strings.EqualFold(pattern, host) {
		return true
	}
	want, have := strings.Split(pattern, "."), strings.Split(host, ".")
	if len(want) != len(have) || !strings.Contains(pattern, "*") {
		return false
	}
	for i := range want {
		if want[i] != "*" && !strings.EqualFold(want[i], have[i]) {
			return false
		}
	}
	return true
}

// pathFits compares a pattern with all paths, or with those of our pages.
func pathFits(pattern string, p probe) matches {
	start, star := strings.CutSuffix(pattern, "*")
	plain := !strings.ContainsAny(start, "*?[\\{")
	switch {
	case pattern == "*" || pattern == "/*":
		return all
	case p.path != "":
		return exactly(pattern, p.path)
	case !p.pages || !plain:
		return some
	case star && strings.HasPrefix(templates.Prefix, start):
		return all
	case strings.HasPrefix(start, strings.TrimSuffix(templates.Prefix, "/")):
		return some
	}
	return none
}
