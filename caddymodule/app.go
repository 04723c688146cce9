// Package caddymodule is the only code here that imports Caddy: the app, the
// handler, Caddyfile and JSON, and the command line.
package caddymodule

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// App holds accounts, sessions and the ways back in for all sites of a Caddy.
// Every field is optional. Without any, state is kept in one file in Caddy's
// data folder and nothing can be sent.
type App struct {
	// Where state is kept. Default: {"store": "file"}, one file in Caddy's
	// data folder.
	StoreRaw json.RawMessage `json:"store,omitempty" caddy:"namespace=sparekey.stores inline_key=store"`

	// How messages are sent. Default: not at all; a lost password then needs a
	// recovery code or the operator.
	NotifyRaw []json.RawMessage `json:"notify,omitempty" caddy:"namespace=sparekey.notifiers inline_key=notifier"`

	// Root keys, newest first: 32 random bytes as hex or base64 (openssl rand -hex
	// 32). Those behind the first only open what was sealed before they were
	// replaced; see "caddy sparekey rekey". One behind it may end with a day of UTC:
	// "{env.SPAREKEY_OLD} until 2027-01-31". Placeholders such as
	// {env.SPAREKEY_SECRET} and {file./run/secrets/sparekey} are replaced; a literal
	// one is given back by Caddy's admin API. Default: generated beside the store,
	// readable for this user only.
	Secrets []string `json:"secrets,omitempty"`

	// The public address of the pages, such as https://photos.example.com: where
	// links lead when somebody comes by an address that no site names, and what
	// commands print. Default: the first site. Placeholders are replaced here and in
	// the texts below.
	URL string `json:"url,omitempty"`

	// The host of all pages and of the sign-in, such as login.example.com, if it is
	// one for several hosts: a site with sparekey and nothing else. With a port, or
	// with a scheme, if these are not the usual ones. Placeholders are replaced.
	// Default: none, and each host has its own.
	Portal string `json:"portal,omitempty"`

	// What people call the place, on pages and in mails. Default: the host.
	Name string `json:"name,omitempty"`

	// The operator's contact help, shown on every page. Default: none.
	Help string `json:"help,omitempty"`

	// A folder whose files replace those of templates/, one by one. Default:
	// none.
	Templates string `json:"templates,omitempty"`

	// Allow plain http off loopback. Passwords then cross the network in the
	// clear; pages show a banner. Default: refused.
	InsecureHTTP bool `json:"insecure_http,omitempty"`

	// Ways back in by goal (password, second_factor, both). A goal given with
	// an empty list is switched off; one not given has the default ways.
	Recover map[recovery.Goal][]recovery.Way `json:"recover,omitempty"`

	// Lifetimes by name: mail_link, sms_code, mail_code, flow, session_idle,
	// session_absolute, keep_idle, keep_absolute, remembered, fresh, probation,
	// recovered_ban, invite, setup, rescue, notice, case, ripe, new_contact.
	// The defaults are those of [recovery.Default]. Only remembered may be 0: no
	// browser is trusted.
	Lifetimes map[string]caddy.Duration `json:"lifetimes,omitempty"`

	// Limits by name: failures, codes, sends, sends_daily, flows, posts, keys,
	// names.
	Limits map[string]Limit `json:"limits,omitempty"`

	// What is asked in addition: method (pin, question) to kinds of flow
	// (change_password, recover). Default: nothing.
	Ask map[string][]recovery.Kind `json:"ask,omitempty"`

	// Second factors that people may make, such as totp. Where a browser can make
	// none of these, it is offered what it can. Default: all there are.
	Enrol []string `json:"enrol,omitempty"`

	// Groups whose members must have a second factor; others may say "later" when
	// they accept their invitation. Administrators always must. Default: everybody
	// must.
	FactorFor []string `json:"factor_for,omitempty"`

	// An unknown browser is let in by one that the account knows, in addition to the
	// second factor; where there is none that could, a mail code or a recovery code
	// stands for it. Default: no.
	KnownDevice bool `json:"known_device,omitempty"`

	// The domain that passkeys are for, such as example.com, when people are to use one
	// passkey at several hosts in it. Whatever is served below it can then disturb
	// passkeys. Placeholders are replaced. Default: each host with sign-in pages has
	// its own.
	Passkeys string `json:"passkeys,omitempty"`

	// Whether administrators may make access keys for other people. Default: no.
	AdminKeys bool `json:"admin_keys,omitempty"`

	// Whether a second administrator has to agree before a recovery is opened for
	// somebody, and before somebody becomes an administrator. Default: no.
	SecondAdmin bool `json:"second_admin,omitempty"`
	// TemporaryPassword lets administrators have a temporary password mailed, which
	// works once, within 24 hours.
	TemporaryPassword bool `json:"temporary_password,omitempty"`

	// Lock-out after wrong passwords. Default: growing waits.
	Lock *Lock `json:"lock,omitempty"`

	// Costs of argon2id. Default: t=3, m=65536 (KiB), p=1.
	Hash *Hash `json:"hash,omitempty"`

	// What new passwords are compared with, beside the built-in list. Default:
	// nothing.
	Passwords Passwords `json:"passwords,omitzero"`

	Forwarding

	written

	ctx     caddy.Context
	logger  *slog.Logger
	store   Store
	senders []Notifier
	policy  *recovery.Policy
	rules   []string     // of all sites
	keys    *secret.Keys // of the open store

	mu      sync.Mutex // around opening and ending
	runtime atomic.Pointer[runtime]
	shut    atomic.Pointer[shut] // while the store is away; nil: it is not
	closed  bool
	sites   sites
	judged  bool // the routes of all sites, by the first handler that was loaded

	likenesses sync.Map // of [App.lockedOut]

	keyLogged atomic.Bool // it was said that an access log has an access key in it
}

// shut is a gate without a store.
type shut struct {
	answer http.HandlerFunc // every request
	end    func()           // stops to wait for the store; may be called twice
}

// Lock refuses passwords of an account from unknown browsers for a time.
type Lock struct {
	After int            `json:"after"`
	For   caddy.Duration `json:"for"`
}

// Limit is a count in a window.
type Limit struct {
	Count int            `json:"count"`
	Per   caddy.Duration `json:"per"`
}

// Hash are the costs of argon2id.
type Hash struct {
	Time    uint32 `json:"time"`
	Memory  uint32 `json:"memory"` // KiB
	Threads uint8  `json:"threads"`
}

// CaddyModule returns the Caddy module information.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "sparekey", New: func() caddy.Module { return new(App) }}
}

// meetRules takes in who may pass at a site.
func (a *App) meetRules(rules []string) { a.rules = append(a.rules, rules...) }
