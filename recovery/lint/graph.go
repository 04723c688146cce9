package lint

import (
	"slices"
	"strconv"
	"strings"
)

// graph is the table as a picture: proofs, the ways they make, the goals these
// lead to, and the login at the end.
type graph struct {
	columns [4][]node
	edges   []edge
}

type node struct {
	id, label string
	weak      bool // blamed for a set weaker than the login
}

type edge struct {
	from, to string
	weak     bool
}

func draw(r Report) graph {
	var g graph
	for _, goal := range Goals() {
		for i, w := range r.Table.Ways[goal] {
			g.way(goal, i, w, blamed(r.Findings, goal, w))
		}
	}
	if len(g.columns[2]) > 0 {
		g.columns[3] = []node{{id: "login", label: "ordinary login"}}
	}
	return g
}

// blamed reports whether a finding names the way as weaker than the login,
// accepted or not.
func blamed(findings []Finding, goal Goal, w Way) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool {
		return f.Key == KeyWeaker && (f.Goal == goal || len(f.Ways) > 1) && slices.Contains(f.Ways, w.String())
	})
}

// way adds a way with the proofs and the goal it needs.
func (g *graph) way(goal Goal, i int, w Way, weak bool) {
	id := string(goal) + "_" + strconv.Itoa(i+1)
	label := w.title()
	if w.WithoutFactor {
		label += ", no factor"
	}
	if weak {
		label += ", weaker"
	}
	g.columns[1] = append(g.columns[1], node{id, label, weak})
	for _, s := range w.Proofs {
		name, _ := word(s)
		g.once(0, node{id: "proof_" + name, label: name})
		g.edges = append(g.edges, edge{"proof_" + name, id, weak})
	}
	if g.once(2, node{id: string(goal), label: strings.ReplaceAll(string(goal), "_", " ") + " replaced"}) {
		g.edges = append(g.edges, edge{string(goal), "login", false})
	}
	g.edges = append(g.edges, edge{id, string(goal), weak})
}

// once adds a node unless it is there, and tells whether it did.
func (g *graph) once(column int, n node) bool {
	if slices.ContainsFunc(g.columns[column], func(m node) bool { return m.id == n.id }) {
		return false
	}
	g.columns[column] = append(g.columns[column], n)
	return true
}
