package lint

import (
	"bufio"
	"fmt"
	"io"
)

// Dot writes the ways as a graph for Graphviz: proofs on the left, the login
// on the right, ways weaker than it in red.
func Dot(w io.Writer, r Report) error {
	g, b := draw(r), bufio.NewWriter(w)
	fmt.Fprintln(b, "digraph recovery {")
	fmt.Fprintln(b, "\trankdir=LR;")
	fmt.Fprintln(b, "\tnode [shape=box, fontname=\"sans-serif\"];")
	for _, column := range g.columns {
		if len(column) == 0 {
			continue
		}
		fmt.Fprintln(b, "\t{ rank=same;")
		for _, n := range column {
			fmt.Fprintf(b, "\t\t%q [label=%q, color=%s];\n", n.id, n.label, colour(n.weak))
		}
		fmt.Fprintln(b, "\t}")
	}
	for _, e := range g.edges {
		fmt.Fprintf(b, "\t%q -> %q [color=%s];\n", e.from, e.to, colour(e.weak))
	}
	fmt.Fprintln(b, "}")
	return b.Flush()
}

func colour(weak bool) string {
	if weak {
		return "red"
	}
	return "black"
}
