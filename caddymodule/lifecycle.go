package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sparekey/sparekey/caddymodule/routes"
	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

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
	if err := a.texts(); err != nil {
		return err
	}
	if err := a.readForward(); err != nil {
		return err
	}
	if a.policy, err = a.buildPolicy(); err != nil {
		return err
	}
	return a.showFigures()
}

// texts replaces the placeholders of the app's own options.
func (a *App) texts() error {
	err := fill(option{"url", &a.URL}, option{"portal", &a.Portal}, option{"passkeys", &a.Passkeys}, option{"name", &a.Name}, option{"help", &a.Help}, option{"templates", &a.Templates})
	if err == nil && a.URL != "" {
		a.URL, err = publicURL(a.URL)
	}
	if err == nil && a.Portal != "" {
		_, err = readPortal(a.Portal)
	}
	if err == nil && a.Passkeys != "" {
		err = checkPasskeys(a.Passkeys)
	}
	return a.at(err)
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
			if before := a.notifier(channel); before != nil {
				return fmt.Errorf("notify: there are two ways to send %s: keep one of them%s", channel, linesOf(before, n.(Notifier)))
			}
		}
		a.senders = append(a.senders, n.(Notifier))
	}
	return nil
}

// Validate checks what can be checked without opening anything.
func (a *App) Validate() error {
	if s, ok := a.store.(interface{ Judge() error }); ok {
		if err := s.Judge(); err != nil {
			return err
		}
	}
	if err := a.judgeKeys(); err != nil {
		return err
	}
	if err := a.judgeURL(); err != nil {
		return err
	}
	if err := a.at(a.Passwords.judge()); err != nil {
		return err
	}
	if _, err := a.parts(nil, nil); err != nil {
		return err
	}
	return a.judge()
}

// Start opens the store, or takes it over from the configuration before, and
// prints the set-up link when there is no account yet. A store that is away is
// waited for: that ends neither Caddy nor its other sites.
func (a *App) Start() error {
	if err := a.judgeSites(); err != nil {
		return err
	}
	rt, err := a.open()
	a.sites.tellOpen(a.logger)
	switch {
	case errors.Is(err, errWaiting):
		return nil
	case err != nil:
		return err
	}
	a.opened(rt)
	return nil
}

// opened does what is to be done once when the store is open.
func (a *App) opened(rt *runtime) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	a.announce(ctx, rt)
	a.tellOfHosts()
	a.tellOfPasskeys()
	a.warnOfNames(ctx, rt.engine)
	if err := rt.engine.HearCosts(ctx); err != nil {
		a.logger.Warn("not known yet what passwords cost; the first form asks again", "error", err)
	}
	if err := rt.engine.HearExtensions(ctx); err != nil {
		a.logger.Warn("not known yet whether people have main numbers; the first form asks again", "error", err)
	}
}

// Stop closes nothing: requests of this configuration may still be running.
func (*App) Stop() error { return nil }

// Cleanup gives back what this instance took, once its requests have ended. It
// may be called after a failed Provision or Start, and twice.
func (a *App) Cleanup() error {
	a.mu.Lock()
	rt, s := a.runtime.Load(), a.shut.Load()
	a.closed = true
	a.mu.Unlock()
	if s != nil {
		s.end()
	}
	if rt != nil {
		rt.retire()
	}
	return nil
}

// open returns the running parts, opening them on the first call. Apps start
// in any order, so a request may come before Start. While the store is away it
// returns errWaiting at once.
func (a *App) open() (*runtime, error) {
	if rt := a.runtime.Load(); rt != nil {
		return rt, nil
	}
	if a.shut.Load() != nil {
		return nil, errWaiting
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if rt := a.runtime.Load(); rt != nil {
		return rt, nil
	}
	switch {
	case a.closed:
		return nil, errEnded
	case a.shut.Load() != nil:
		return nil, errWaiting
	}
	if err := a.findSites(); err != nil {
		return nil, err
	}
	rt, err := newRuntime(a)
	if errors.Is(err, kv.ErrAway) {
		if err = a.await(err, a.opened); err == nil {
			return nil, errWaiting
		}
	}
	if err != nil {
		return nil, fmt.Errorf("sparekey: %w", err)
	}
	a.runtime.Store(rt)
	return rt, nil
}

var (
	errEnded   = errors.New("this configuration has ended")
	errWaiting = errors.New("the store is away")
)

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
	if app, err := a.ctx.AppIfConfigured("http"); err == nil { // else only the command line is used
		a.sites.collect(app.(*caddyhttp.App), a.InsecureHTTP)
	}
	a.sites.origins = append(a.sites.origins, a.behind...)
	a.sites.prefer(a.URL)
	return a.sites.take(a.Portal)
}

// judgeSites judges the routes once more, now that all of them are loaded.
func (a *App) judgeSites() error {
	app, err := a.ctx.AppIfConfigured("http")
	if err != nil {
		return nil //nolint:nilerr // no sites: only the command line is used
	}
	return a.judgeRoutes(app.(*caddyhttp.App))
}

func (a *App) judgeRoutes(app *caddyhttp.App) error {
	if err := routes.Judge(app); err != nil {
		return err
	}
	if len(a.From) > 0 {
		if err := routes.JudgeEnds(app); err != nil {
			return a.at(&notify.OptionError{Option: "from", Err: err})
		}
	}
	if err := a.judgePortal(app); err != nil {
		return err
	}
	return a.judgePasskeys(app)
}

// Interface guards
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.Validator    = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
