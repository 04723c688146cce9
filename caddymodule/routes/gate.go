package routes

import (
	"encoding/json"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// gate is what the configuration of one says.
type gate struct {
	line  string       // file and line; empty in JSON written by hand
	pages bool         // it has pages and turns nothing away
	sets  []matcherSet // what it protects; none: everything
	open  []string     // paths that pass without a login
}

func gateHandler(raw json.RawMessage, number string) handler {
	var g struct {
		At    string                   `json:"at"`
		Pages bool                     `json:"pages"`
		Match caddyhttp.RawMatcherSets `json:"match"`
		Open  []struct {
			Methods []string `json:"methods"`
			Paths   []string `json:"paths"`
		} `json:"open"`
	}
	_ = json.Unmarshal(raw, &g) // a fault is told when it is loaded
	out := gate{line: g.At, pages: g.Pages, sets: readSets(nil, g.Match)}
	for _, o := range g.Open {
		out.open = append(out.open, strings.Join(append(o.Methods, o.Paths...), " "))
	}
	return handler{name: gateModule, raw: raw, gate: &out, holds: true, guards: !g.Pages, number: number}
}
