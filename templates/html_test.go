package templates_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// document is a parsed page with the few questions the tests ask of it.
type document struct{ root *html.Node }

func parsePage(t *testing.T, page string) document {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return document{root}
}

// all lists the elements of the given names, or every element without names.
func (d document) all(names ...string) []*html.Node {
	var list []*html.Node
	for n := range d.root.Descendants() {
		if n.Type == html.ElementNode && (len(names) == 0 || slices.Contains(names, n.Data)) {
			list = append(list, n)
		}
	}
	return list
}

// byID returns the element with an id, or nil.
func (d document) byID(id string) *html.Node {
	for _, n := range d.all() {
		if attr(n, "id") == id {
			return n
		}
	}
	return nil
}

// field returns the input or list that people fill in under a name, or nil.
func (d document) field(name string) *html.Node {
	for _, n := range d.all("input", "select") {
		if attr(n, "name") == name && attr(n, "type") != "hidden" {
			return n
		}
	}
	return nil
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text is what a person reads in a node, in one line.
func text(n *html.Node) string {
	var words strings.Builder
	for child := range n.Descendants() {
		if child.Type == html.TextNode {
			words.WriteString(child.Data)
		}
	}
	return strings.Join(strings.Fields(words.String()), " ")
}

// hidden collects the hidden fields of a form.
func hidden(form *html.Node) map[string]string {
	fields := map[string]string{}
	for _, n := range (document{form}).all("input") {
		if attr(n, "type") == "hidden" {
			fields[attr(n, "name")] = attr(n, "value")
		}
	}
	return fields
}
