package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
	"github.com/caddy-sparekey/sparekey/recovery/web"
	"github.com/caddy-sparekey/sparekey/templates"
)

func newRuntime(a *App) (*runtime, error) {
	place, err := json.Marshal([]any{a.store.Place(), a.store}) // as provisioned: defaults are filled in
	if err != nil {
		return nil, err
	}
	key := string(place)
	keys, err := a.rootKeys()
	if err != nil {
		return nil, err
	}
	value, _, err := pool.LoadOrNew(key, func() (caddy.Destructor, error) { return openShared(a, keys) })
	if err != nil {
		return nil, a.withEnded(err)
	}
	s := value.(*shared)
	a.keys = s.keys
	if err := s.join(keys); err != nil {
		_, err2 := pool.Delete(key)
		return nil, errors.Join(a.withEnded(err), err2)
	}
	rt, err := a.parts(s, a.newQueue)
	if err == nil {
		err = rt.checkAge()
	}
	if err != nil {
		rt.discard()
		s.leave(keys)
		_, err2 := pool.Delete(key)
		return nil, errors.Join(err, err2)
	}
	rt.app, rt.key, rt.secrets, rt.unmeasured = a, key, keys, rt.measured()
	reminding, ending := remind(rt.engine), a.endKeys(s, keys, time.Now, endLook)
	rt.quiet = func() { ending(); reminding() }
	s.serve(&operations{engine: rt.engine, origin: a.sites.first, app: a, queue: rt.queue})
	return rt, nil
}

// checkAge asks, before anybody is answered, whether the store is an older one.
// That the mark cannot be written is no reason to stay closed: doctor says it.
func (rt *runtime) checkAge() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err := rt.engine.CheckAge(ctx)
	if _, files := errors.AsType[*fs.PathError](err); files {
		rt.logger.Warn("no mark of the store is kept outside of it: a restored backup would not show", "error", err)
		return nil
	}
	return err
}

// remind tells people whose wait is over, and keeps the audit trail, until the
// function it returns is called. What the reminders write last is kept, too.
func remind(e *engine.Engine) func() {
	reminders, trail := background(e.Log, "reminders", e.Remind), background(e.Log, "the audit trail", e.KeepTrail)
	return func() {
		reminders()
		trail()
	}
}

// background does something until the function it returns is called, which waits
// for its end.
func background(log *slog.Logger, what string, do func(context.Context)) func() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go supervise.Run(log, what, func() {
		defer close(done)
		do(ctx)
	})
	return func() {
		cancel()
		<-done
	}
}

// parts builds engine, guard and pages. Without a store it only proves that
// they can be built.
func (a *App) parts(s *shared, queue func(*templates.Set) *notify.Queue) (*runtime, error) {
	pages, err := a.pages()
	if err != nil {
		return nil, err
	}
	rt := &runtime{shared: s, pages: pages, logger: a.logger, idle: make(chan struct{})}
	rt.holds.Store(1)
	e := &engine.Engine{Policy: a.policy, Now: time.Now, Log: a.logger, Audit: a.audit, Store: &kv.Store{Now: time.Now}, RuleGroups: ruleGroups(a.rules), LockedOut: a.lockedOut}
	if s != nil {
		e.RepairFirst = !s.repaired.Swap(true)
		rt.queue = queue(pages)
		e.Notify, e.Keys = rt.queue, s.keys
		e.Store.Driver, e.Store.Sealer, e.Store.Took, e.Outside = s.driver, s.keys, tallies.Store, newMarkFile()
	}
	_, alone := a.store.(interface{ Exclusive() })
	e.Shared = !alone
	if err := adjust(e); err != nil {
		return nil, err
	}
	rt.hasher = secret.NewHasher(e.Policy.Hash, 0)
	e.Methods = method.All(method.Set{Keys: e.Keys, Has: a.has, Hasher: rt.hasher, Breached: a.Passwords.isBreached(a.logger)})
	if rt.engine, err = engine.New(e); err != nil || s == nil {
		return rt, err
	}
	rt.guard = guard.New(guard.Config{
		Accounts: rt.engine, Methods: rt.engine.Methods, Policy: a.policy, Keys: s.keys, Watch: rt.engine.Store.Watcher(), Now: rt.engine.Now, Log: rt.engine.Log, Seen: tallies.Seen,
	})
	rt.server = a.pagesOf(rt)
	rt.server.Notify = rt.queue
	rt.asked = a.askedOf(rt)
	return rt, nil
}

