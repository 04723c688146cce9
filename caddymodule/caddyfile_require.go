package caddymodule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// require reads what signing in needs of whom.
func (a *App) require(d *caddyfile.Dispenser) error {
	words := d.RemainingArgs()
	if len(words) == 0 || words[0] != "second_factor" && words[0] != "known_device" {
		return reads(d, readsRequire)
	}
	word := "require " + words[0]
	if a.Lines[word] != "" {
		return d.Errf("%s is there twice: write it once", word)
	}
	a.note(d, word)
	if words[0] == "known_device" {
		a.KnownDevice = true
		return need(d, len(words) == 1, word+", alone in its line")
	}
	if len(words) == 1 {
		return nil // everybody, as without the word
	}
	if words[1] != "for" || len(words) == 2 {
		return reads(d, readsRequire)
	}
	a.FactorFor = words[2:]
	if err := checkFactorFor(a.FactorFor); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

const readsRequire = "require second_factor [for GROUP...] or require known_device, such as require second_factor for admins"

// checkFactorFor refuses what is no name of a group.
func checkFactorFor(groups []string) error {
	for i, g := range groups {
		name, err := recovery.Rule(g)
		switch {
		case err != nil || strings.HasPrefix(name, recovery.PersonPrefix):
			return fmt.Errorf("require second_factor for %s: %q is no group: write names of groups, such as admins", strings.Join(groups, " "), g)
		case slices.Contains(groups[:i], g):
			return fmt.Errorf("require second_factor for %s: %q is there twice: write it once", strings.Join(groups, " "), g)
		}
	}
	return nil
}
