package templates

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"text/template/parse"
)

// checkPage finds the faults of a page before anybody asks for it: names and keys
// that do not exist, and markup html/template would refuse when it is first
// rendered.
func (s *Set) checkPage(c Content, t *template.Template) error {
	texts, ok := s.locales[fallback]
	if !ok {
		return nil // the missing language is reported already
	}
	fault := checkNames(c, t)
	if fault == nil { // rendering would tell of the first name again
		frame := Frame{Lang: fallback, Site: "Photos", Host: "photos.example.com"}
		fault = t.Lookup("layout").Execute(io.Discard, c.on(&page{Frame: frame, content: c, set: s, texts: texts}))
	}
	faults := []error{fault}
	for _, part := range t.Templates() {
		if part.Tree == nil {
			continue
		}
		for _, key := range keys(part.Tree.Root) {
			if !texts.has(key) {
				faults = append(faults, fmt.Errorf("%w: %s", ErrUnknownText, key))
			}
		}
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("templates: page %s: %w", c.Page(), err)
	}
	return nil
}

// has tells whether there is a sentence for the key, be it one that counts.
func (l *locale) has(key string) bool {
	_, plain := l.texts[key]
	_, counts := l.texts[key+other]
	return plain || counts
}

// keys lists the keys that a template names outright, as in {{.T "sign-in.title"}}.
// Keys that are put together from values show up when a page with them is rendered.
func keys(node parse.Node) []string {
	var list []string
	walk(node, func(c *parse.CommandNode) {
		if len(c.Args) < 2 || !looksUp(c.Args[0]) {
			return
		}
		if key, ok := c.Args[1].(*parse.StringNode); ok {
			list = append(list, key.Text)
		}
	})
	return list
}

// looksUp tells whether the first word of a command is one of the methods that
// take a key, called on the page (.T) or on the root ($.T).
func looksUp(word parse.Node) bool {
	var path []string
	switch w := word.(type) {
	case *parse.FieldNode:
		path = w.Ident
	case *parse.VariableNode:
		path = w.Ident[1:]
	}
	if len(path) != 1 {
		return false
	}
	switch path[0] {
	case "T", "Rich", "Plural":
		return true
	}
	return false
}

// walk visits every command of a template.
func walk(node parse.Node, visit func(*parse.CommandNode)) {
	switch n := node.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			walk(child, visit)
		}
	case *parse.ActionNode:
		walk(n.Pipe, visit)
	case *parse.TemplateNode:
		walk(n.Pipe, visit)
	case *parse.IfNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.RangeNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.WithNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.PipeNode:
		if n == nil {
			return
		}
		for _, command := range n.Cmds {
			walk(command, visit)
		}
	case *parse.CommandNode:
		visit(n)
		for _, arg := range n.Args {
			walk(arg, visit)
		}
	}
}

func walkBranch(b *parse.BranchNode, visit func(*parse.CommandNode)) {
	walk(b.Pipe, visit)
	walk(b.List, visit)
	walk(b.ElseList, visit)
}