// pagesOf serves our pages.
func (a *App) pagesOf(rt *runtime) *web.Server {
	return &web.Server{
		Front: front(), Engine: rt.engine, Pages: rt.pages, Log: a.logger,
		Origins: a.protected(), Portal: a.sites.portal, Public: a.URL, Unnamed: a.sites.unnamed, Insecure: a.InsecureHTTP, Forecast: a.forecast,
		Original: original,
	}
}

// askedOf answers proxies that ask. They are trusted to speak for their clients
// there, whether Caddy trusts them or not.
func (a *App) askedOf(rt *runtime) *web.Server {
	s := a.pagesOf(rt)
	s.Notify = rt.queue
	s.Original = nil // what was asked about has not been rewritten; the question is at another address
	s.Front = web.Front{Peer: a.peers.has, Names: clientHeaders, Proxy: func(r *http.Request, hop netip.Addr) bool {
		return a.peers.contains(hop) || trustedAddress(r, hop)
	}}
	if len(a.From) > 0 {
		s.Forward = &web.Forward{Guard: rt.guard, Hosts: a.hosts}
	}
	return s
}

// pages reads what people are shown and sent.
func (a *App) pages() (*templates.Set, error) {
	if a.Templates == "" {
		return builtIn()
	}
	if info, err := os.Stat(a.Templates); err != nil || !info.IsDir() {
		return nil, a.at(&notify.OptionError{Option: "templates", Err: fmt.Errorf("templates %s: there is no such folder: make it, or name another", a.Templates)})
	}
	pages, err := templates.New(onlyFiles{os.DirFS(a.Templates)})
	if err != nil {
		return nil, a.at(&notify.OptionError{Option: "templates", Err: fmt.Errorf("templates %s: %w", a.Templates, err)})
	}
	return pages, nil
}

// builtIn are the pages of this program, read once: validating and each reload
// would read them again, which takes longer than all the rest.
var builtIn = sync.OnceValues(func() (*templates.Set, error) { return templates.New(nil) }) //nolint:gochecknoglobals // never changes

// onlyFiles opens files and folders. A named pipe among them would make the start
// wait for ever.
type onlyFiles struct{ fs.FS }

// Open implements fs.FS.
func (f onlyFiles) Open(name string) (fs.File, error) {
	info, err := fs.Stat(f.FS, name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("it is not a file: move it away")}
	}
	return f.FS.Open(name)
}

// newQueue starts the workers that send messages.
func (a *App) newQueue(pages *templates.Set) *notify.Queue {
	senders := map[string]notify.Sender{}
	for _, n := range a.senders {
		for _, c := range n.Channels() {
			senders[c] = n.Sender()
		}
	}
	return notify.NewQueue(notify.QueueOptions{Senders: senders, Logger: a.logger, Became: tallies.Message, Render: func(m recovery.Message) (notify.Letter, error) {
		var l notify.Letter
		var err error
		if m.Channel == recovery.ChannelSMS {
			l.Text, err = pages.SMS(m.Template, m.Lang, m.Vars)
		} else {
			l.Subject, l.Text, l.HTML, err = pages.Mail(m.Template, m.Lang, m.Vars)
		}
		return l, err
	}})
}

// original is what was asked for, before any rewrite of the site.
func original(r *http.Request) (string, *url.URL) {
	first, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request)
	if !ok || first.URL == nil {
		return "", new(url.URL) // no path: it cannot be told
	}
	return first.Method, first.URL
}
