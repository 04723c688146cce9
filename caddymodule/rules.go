package caddymodule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// readRules reads the words of allow.
func readRules(allow []string) ([]string, error) {
	var rules []string
	for _, word := range allow {
		rule, err := recovery.Rule(word)
		if err != nil {
			return nil, fmt.Errorf("allow: %w", err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

// ruleGroups are the groups among rules, in the form that names are compared in.
func ruleGroups(rules []string) []string {
	var groups []string
	for _, rule := range rules {
		if strings.HasPrefix(rule, recovery.PersonPrefix) {
			continue
		}
		if id, err := recovery.CanonicalGroup(rule); err == nil && !slices.Contains(groups, id) {
			groups = append(groups, id)
		}
	}
	return groups
}
