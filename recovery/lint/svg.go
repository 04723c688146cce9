package lint

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// Sizes of the picture, in pixels. A character is about 7 wide.
const (
	svgLine   = 34
	svgHeight = 26
	svgMargin = 16
	svgTop    = 24
	svgChar   = 7
	svgGap    = 90
)

// box is a node that has its place.
type box struct {
	node
	x, y, width int
}

// SVG writes the ways as a picture in four columns, complete in itself. What
// is weaker than the login is red, dashed and says so.
func SVG(w io.Writer, r Report) error {
	g, b := draw(r), bufio.NewWriter(w)
	boxes, width, height := place(g)
	fmt.Fprintf(b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" font-family=\"sans-serif\" font-size=\"13\">\n", width, height, width, height)
	fmt.Fprintln(b, "<title>Ways back: proofs, ways, what they replace, login</title>")
	fmt.Fprintf(b, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", width, height)
	at := map[string]box{}
	for _, x := range boxes {
		at[x.id] = x
	}
	for _, e := range g.edges {
		line(b, at[e.from], at[e.to], e.weak)
	}
	for _, x := range boxes {
		x.write(b)
	}
	fmt.Fprintln(b, "</svg>")
	return b.Flush()
}

// place puts each column beside the last and spreads it over the height.
func place(g graph) (boxes []box, width, height int) {
	most := 1
	for _, column := range g.columns {
		most = max(most, len(column))
	}
	height, width = most*svgLine+2*svgTop, svgMargin
	for _, column := range g.columns {
		widest := 0
		for _, n := range column {
			widest = max(widest, len([]rune(n.label))*svgChar+20)
		}
		for i, n := range column {
			middle := svgTop + (2*i+1)*most*svgLine/(2*len(column))
			boxes = append(boxes, box{n, width, middle - svgHeight/2, widest})
		}
		if widest > 0 {
			width += widest + svgGap
		}
	}
	return boxes, max(width-svgGap, 0) + svgMargin, height
}

// line is a curve from the right of one box to the left of another.
func line(w io.Writer, from, to box, weak bool) {
	x1, y1 := from.x+from.width, from.y+svgHeight/2
	x2, y2 := to.x, to.y+svgHeight/2
	middle := (x1 + x2) / 2
	fmt.Fprintf(w, "<path d=\"M%d %dC%d %d %d %d %d %d\" fill=\"none\" %s/>\n", x1, y1, middle, y1, middle, y2, x2, y2, stroke(weak))
}

func (x box) write(w io.Writer) {
	fmt.Fprintf(w, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\" fill=\"#fff\" %s/>\n", x.x, x.y, x.width, svgHeight, stroke(x.weak))
	fmt.Fprintf(w, "<text x=\"%d\" y=\"%d\" fill=\"#1a1a1a\">%s</text>\n", x.x+10, x.y+17, escape(x.label))
}

func stroke(weak bool) string {
	if weak {
		return `stroke="#b00020" stroke-width="2" stroke-dasharray="5 3"`
	}
	return `stroke="#5a6472"`
}

// escape makes text of a label: proofs are named by whoever writes a policy.
func escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return ""
	}
	return b.String()
}
