package caddymodule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

// SiteRules are what a gate asks of whoever wants to pass: those of a directive,
// and those of a host behind another proxy. Every field is optional.
type SiteRules struct {
	// Who may pass: groups, or people as user:NAME; any of them will do. Default:
	// everybody with an account.
	Allow []string `json:"allow,omitempty"`

	// File and line of allow, for errors. Default: that of the directive.
	AllowAt string `json:"allow_at,omitempty"`
}

// block reads the words of a block, each of which is there once.
func (s *SiteRules) block(d *caddyfile.Dispenser) error {
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if err := s.word(d, d.Val()); err != nil {
			return err
		}
	}
	return nil
}

func (s *SiteRules) word(d *caddyfile.Dispenser, word string) error {
	switch word {
	case "allow":
		return s.allow(d)
	}
	return unknown(d, "allow")
}

func (s *SiteRules) allow(d *caddyfile.Dispenser) error {
	if s.Allow != nil {
		return d.Err("allow is there twice: write all groups and people into one line")
	}
	s.AllowAt = lineOf(d)
	if s.Allow = d.RemainingArgs(); len(s.Allow) == 0 {
		return reads(d, "allow GROUP|user:NAME...")
	}
	if err := judgeRules(s.Allow); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// read replaces placeholders and refuses what is none of a rule. line is that of
// the directive.
func (s *SiteRules) read(line string) (*guard.Rules, error) {
	allow, err := readRules(s.Allow)
	if err != nil {
		return nil, at(cmp.Or(s.AllowAt, line), err)
	}
	return &guard.Rules{Allow: allow}, nil
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
