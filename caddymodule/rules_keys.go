package caddymodule

import (
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

// keys reads a line, of which there may be several.
func (s *SiteRules) keys(d *caddyfile.Dispenser) error {
	paths := d.RemainingArgs()
	if len(paths) == 0 {
		return reads(d, "keys /PATH...")
	}
	for _, path := range paths {
		if slices.Contains(s.Keys, path) {
			return d.Errf("keys is there twice with %s: write it once", path)
		}
		if err := judgePath("keys", path); literal(path) && err != nil {
			return d.WrapErr(err)
		}
		s.Keys = append(s.Keys, path)
	}
	return nil
}

func (s *SiteRules) loadKeys(rules *guard.Rules) error {
	for _, word := range s.Keys {
		path, err := replaced("keys", word)
		if err == nil {
			err = judgePath("keys", path)
		}
		if err != nil {
			return err
		}
		rules.Keys = append(rules.Keys, path)
	}
	return nil
}
