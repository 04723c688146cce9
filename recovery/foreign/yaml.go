package foreign

import (
	"errors"
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"
)

var (
	errYAML    = errors.New("the file is no YAML: was it cut off, or is it another one?")
	errAliases = errors.New("the file has too many aliases for a list of people")
	errParts   = errors.New("the file has too many parts for a list of people")
)

// maxAliases bounds what a file may say by pointing elsewhere. Aliases are followed
// when a value is read and never spelled out, so that a file that would grow by
// them stays as long as it is.
const (
	maxAliases = 10_000
	maxHops    = 4 // of an alias to an alias, and of merged maps
	maxNodes   = 4_000_000
)

// readYAML reads a document without spelling out what is in it.
func readYAML(text []byte) (root *yaml.Node, err error) {
	defer func() {
		if recover() != nil { // of the library, on what nobody has tried yet
			root, err = nil, errYAML
		}
	}()
	if parts(text) > maxNodes {
		return nil, errParts
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, yamlError(err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, errYAML
	}
	if countAliases(&doc, 0) > maxAliases {
		return nil, errAliases
	}
	return doc.Content[0], nil
}

// parts is at least as many as a document has: each begins behind one of these, and
// in memory it takes a hundred times the room that it takes here.
func parts(text []byte) (n int) {
	for _, c := range text {
		switch c {
		case '\n', '\r', ',', ':', '[', '{', '-', '?':
			n++
		}
	}
	return n
}

var yamlLine = regexp.MustCompile(`line [0-9]+`) //nolint:gochecknoglobals // a compiled constant

// yamlError says where, and nothing of what stands there.
func yamlError(err error) error {
	if at := yamlLine.FindString(err.Error()); at != "" {
		return fmt.Errorf("%s: %w", at, errYAML)
	}
	return errYAML
}

// countAliases counts what the file has itself; what lies too deep is as bad.
func countAliases(n *yaml.Node, depth int) (aliases int) {
	if n.Kind == yaml.AliasNode || depth > 100 {
		return 1
	}
	for _, c := range n.Content {
		aliases += countAliases(c, depth+1)
	}
	return aliases
}

// follow is what an alias points to; nil: it points too far.
func follow(n *yaml.Node) *yaml.Node {
	for range maxHops {
		if n == nil || n.Kind != yaml.AliasNode {
			return n
		}
		n = n.Alias
	}
	return nil
}

// field is a value of a map, also of one that is merged into it; nil: there is
// none. aliased tells that it was written elsewhere.
func field(n *yaml.Node, name string) (value *yaml.Node, aliased bool) {
	return fieldWithin(n, name, maxHops)
}

func fieldWithin(n *yaml.Node, name string, hops int) (value *yaml.Node, aliased bool) {
	if n == nil || n.Kind != yaml.MappingNode || hops == 0 {
		return nil, false
	}
	var merged *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch key := n.Content[i]; {
		case key.Value == name && key.Kind == yaml.ScalarNode:
			return follow(n.Content[i+1]), n.Content[i+1].Kind == yaml.AliasNode
		case key.Tag == "!!merge":
			merged = follow(n.Content[i+1])
		}
	}
	value, _ = fieldWithin(merged, name, hops-1)
	return value, value != nil
}
