package caddymodule

import (
	"slices"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

// groupChecks tells of words in allow that mean nobody: a slip of the pen lets
// nobody pass, and says nothing.
func (o *operations) groupChecks(people []engine.Person) []check {
	if len(people) == 0 {
		return nil // nobody is there yet
	}
	var empty []string
	for _, rule := range o.app.rules {
		if !slices.ContainsFunc(people, meant(rule)) && !slices.Contains(empty, rule) {
			empty = append(empty, rule)
		}
	}
	if len(empty) == 0 {
		return nil
	}
	slices.Sort(empty)
	return []check{{
		"allow", levelWarning, "nobody is meant by these words of allow: " + strings.Join(empty, ", "),
		"write a group that somebody is in, or user:NAME, or put people into it: caddy sparekey user groups NAME --group GROUP", nil,
	}}
}

// meant tells whether a word of allow means somebody.
func meant(rule string) func(engine.Person) bool {
	if name, ok := strings.CutPrefix(rule, recovery.PersonPrefix); ok {
		want, err := recovery.CanonicalName(name)
		return func(p engine.Person) bool {
			have, wrong := recovery.CanonicalName(p.Name)
			return err == nil && wrong == nil && have == want
		}
	}
	want, err := recovery.CanonicalGroup(rule)
	return func(p engine.Person) bool {
		return err == nil && slices.ContainsFunc(p.Groups, func(g string) bool {
			have, wrong := recovery.CanonicalGroup(g)
			return wrong == nil && have == want
		})
	}
}
