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
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, yamlError(err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, errYAML
	}
	if nodes, aliases := count(&doc, 0); aliases > maxAliases || nodes > maxNodes {
		return nil, errAliases
	}
	return doc.Content[0], nil
}

var yamlLine = regexp.MustCompile(`line [0-9]+`) //nolint:gochecknoglobals // a compiled constant

// yamlError says where, and nothing of what stands there.
func yamlError(err error) error {
	if at := yamlLine.FindString(err.Error()); at != "" {
		return fmt.Errorf("%s: %w", at, errYAML)
	}
	return errYAML
}

// count counts what the file has itself.
func count(n *yaml.Node, depth int) (nodes, aliases int) {
	if n.Kind == yaml.AliasNode || depth > 100 {
		return 1, 1
	}
	nodes = 1
	for _, c := range n.Content {
		more, a := count(c, depth+1)
		nodes, aliases = nodes+more, aliases+a
	}
	return nodes, aliases
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
