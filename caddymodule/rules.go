package caddymodule

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
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

func (s *SiteRules) note(d *caddyfile.Dispenser, word string) {
	if s.Lines == nil {
		s.Lines = map[string]string{}
	}
	s.Lines[word] = lineOf(d)
}
