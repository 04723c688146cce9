package caddymodule

import (
	"cmp"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

// SiteRules are what a gate asks of whoever wants to pass: those of a directive,
// and those of a host behind another proxy. Every field is optional.
type SiteRules struct {
	// Who may pass: groups, or people as user:NAME; any of them will do. Default:
	// everybody with an account.
	Allow []string `json:"allow,omitempty"`

	// How many factors must have been shown in the session: 2 for more than a
	// password. Default: as many as the sign-in asks for.
	Factors int `json:"factors,omitempty"`

	// How long a proof is good for: who has not shown a second factor, or without
	// one the password, for longer has to do so. Default: as long as the session.
	Fresh caddy.Duration `json:"fresh,omitempty"`

	// How long an account is kept out after it was recovered. Default: not at all.
	RecoveredWithin caddy.Duration `json:"recovered_within,omitempty"`

	// What passes without a login. Default: nothing.
	Open []Opening `json:"open,omitempty"`

	// Paths on which programs come in by an access key: /feed.xml is that path,
	// /api/* is all below /api/. Default: none.
	Keys []string `json:"keys,omitempty"`

	// Networks in which one factor is enough: private ranges of up to /16 (IPv6: up
	// to /48), others as single addresses (IPv6: up to /56). Never routers and this
	// machine. Default: nowhere.
	Network []string `json:"network,omitempty"`

	// File and line of each word, for errors. Default: that of the directive.
	Lines map[string]string `json:"lines,omitempty"`
}

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

func (s *SiteRules) note(d *caddyfile.Dispenser, word string) {
	if s.Lines == nil {
		s.Lines = map[string]string{}
	}
	s.Lines[word] = lineOf(d)
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
