package caddymodule

import (
	"cmp"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

// siteWord is a word of the block.
type siteWord struct {
	name string
	line func(*SiteRules, *caddyfile.Dispenser) error // reads a line of a Caddyfile
	load func(*SiteRules, *guard.Rules) error         // replaces placeholders, and refuses what is no rule
}

// siteWords is the only list of them.
func siteWords() []siteWord {
	return []siteWord{
		{"allow", (*SiteRules).allow, (*SiteRules).loadAllow},
		{"factors", (*SiteRules).factors, (*SiteRules).loadFactors},
		{"fresh", (*SiteRules).fresh, (*SiteRules).loadFresh},
		{"recovered_within", (*SiteRules).recoveredWithin, (*SiteRules).loadRecoveredWithin},
		{"open", (*SiteRules).open, (*SiteRules).loadOpen},
		{"keys", (*SiteRules).keys, (*SiteRules).loadKeys},
		{"network", (*SiteRules).network, (*SiteRules).loadNetwork},
	}
}

// block reads the words of a block.
func (s *SiteRules) block(d *caddyfile.Dispenser) error {
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if err := s.word(d, d.Val()); err != nil {
			return err
		}
	}
	return nil
}

func (s *SiteRules) word(d *caddyfile.Dispenser, word string) error {
	var known []string
	for _, w := range siteWords() {
		if w.name == word {
			s.note(d, word)
			return w.line(s, d)
		}
		known = append(known, w.name)
	}
	return unknown(d, known...)
}

// read makes the rules of what was written. line is that of the directive.
func (s *SiteRules) read(line string) (*guard.Rules, error) {
	rules := new(guard.Rules)
	for _, w := range siteWords() {
		if err := w.load(s, rules); err != nil {
			return nil, at(cmp.Or(s.Lines[w.name], line), err)
		}
	}
	return rules, nil
}
