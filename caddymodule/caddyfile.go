package caddymodule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

func init() {
	httpcaddyfile.RegisterGlobalOption("sparekey", parseOption)
	httpcaddyfile.RegisterDirective("sparekey", parseDirective)
	// Before redir: a redirect of the site would answer without a login, and a
	// rewrite would hide what was asked for. Before header: what a site says of its
	// app's headers is not for our pages, which would lose their protection by it.
	httpcaddyfile.RegisterDirectiveOrder("sparekey", httpcaddyfile.Before, "header")
}

// parseOption reads the global block.
func parseOption(d *caddyfile.Dispenser, prev any) (any, error) {
	if prev != nil {
		d.Next() // the error then names the line
		return nil, d.Err("sparekey: the global block is there twice; write it once")
	}
	app := new(App)
	if err := app.UnmarshalCaddyfile(d); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: "sparekey", Value: caddyconfig.JSON(app, nil)}, nil
}

// UnmarshalCaddyfile sets up the app from Caddyfile tokens:
//
//	sparekey {
//		store file [PATH] | redis URL [insecure]
//		secret VALUE...
//		name TEXT
//		help TEXT
//		templates DIR
//		notify smtp|sms|file|push|webhook ...
//		recover password|second_factor|both off
//		recover password|second_factor|both {
//			way PROOF... [wait DURATION] [without_factor] [weak_ok]
//		}
//		ask pin for change_password
//		ask question for recover
//		lock after N for DURATION
//		hash argon2id t=3 m=64MiB p=1
//		lifetime NAME DURATION
//		lifetime remembered off
//		limit NAME COUNT per DURATION
//		insecure_http
//	}
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		return d.ArgErr()
	}
	seen := map[string]bool{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		word := d.Val()
		if seen[word] && !repeatable(word) {
			return d.Errf("%s is there twice", word)
		}
		seen[word] = true
		if err := a.word(d, word); err != nil {
			return err
		}
	}
	return nil
}

func repeatable(word string) bool {
	switch word {
	case "notify", "recover", "lifetime", "limit", "ask":
		return true
	}
	return false
}

func (a *App) word(d *caddyfile.Dispenser, word string) error {
	switch word {
	case "store":
		return module(d, "sparekey.stores.", "store", &a.StoreRaw)
	case "notify":
		var raw []byte
		if err := module(d, "sparekey.notifiers.", "notifier", &raw); err != nil {
			return err
		}
		a.NotifyRaw = append(a.NotifyRaw, raw)
		return nil
	case "secret":
		return a.secret(d)
	case "name":
		return need(d, d.AllArgs(&a.Name))
	case "help":
		return need(d, d.AllArgs(&a.Help))
	case "templates":
		return need(d, d.AllArgs(&a.Templates))
	case "insecure_http":
		a.InsecureHTTP = true
		return need(d, !d.NextArg())
	case "recover":
		return a.recover(d)
	case "ask":
		return a.ask(d)
	case "lock":
		return a.lock(d)
	case "hash":
		return a.hash(d)
	case "lifetime":
		return a.lifetime(d)
	case "limit":
		return a.limit(d)
	}
	return d.Errf("unknown option %q", word)
}

// module reads "WORD NAME ..." as the guest module NAME.
func module[T ~[]byte](d *caddyfile.Dispenser, namespace, key string, raw *T) error {
	if !d.NextArg() {
		return d.ArgErr()
	}
	name := d.Val()
	m, err := caddyfile.UnmarshalModule(d, namespace+name)
	if err != nil {
		return err
	}
	*raw = T(caddyconfig.JSONModuleObject(m, key, name, nil))
	return nil
}

