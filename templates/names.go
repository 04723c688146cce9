package templates

import (
	"errors"
	"fmt"
	"html/template"
	"maps"
	"reflect"
	"strings"
	"text/template/parse"
)

// checkNames finds the names in a page's templates that its value does not have.
// It reads the branches too that rendering an example does not take, so that an
// operator's page is refused when it is loaded and not on the day it is needed.
// A value of unknown type, such as the result of a function, passes.
func checkNames(c Content, t *template.Template) error {
	n := names{templates: t, seen: map[visit]bool{}}
	n.template("layout", reflect.TypeOf(c))
	return errors.Join(n.faults...)
}

// names walks templates with the type of the dot at hand. A nil type is unknown.
type names struct {
	templates *template.Template
	tree      *parse.Tree // of the template that is walked
	seen      map[visit]bool
	faults    []error
}

// visit is a template with what it was given.
type visit struct {
	name string
	dot  reflect.Type
}

// scope is what a name may start from.
type scope struct {
	dot  reflect.Type
	vars map[string]reflect.Type
}

// inner is the scope of a block with another dot; its variables end with it.
func (s scope) inner(dot reflect.Type) scope { return scope{dot: dot, vars: maps.Clone(s.vars)} }

func (n *names) template(name string, dot reflect.Type) {
	t := n.templates.Lookup(name)
	if t == nil || t.Tree == nil || n.seen[visit{name, dot}] {
		return
	}
	n.seen[visit{name, dot}] = true
	outer := n.tree
	n.tree = t.Tree
	n.list(t.Tree.Root, scope{dot: dot, vars: map[string]reflect.Type{"$": dot}})
	n.tree = outer
}

func (n *names) list(list *parse.ListNode, s scope) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch node := node.(type) {
		case *parse.ActionNode:
			n.pipe(node.Pipe, s)
		case *parse.TemplateNode:
			n.template(node.Name, n.pipe(node.Pipe, s))
		case *parse.IfNode:
			in := s.inner(s.dot)
			n.pipe(node.Pipe, in)
			n.branches(&node.BranchNode, in, in)
		case *parse.WithNode:
			in := s.inner(s.dot)
			n.branches(&node.BranchNode, in.inner(n.pipe(node.Pipe, in)), in)
		case *parse.RangeNode:
			n.loop(node, s.inner(s.dot))
		}
	}
}

func (n *names) branches(b *parse.BranchNode, then, otherwise scope) {
	n.list(b.List, then)
	n.list(b.ElseList, otherwise)
}

// loop gives the body of a range the element as dot and variable.
func (n *names) loop(node *parse.RangeNode, s scope) {
	each := element(n.pipe(node.Pipe, s))
	body := s.inner(each)
	if decl := node.Pipe.Decl; len(decl) > 0 {
		body.vars[decl[0].Ident[0]] = nil // the index, where there are two
		body.vars[decl[len(decl)-1].Ident[0]] = each
	}
	n.branches(&node.BranchNode, body, s)
}

// element is what a range over a type goes through.
func element(t reflect.Type) reflect.Type {
	if t == nil {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return t.Elem()
	default:
		return nil
	}
}

// pipe is the type of a pipeline's value. Its variables are known from here on.
func (n *names) pipe(p *parse.PipeNode, s scope) reflect.Type {
	if p == nil {
		return nil
	}
	var t reflect.Type
	for _, command := range p.Cmds {
		t = n.word(command.Args[0], s)
		for _, arg := range command.Args[1:] {
			n.word(arg, s)
		}
	}
	for _, v := range p.Decl {
		s.vars[v.Ident[0]] = t
	}
	return t
}

// word is the type of one word of a command.
func (n *names) word(node parse.Node, s scope) reflect.Type {
	switch w := node.(type) {
	case *parse.DotNode:
		return s.dot
	case *parse.FieldNode:
		return n.follow(w, s.dot, w.Ident)
	case *parse.VariableNode:
		return n.follow(w, s.vars[w.Ident[0]], w.Ident[1:])
	case *parse.ChainNode:
		return n.follow(w, n.word(w.Node, s), w.Field)
	case *parse.PipeNode:
		return n.pipe(w, s)
	default:
		return nil
	}
}

// follow is the type at the end of a path such as .Person.Name.
func (n *names) follow(at parse.Node, t reflect.Type, path []string) reflect.Type {
	for _, name := range path {
		if t == nil {
			return nil
		}
		next, ok := member(t, name)
		if !ok {
			n.fault(at, t, name)
			return nil
		}
		t = next
	}
	return t
}

// member is the type of a field or of what a method returns; nil when only
// rendering can tell.
func member(t reflect.Type, name string) (reflect.Type, bool) {
	if m, ok := t.MethodByName(name); ok {
		return m.Type.Out(0), true
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Interface:
		return nil, true
	case reflect.Map:
		return t.Elem(), true
	case reflect.Struct:
		f, ok := t.FieldByName(name)
		return f.Type, ok && f.IsExported()
	default:
		return nil, false
	}
}

// fault says where a name is used in vain, and which pages have it.
func (n *names) fault(at parse.Node, t reflect.Type, name string) {
	place, _ := n.tree.ErrorContext(at)
	if !t.Implements(reflect.TypeFor[Content]()) {
		n.faults = append(n.faults, fmt.Errorf("pages/%s: a %s has no .%s", place, strings.ToLower(t.Name()), name))
		return
	}
	pages := "no page has"
	if list := having(name); len(list) > 0 {
		pages = "these have: " + strings.Join(list, ", ")
	}
	n.faults = append(n.faults, fmt.Errorf("pages/%s: this page has no .%s (%s)", place, name, pages))
}

// having lists the pages whose value has a name.
func having(name string) []string {
	var pages []string
	for _, c := range contents() {
		if _, ok := member(reflect.TypeOf(c), name); ok {
			pages = append(pages, c.Page())
		}
	}
	return pages
}
