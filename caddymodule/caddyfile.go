package caddymodule

import (
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
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
//		secret VALUE [until DATE]...
//		url ADDRESS
//		portal HOST
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
//		enrol NAME...
//		require second_factor [for GROUP...]
//		require known_device
//		passkeys DOMAIN
//		admin_keys on
//		second_admin on
//		temporary_password on
//		lock after N for DURATION
//		hash argon2id t=3 m=64MiB p=1
//		passwords breached FILE|URL [insecure]
//		lifetime NAME DURATION
//		lifetime remembered off
//		limit NAME COUNT per DURATION
//		from ADDRESS|NETWORK|unix...
//		site HOST {
//			(the words of SiteRules)
//		}
//		insecure_http
//	}
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		return d.Errf("the global block sparekey takes no argument, got %q: write its options into a block", d.Val())
	}
	seen := map[string]bool{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		word := d.Val()
		if seen[word] && !repeatable(word) {
			return d.Errf("%s is there twice: write it once", word)
		}
		seen[word] = true
		if !repeatable(word) {
			a.note(d, word)
		}
		if err := a.word(d, word); err != nil {
			return err
		}
	}
	return nil
}

func repeatable(word string) bool {
	switch word {
	case "notify", "recover", "lifetime", "limit", "ask", "require", "site":
		return true
	}
	return false
}

func (a *App) word(d *caddyfile.Dispenser, word string) error {
	switch word {
	case "store":
		return module(d, "sparekey.stores", "store", &a.StoreRaw)
	case "notify":
		var raw []byte
		if err := module(d, "sparekey.notifiers", "notifier", &raw); err != nil {
			return err
		}
		a.NotifyRaw = append(a.NotifyRaw, raw)
		return nil
	case "secret":
		return a.secret(d)
	case "url":
		return a.readURL(d)
	case "portal":
		return a.portalWord(d)
	case "name":
		return need(d, d.AllArgs(&a.Name), `name TEXT (in quotes when it has blanks)`)
	case "help":
		return need(d, d.AllArgs(&a.Help), `help TEXT (in quotes when it has blanks)`)
	case "templates":
		return need(d, d.AllArgs(&a.Templates), "templates DIR")
	case "insecure_http":
		a.InsecureHTTP = true
		return need(d, !d.NextArg(), "insecure_http, alone in its line")
	case "recover":
		return a.recover(d)
	case "ask":
		return a.ask(d)
	case "enrol":
		return a.enrol(d)
	case "require":
		return a.require(d)
	case "passkeys":
		return a.passkeysWord(d)
	case "admin_keys":
		return a.adminKeys(d)
	case "second_admin":
		return a.secondAdmin(d)
	case "temporary_password":
		return a.temporaryPassword(d)
	case "lock":
		return a.lock(d)
	case "hash":
		return a.hash(d)
	case "passwords":
		return a.Passwords.read(d)
	case "lifetime":
		return a.lifetime(d)
	case "limit":
		return a.limit(d)
	case "from":
		return a.from(d)
	case "site":
		return a.site(d)
	}
	return unknown(d, "store", "notify", "secret", "url", "portal", "name", "help", "templates", "insecure_http", "recover", "ask", "enrol", "require", "passkeys", "admin_keys", "second_admin", "temporary_password", "lock", "hash", "passwords", "lifetime", "limit", "from", "site")
}

// module reads "WORD NAME ..." as the guest module NAME.
func module[T ~[]byte](d *caddyfile.Dispenser, namespace, key string, raw *T) error {
	word, known := d.Val(), guests(namespace)
	if !d.NextArg() {
		return d.Errf("%s needs a kind: write %s and one of %s", word, word, oneOf(known))
	}
	name := d.Val()
	if !slices.Contains(known, name) {
		return d.Errf("%s %s: this Caddy has no such kind: use %s", word, name, oneOf(known))
	}
	m, err := caddyfile.UnmarshalModule(d, namespace+"."+name)
	if err != nil {
		return err
	}
	*raw = T(caddyconfig.JSONModuleObject(m, key, name, nil))
	return nil
}

// parseDirective reads the site directive.
func parseDirective(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	h.Next()
	handler := new(Handler)
	set, err := h.ExtractMatcherSet()
	if err != nil {
		return nil, h.WrapErr(err)
	}
	if set != nil {
		handler.Match = caddyhttp.RawMatcherSets{set}
	}
	if err := handler.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	return h.NewRoute(nil, handler), nil // for every request: the matcher says what is protected, not where the pages are
}

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens; the words of the
// block are those of [SiteRules]. With a matcher of paths, hosts and methods only
// what it matches is protected, and the pages are there for the whole site:
//
//	sparekey [/PATH*|@NAME] {
//		allow GROUP|user:NAME...
//		factors 2
//		fresh DURATION
//		recovered_within DURATION
//		open [METHOD...] /PATH...
//		keys /PATH...
//		network CIDR... factors 1
//	}
//	sparekey pages
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Reset()
	d.Next()
	h.At = lineOf(d)
	if err := judgeMatch(h.Match); err != nil {
		return d.WrapErr(err)
	}
	if d.NextArg() {
		return h.argument(d)
	}
	return h.block(d)
}

// argument reads the one word that may stand behind the directive.
func (h *Handler) argument(d *caddyfile.Dispenser) error {
	switch {
	case d.Val() != "pages":
		return d.Errf("sparekey takes a matcher or the word pages here, got %q: rules go into a block", d.Val())
	case h.Match != nil:
		return d.Err("sparekey pages protects nothing: take its matcher out, or the word pages")
	case d.NextArg() || d.NextBlock(d.Nesting()):
		return d.Err("sparekey pages protects nothing and has no rules: write it alone in its line, and the rules into the sparekey that protects")
	}
	h.Pages = true
	return nil
}

// Interface guards
var (
	_ caddyfile.Unmarshaler = (*App)(nil)
	_ caddyfile.Unmarshaler = (*Handler)(nil)
)