func (a *App) lifetime(d *caddyfile.Dispenser) error {
	var name, text string
	if !d.AllArgs(&name, &text) {
		return d.ArgErr()
	}
	t, err := life(name, text)
	if err != nil {
		return d.Errf("lifetime %s: %v", name, err)
	}
	if _, twice := a.Lifetimes[name]; twice {
		return d.Errf("lifetime %s is there twice", name)
	}
	if lifetime(&recovery.Lifetimes{}, name) == nil {
		return d.Errf("lifetime: unknown name %q: use one of %s", name, strings.Join(lifetimeNames(), ", "))
	}
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
func life(name, text string) (time.Duration, error) {
	switch {
	case text != "off":
		return caddy.ParseDuration(text)
	case !mayBeOff(name):
		return 0, errors.New("it cannot be off: write a duration")
	}
	return 0, nil
}

func (a *App) limit(d *caddyfile.Dispenser) error {
	var name, count, per, text string
	if !d.AllArgs(&name, &count, &per, &text) || per != "per" {
		return d.Err("limit reads: limit NAME COUNT per DURATION")
	}
	n, err := strconv.Atoi(count)
	if err != nil || n <= 0 {
		return d.Errf("limit %s: %q is no count", name, count)
	}
	t, err := caddy.ParseDuration(text)
	if err != nil {
		return d.Errf("limit %s: %v", name, err)
	}
	if _, twice := a.Limits[name]; twice {
		return d.Errf("limit %s is there twice", name)
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
		return d.Err("hash reads: hash argon2id t=3 m=64MiB p=1")
	}
	var t, m, p int
	if _, err := fmt.Sscanf(strings.Join(args[1:], " "), "t=%d m=%dMiB p=%d", &t, &m, &p); err != nil || t <= 0 || m <= 0 || p <= 0 || p > 255 || m > 1024 || t > 20 {
		return d.Err("hash reads: hash argon2id t=3 m=64MiB p=1")
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
		return d.ArgErr()
	}
	goal := recovery.Goal(d.Val())
	if goal == recovery.OtherDevice {
		return d.Err("recover device: not available in this version; take the line out")
	}
	if _, known := recovery.Default().Ways[goal]; !known {
		return d.Errf("recover: unknown goal %q: use password, second_factor or both", goal)
	}
	if _, twice := a.Recover[goal]; twice {
		return d.Errf("recover %s is there twice", goal)
	}
	if a.Recover == nil {
		a.Recover = map[recovery.Goal][]recovery.Way{}
	}
	a.Recover[goal] = []recovery.Way{}
	if d.NextArg() {
		if d.Val() != "off" || d.NextArg() {
			return d.Errf("recover %s reads: recover %s off, or a block of ways", goal, goal)
		}
		return nothingMore(d)
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if d.Val() != "way" {
			return d.Errf("unknown option %q: only way belongs here", d.Val())
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
	way := recovery.Way{Line: fmt.Sprintf("%s:%d", d.File(), d.Line())}
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
			t, err := caddy.ParseDuration(words[i])
			if err != nil || t <= 0 {
				return way, d.Errf("wait %s: not a duration", words[i])
			}
			way.Wait = t
		default:
			way.Proofs = append(way.Proofs, word)
		}
	}
	if len(way.Proofs) == 0 {
		return way, d.ArgErr()
	}
	return way, nil
}

// ask reads what is asked in addition.
func (a *App) ask(d *caddyfile.Dispenser) error {
	var method, word, kind string
	if !d.AllArgs(&method, &word, &kind) || word != "for" {
		return d.Err("ask reads: ask pin for change_password, or ask question for recover")
	}
	if !askable(method, recovery.Kind(kind)) {
		return d.Errf("ask %s for %s: use pin for change_password, or question for recover", method, kind)
	}
	if _, twice := a.Ask[method]; twice {
		return d.Errf("ask %s is there twice", method)
	}
	if a.Ask == nil {
		a.Ask = map[string][]recovery.Kind{}
	}
	a.Ask[method] = []recovery.Kind{recovery.Kind(kind)}
	return nil
}

// lock reads the classic lock-out.
func (a *App) lock(d *caddyfile.Dispenser) error {
	var after, count, word, text string
	if !d.AllArgs(&after, &count, &word, &text) || after != "after" || word != "for" {
		return d.Err("lock reads: lock after 10 for 1h")
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 {
		return d.Errf("lock after %s: not a count", count)
	}
	t, err := caddy.ParseDuration(text)
	if err != nil || t <= 0 {
		return d.Errf("lock for %s: not a duration", text)
	}
	a.Lock = &Lock{After: n, For: caddy.Duration(t)}
	return nil
}

// parseDirective reads the site directive.
func parseDirective(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	h.Next()
	misplaced := h.WrapErr(errMatcher) // names the line as long as the tokens are untouched
	if set, err := h.ExtractMatcherSet(); err != nil {
		return nil, err
	} else if set != nil {
		return nil, misplaced
	}
	handler := new(Handler)
	if err := handler.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	return h.NewRoute(nil, handler), nil
}

var errMatcher = errors.New("sparekey takes no matcher: it protects the whole site, and its own pages under " + web.Prefix + " belong to that; " +
	"take it out, and write what shall be open into a handle block of its own: handle /public/* { ... } and handle { sparekey ... }")

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens:
//
//	sparekey {
//		allow GROUP|user:NAME...
//	}
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Reset()
	d.Next()
	h.At = lineOf(d)
	if d.NextArg() {
		return d.Errf("sparekey takes no argument here, got %q: rules go into a block", d.Val())
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		switch d.Val() {
		case "allow":
			if h.Allow != nil {
				return d.Err("allow is there twice")
			}
			if h.Allow = d.RemainingArgs(); len(h.Allow) == 0 {
				return d.ArgErr()
			}
			if _, err := readRules(h.Allow); err != nil {
				return d.WrapErr(err)
			}
		default:
			return d.Errf("unknown option %q", d.Val())
		}
	}
	return nil
}

// Interface guards
var (
	_ caddyfile.Unmarshaler = (*App)(nil)
	_ caddyfile.Unmarshaler = (*Handler)(nil)
)
