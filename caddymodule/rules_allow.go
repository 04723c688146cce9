package caddymodule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

func (s *SiteRules) allow(d *caddyfile.Dispenser) error {
	if s.Allow != nil {
		return d.Err("allow is there twice: write all groups and people into one line")
	}
	if s.Allow = d.RemainingArgs(); len(s.Allow) == 0 {
		return reads(d, "allow GROUP|user:NAME...")
	}
	if err := judgeRules(s.Allow); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

func (s *SiteRules) loadAllow(rules *guard.Rules) (err error) {
	rules.Allow, err = readRules(s.Allow)
	return err
}

// readRules reads the words of allow, their placeholders replaced.
func readRules(allow []string) ([]string, error) {
	var rules []string
	for _, word := range allow {
		word, err := replaced("allow", word)
		if err != nil {
			return nil, err
		}
		rule, err := recovery.Rule(word)
		if err != nil {
			return nil, fmt.Errorf("allow: %w", err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

// judgeRules looks at the words of allow when the file is read: at those without a
// placeholder.
func judgeRules(allow []string) error {
	for _, word := range allow {
		if !literal(word) {
			continue
		}
		if _, err := readRules([]string{word}); err != nil {
			return err
		}
	}
	return nil
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
