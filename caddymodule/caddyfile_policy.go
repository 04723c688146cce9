package caddymodule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery"
)

func (a *App) lifetime(d *caddyfile.Dispenser) error {
	var name, text string
	if !d.AllArgs(&name, &text) {
		return reads(d, "lifetime NAME DURATION, such as lifetime session_idle 8h")
	}
	row := lifetimeOf(name)
	if row == nil {
		return d.Errf("lifetime: unknown name %q: use one of %s", name, lifetimeNames())
	}
	t, err := row.life(text)
	if err != nil {
		return d.Errf("lifetime %s: %v", name, err)
	}
	if _, twice := a.Lifetimes[name]; twice {
		return d.Errf("lifetime %s is there twice: write it once", name)
	}
	a.note(d, "lifetime "+name)
	if a.Lifetimes == nil {
		a.Lifetimes = map[string]caddy.Duration{}
	}
	a.Lifetimes[name] = caddy.Duration(t)
	if _, err := a.buildPolicy(); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// life reads a duration, or off where there may be none.
func (r *lifetimeRow) life(text string) (time.Duration, error) {
	switch {
	case text != "off":
		return duration(text)
	case !r.off:
		return 0, errors.New("it cannot be off: write a duration")
	}
	return 0, nil
}

func (a *App) limit(d *caddyfile.Dispenser) error {
	var name, count, per, text string
	if !d.AllArgs(&name, &count, &per, &text) || per != "per" {
		return reads(d, "limit NAME COUNT per DURATION, such as limit failures 5 per 10m")
	}
	if limitOf(name) == nil {
		return d.Errf("limit: unknown name %q: use one of %s", name, limitNames())
	}
	n, err := positive(count)
	if err != nil {
		return d.Errf("limit %s: %v", name, err)
	}
	t, err := duration(text)
	if err != nil {
		return d.Errf("limit %s: %v", name, err)
	}
	if _, twice := a.Limits[name]; twice {
		return d.Errf("limit %s is there twice: write it once", name)
	}
	if a.Limits == nil {
		a.Limits = map[string]Limit{}
	}
	a.Limits[name] = Limit{Count: n, Per: caddy.Duration(t)}
	if _, err := a.buildPolicy(); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

func (a *App) hash(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) != 4 || args[0] != "argon2id" {
		return reads(d, "hash argon2id t=3 m=64MiB p=1")
	}
	var t, m, p int
	if _, err := fmt.Sscanf(strings.Join(args[1:], " "), "t=%d m=%dMiB p=%d", &t, &m, &p); err != nil || t <= 0 || m <= 0 || p <= 0 || p > 255 || m > 1024 || t > 20 {
		return reads(d, "hash argon2id t=3 m=64MiB p=1")
	}
	a.Hash = &Hash{Time: uint32(t), Memory: uint32(m) << 10, Threads: uint8(p)}
	if _, err := a.buildPolicy(); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// recover reads a goal's ways, or switches the goal off.
func (a *App) recover(d *caddyfile.Dispenser) error {
	if !d.NextArg() {
		return reads(d, "recover password|second_factor|both off, or a block of ways")
	}
	goal := recovery.Goal(d.Val())
	if goal == recovery.OtherDevice {
		return d.Err("recover device: it is a proof and no goal; write the ways of password and second_factor without it")
	}
	if _, known := recovery.Default().Ways[goal]; !known {
		return d.Errf("recover: unknown goal %q: use password, second_factor or both", goal)
	}
	if _, twice := a.Recover[goal]; twice {
		return d.Errf("recover %s is there twice: put all ways into one block", goal)
	}
	if a.Recover == nil {
		a.Recover = map[recovery.Goal][]recovery.Way{}
	}
	a.Recover[goal] = []recovery.Way{}
	if d.NextArg() {
		if d.Val() != "off" || d.NextArg() {
			return d.Errf("recover %s reads: recover %s off, or a block of ways", goal, goal)
		}
		return nothingMore(d, "recover "+string(goal)+" off")
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if d.Val() != "way" {
			return unknown(d, "way")
		}
		way, err := parseWay(d)
		if err != nil {
			return err
		}
		a.Recover[goal] = append(a.Recover[goal], way)
	}
	if len(a.Recover[goal]) == 0 {
		return d.Errf("recover %s: a block needs at least one way; to switch it off write: recover %s off", goal, goal)
	}
	return nil
}

// parseWay reads the proofs of a way and then its options.
func parseWay(d *caddyfile.Dispenser) (recovery.Way, error) {
	way := recovery.Way{Line: lineOf(d)}
	words := d.RemainingArgs()
	for i := 0; i < len(words); i++ {
		switch word := words[i]; word {
		case "without_factor":
			way.WithoutFactor = true
		case "weak_ok":
			way.WeakOK = true
		case "wait":
			if i++; i == len(words) {
				return way, d.Err("wait needs a duration: wait 24h")
			}
			t, err := duration(words[i])
			if err != nil || t == 0 {
				return way, d.Errf("wait %s: not a duration: write it like wait 24h", words[i])
			}
			way.Wait = t
		default:
			way.Proofs = append(way.Proofs, word)
		}
	}
	if len(way.Proofs) == 0 {
		return way, reads(d, "way PROOF... [wait DURATION] [without_factor] [weak_ok], such as way mail_link password")
	}
	return way, nil
}

// ask reads what is asked in addition.
func (a *App) ask(d *caddyfile.Dispenser) error {
	var method, word, kind string
	if !d.AllArgs(&method, &word, &kind) || word != "for" {
		return reads(d, "ask pin for change_password, or ask question for recover")
	}
	if !askable(method, recovery.Kind(kind)) {
		return d.Errf("ask %s for %s: use pin for change_password, or question for recover", method, kind)
	}
	if _, twice := a.Ask[method]; twice {
		return d.Errf("ask %s is there twice: write it once", method)
	}
	if a.Ask == nil {
		a.Ask = map[string][]recovery.Kind{}
	}
	a.Ask[method] = []recovery.Kind{recovery.Kind(kind)}
	return nil
}

// enrol reads which second factors people may make.
func (a *App) enrol(d *caddyfile.Dispenser) error {
	a.Enrol = d.RemainingArgs()
	if len(a.Enrol) == 0 {
		return reads(d, "enrol NAME..., such as enrol totp")
	}
	for i, name := range a.Enrol {
		if !slices.Contains(enrollable(), name) || slices.Contains(a.Enrol[:i], name) {
			return d.Errf("enrol %s: use each of %s at most once", name, oneOf(enrollable()))
		}
	}
	return nil
}

// lock reads the classic lock-out.
func (a *App) lock(d *caddyfile.Dispenser) error {
	var after, count, word, text string
	if !d.AllArgs(&after, &count, &word, &text) || after != "after" || word != "for" {
		return reads(d, "lock after COUNT for DURATION, such as lock after 10 for 1h")
	}
	n, err := positive(count)
	if err != nil {
		return d.Errf("lock after: %v", err)
	}
	t, err := duration(text)
	if err != nil || t == 0 {
		return d.Errf("lock for %s: not a duration: write it like lock after 10 for 1h", text)
	}
	a.Lock = &Lock{After: n, For: caddy.Duration(t)}
	return nil
}
