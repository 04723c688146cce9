package caddymodule

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery/breached"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Passwords says what new passwords are compared with, beside the built-in list.
type Passwords struct {
	// Stolen passwords: a file of SHA-1 hashes, sorted, one HASH:COUNT a line, or the
	// address of a range service, to which the first five digits of a hash are added.
	// Placeholders are replaced. While it is away, passwords are taken without it.
	// Default: none.
	Breached string `json:"breached,omitempty"`
	// Accepts http for a service that is not on this machine. Default: refused.
	Insecure bool `json:"insecure,omitempty"`
}

// collection can be looked at without a question.
type collection interface {
	breached.Source
	Check() error
}

// collection replaces placeholders; nil: there is none.
func (p Passwords) collection() (collection, error) {
	where, err := replaced("passwords", p.Breached)
	switch {
	case err != nil || where == "":
		return nil, err
	case strings.Contains(where, "://"):
		return breached.Service{URL: secret.Text(where)}, nil
	}
	return breached.File{Path: where}, nil
}

// InClear implements inClear.
func (p Passwords) InClear() string {
	where, err := replaced("passwords", p.Breached)
	if err != nil || !plainHTTP(where) {
		return ""
	}
	return "passwords breached: over http, who listens learns a part of the hashes of new passwords: use https"
}

// judge refuses what no password could be looked up in. It asks no service.
func (p Passwords) judge() error {
	c, err := p.collection()
	if c == nil || err != nil {
		return err
	}
	if err := c.Check(); err != nil {
		return &notify.OptionError{Option: "passwords", Err: fmt.Errorf("passwords breached: %w", err)}
	}
	return refuseClear("passwords", p, p.Insecure)
}

// isBreached is what the methods ask; nil: nothing.
func (p Passwords) isBreached(log *slog.Logger) func(context.Context, string) bool {
	c, err := p.collection()
	if c == nil || err != nil { // which Validate has refused
		return nil
	}
	return (&breached.List{Source: c, Log: log, Now: time.Now}).Has
}

const passwordsForm = "passwords breached FILE|URL [insecure], such as passwords breached https://api.pwnedpasswords.com/range/"

// read reads the rest of the line.
func (p *Passwords) read(d *caddyfile.Dispenser) error {
	if !d.NextArg() || d.Val() != "breached" || !d.NextArg() {
		return reads(d, passwordsForm)
	}
	p.Breached = d.Val()
	if err := acceptsClear(d, &p.Insecure); err != nil {
		return err
	}
	return nothingMore(d, passwordsForm)
}

var _ inClear = Passwords{}
