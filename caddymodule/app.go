// Package caddymodule is the only code here that imports Caddy: the app, the
// handler, Caddyfile and JSON, and the command line.
package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

func init() {
	caddy.RegisterModule(new(App))
	caddy.RegisterModule(new(Handler))
	caddy.RegisterModule(new(FileStore))
	caddy.RegisterModule(new(RedisStore))
	caddy.RegisterModule(new(SMTPNotifier))
	caddy.RegisterModule(new(SMSNotifier))
	caddy.RegisterModule(new(FileNotifier))
}

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

	// Root keys, newest first: 32 bytes as hex or base64, or any text of 32
	// characters and more. Placeholders such as {env.SPAREKEY_SECRET} and
	// {file./run/secrets/sparekey} are replaced. Default: generated beside the
	// store, readable for this user only.
	Secrets []string `json:"secrets,omitempty"`

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
	// The defaults are those of [recovery.Default].
	Lifetimes map[string]caddy.Duration `json:"lifetimes,omitempty"`

	// Limits by name: failures, codes, sends, sends_daily, flows, posts.
	Limits map[string]Limit `json:"limits,omitempty"`

	// What is asked in addition: method (pin, question) to kinds of flow
	// (change_password, recover). Default: nothing.
	Ask map[string][]recovery.Kind `json:"ask,omitempty"`

	// Lock-out after wrong passwords. Default: growing waits.
	Lock *Lock `json:"lock,omitempty"`

	// Costs of argon2id. Default: t=3, m=65536 (KiB), p=1.
	Hash *Hash `json:"hash,omitempty"`

	ctx     caddy.Context
	logger  *slog.Logger
	store   Store
	senders []Notifier
	policy  *recovery.Policy

	mu      sync.Mutex // around opening and ending
	runtime atomic.Pointer[runtime]
	closed  bool
	sites   sites
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

// Provision sets defaults and loads modules. It opens nothing: "caddy
// validate" runs it beside a server that holds the store.
func (a *App) Provision(ctx caddy.Context) error {
	a.ctx, a.logger = ctx, ctx.Slogger()
	if a.StoreRaw == nil {
		a.StoreRaw = json.RawMessage(`{"store":"file"}`)
	}
	store, err := ctx.LoadModule(a, "StoreRaw")
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	a.store = store.(Store)
	if err := a.loadSenders(ctx); err != nil {
		return err
	}
	a.policy, err = a.buildPolicy()
	return err
}

// loadSenders loads the notifiers. It connects to nothing.
func (a *App) loadSenders(ctx caddy.Context) error {
	if a.NotifyRaw == nil {
		return nil
	}
	list, err := ctx.LoadModule(a, "NotifyRaw")
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	for _, n := range list.([]any) {
		for _, channel := range n.(Notifier).Channels() {
			if a.has(channel) {
				return fmt.Errorf("notify: there are two ways to send %s; keep one", channel)
			}
		}
		a.senders = append(a.senders, n.(Notifier))
	}
	return nil
}

// Validate checks what can be checked without opening anything.
func (a *App) Validate() error {
	if _, err := a.parts(nil, nil); err != nil {
		return err
	}
	return a.judge()
}

// Start opens the store, or takes it over from the configuration before, and
// prints the set-up link when there is no account yet.
func (a *App) Start() error {
	rt, err := a.open()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	a.announce(ctx, rt)
	if err := rt.engine.HearExtensions(ctx); err != nil {
		a.logger.Warn("not known yet whether people have main numbers; the first form asks again", "error", err)
	}
	return nil
}

// Stop closes nothing: requests of this configuration may still be running.
func (*App) Stop() error { return nil }

// Cleanup gives back what this instance took, once its requests have ended. It
// may be called after a failed Provision or Start, and twice.
func (a *App) Cleanup() error {
	a.mu.Lock()
	rt := a.runtime.Load()
	a.closed = true
	a.mu.Unlock()
	if rt != nil {
		rt.retire()
	}
	return nil
}

// open returns the running parts, opening them on the first call. Apps start
// in any order, so a request may come before Start.
func (a *App) open() (*runtime, error) {
	if rt := a.runtime.Load(); rt != nil {
		return rt, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if rt := a.runtime.Load(); rt != nil {
		return rt, nil
	}
	if a.closed {
		return nil, errEnded
	}
	if err := a.findSites(); err != nil {
		return nil, err
	}
	rt, err := newRuntime(a)
	if err != nil {
		return nil, fmt.Errorf("sparekey: %w", err)
	}
	a.runtime.Store(rt)
	return rt, nil
}

var errEnded = errors.New("this configuration has ended")

// acquire is open for the length of a request; the caller ends it with after.
func (a *App) acquire() (*runtime, error) {
	rt, err := a.open()
	if err != nil {
		return nil, err
	}
	if !rt.hold() {
		return nil, errEnded
	}
	return rt, nil
}

// announce prints one line with the set-up link while there is no account.
func (a *App) announce(ctx context.Context, rt *runtime) {
	if rt.shared.announced.Swap(true) {
		return
	}
	code, err := rt.engine.AnnounceSetup(ctx)
	if errors.Is(err, recovery.ErrSetUp) {
		return
	}
	if err != nil {
		a.logger.Error("set-up link not made", "error", err)
		return
	}
	a.logger.Warn("no accounts yet: open this link once, within "+minutes(rt.engine.Policy.Lifetimes.Setup)+
		" minutes, to create the first one; print it again with: caddy sparekey setup-link",
		"link", a.sites.origin()+web.Prefix+"setup#"+code)
}

// findSites finds the addresses that lead to our handler. Mails link to these
// only, never to a Host that a client sent.
func (a *App) findSites() error {
	app, err := a.ctx.AppIfConfigured("http")
	if err != nil {
		return nil //nolint:nilerr // no sites: only the command line is used
	}
	a.sites.collect(app.(*caddyhttp.App))
	return nil
}

// Interface guards
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.Validator    = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
