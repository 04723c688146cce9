package foreign

import (
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

var errNoUsers = errors.New("the file has no \"users:\" with a map below: is it users_database.yml?")

// authelia is its users_database.yml.
func authelia() Format {
	return Format{"authelia", "users_database.yml of Authelia", func(text []byte) ([]Person, error) {
		root, err := readYAML(text)
		if err != nil {
			return nil, err
		}
		users, _ := field(root, "users")
		if users == nil || users.Kind != yaml.MappingNode {
			return nil, errNoUsers
		}
		if len(users.Content)/2 > maxPeople {
			return nil, errMany
		}
		var people []Person
		for i := 0; i+1 < len(users.Content); i += 2 {
			people = append(people, autheliaPerson(users.Content[i], users.Content[i+1]))
		}
		return people, nil
	}}
}

func autheliaPerson(key, value *yaml.Node) Person {
	p := Person{Line: key.Line, Name: key.Value}
	r := &reader{person: &p, of: follow(value), aliased: value.Kind == yaml.AliasNode}
	if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" || r.of == nil || r.of.Kind != yaml.MappingNode {
		p.Name = strings.TrimPrefix(p.Name, "<<")
		p.refuse("is no person with a map below the name")
		return p
	}
	p.Hash, p.Mail, p.Phone = r.text("password"), r.text("email"), r.text("phone_number")
	p.Display, p.Groups = r.text("displayname"), r.list("groups")
	switch v := strings.ToLower(r.text("disabled")); v {
	case "", "false", "no":
	case "true", "yes":
		p.Disabled = true
	default:
		p.refuse("disabled is neither true nor false")
	}
	if r.aliased {
		p.note("something is written by an alias (*) and was taken from where it points")
	}
	return p
}

// reader reads the fields of one person.
type reader struct {
	person  *Person
	of      *yaml.Node
	aliased bool
}

func (r *reader) node(name string) *yaml.Node {
	n, aliased := field(r.of, name)
	r.aliased = r.aliased || aliased
	return n
}

func (r *reader) text(name string) string {
	n := r.node(name)
	switch {
	case n == nil, n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return ""
	case n.Kind != yaml.ScalarNode:
		r.person.refuse("%s is no text", name)
		return ""
	}
	return n.Value
}

func (r *reader) list(name string) []string {
	n := r.node(name)
	if n == nil || n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxGroups {
		r.person.refuse("%s is no list of at most %d", name, maxGroups)
		return nil
	}
	var out []string
	for _, c := range n.Content {
		one := follow(c)
		if one == nil || one.Kind != yaml.ScalarNode {
			r.person.refuse("%s is no list of texts", name)
			return nil
		}
		r.aliased = r.aliased || c.Kind == yaml.AliasNode
		if !slices.Contains(out, one.Value) {
			out = append(out, one.Value)
		}
	}
	return out
}
