// Package recoverytest is the engine with everything around it that a test can
// move or look at: memkv, a clock, a recording notifier, a browser.
package recoverytest

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/recovery/web"
	"github.com/caddy-sparekey/sparekey/templates"
)

// Clock is a movable time.
type Clock struct {
	mu    sync.Mutex
	now   time.Time
	files []*os.File // where Caddys read it
}

// Now is the time for the engine.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Move lets time pass.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.write()
}

// Outbox keeps messages instead of sending them.
type Outbox struct {
	mu   sync.Mutex
	sent []recovery.Message
	only []string // channels there are; nil: both
}

// Queue implements recovery.Notifier.
func (o *Outbox) Queue(m recovery.Message) {
	o.mu.Lock()
	o.sent = append(o.sent, m)
	o.mu.Unlock()
	if m.Done != nil {
		m.Done(recovery.Delivered)
	}
}

// Has implements recovery.Notifier.
func (o *Outbox) Has(channel string) bool {
	if o.only == nil {
		return channel == recovery.ChannelMail || channel == recovery.ChannelSMS
	}
	for _, c := range o.only {
		if c == channel {
			return true
		}
	}
	return false
}

// To lists what really goes to somebody, by template; empty: all.
func (o *Outbox) To(address, template string) []recovery.Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []recovery.Message
	for _, m := range o.sent {
		if m.To != "" && (address == "" || m.To == address) && (template == "" || m.Template == template) {
			out = append(out, m)
		}
	}
	return out
}

// All is every message, those to nobody included.
func (o *Outbox) All() []recovery.Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]recovery.Message(nil), o.sent...)
}

// Last is the newest message of a template to an address.
func (o *Outbox) Last(tb testing.TB, address, template string) recovery.Message {
	tb.Helper()
	list := o.To(address, template)
	if len(list) == 0 {
		tb.Fatalf("no %s message to %s; got %d messages in all", template, address, len(o.All()))
	}
	return list[len(list)-1]
}

// pages parses the templates once for all worlds.
var pages = sync.OnceValues(func() (*templates.Set, error) { return templates.New(nil) }) //nolint:gochecknoglobals // read-only, built once

// World is one installation.
type World struct {
	TB      testing.TB
	Clock   *Clock
	Driver  kv.Driver
	Keys    *secret.Keys
	Policy  *recovery.Policy
	Outbox  *Outbox
	Engine  *engine.Engine
	Guard   *guard.Guard
	Web     *web.Server
	Server  *httptest.Server
	Events  *Journal
	AppHits int
	Rules   guard.Rules       // of the site
	App     http.Handler      // nil: it answers with an Echo; set before the first request
	methods []recovery.Method // beside those there are
	recipes []recovery.Recipe // beside those there are
	mu      sync.Mutex
	tls     bool
	named   bool     // as localhost
	portal  string   // origin; empty: there is none
	hosts   []string // origins of the protected hosts, with a portal
	direct  bool
	parsed  bool
	caddy   *runningCaddy // a running Caddy instead of Server; nil: none
	program string        // that Caddy, by default from the environment
	kind    string        // of its store, likewise
	history history       // what was walked in it
}

// Journal keeps audit events.
type Journal struct {
	mu   sync.Mutex
	list []recovery.Event
}

// Add is the engine's Audit.
func (j *Journal) Add(e recovery.Event) {
	if _, listed := e.Name.Info(); listed && len(e.Odd()) > 0 { // tests make events of their own, too
		odd := e.Odd()
		panic(fmt.Sprintf("event %s has %v, which its row in recovery.Events does not name", e.Name, odd))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.list = append(j.list, e)
}

// Of lists the events of a name.
func (j *Journal) Of(name recovery.EventName) []recovery.Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(j.list), func(e recovery.Event) bool { return e.Name != name })
}

// All lists the events.
func (j *Journal) All() []recovery.Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.list)
}

// Count counts events of a name.
func (j *Journal) Count(name recovery.EventName) int { return len(j.Of(name)) }

// Last is the newest event of a name; empty when there is none.
func (j *Journal) Last(name recovery.EventName) recovery.Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range slices.Backward(j.list) {
		if e.Name == name {
			return e
		}
	}
	return recovery.Event{}
}

// New starts an installation over HTTP with an app behind it that answers with
// what it was told.
func New(tb testing.TB, options ...Option) *World {
	tb.Helper()
	w := &World{
		TB: tb, Clock: &Clock{now: began}, Driver: memkv.New(), Outbox: &Outbox{},
		Policy: recovery.Default(), Events: &Journal{}, program: os.Getenv(CaddyVariable), kind: os.Getenv(StoreVariable),
	}
	w.Policy.Hash = secret.HashParams{Time: 1, Memory: 64, Threads: 1}
	w.Policy.Limits.Posts, w.Policy.Limits.Flows = recovery.Rate{Count: 1e6, Per: time.Minute}, recovery.Rate{Count: 1e6, Per: time.Minute}
	w.Policy.Site, w.Policy.Help = "Photos", "Stuck? Ask Sam, 555 0100."
	for _, o := range options {
		o(w)
	}
	if w.program != "" {
		w.Keys = labKeys(tb)
		w.startCaddy()
		return w
	}
	if keys, err := root(); err != nil {
		tb.Fatal(err)
	} else if w.Keys == nil {
		w.Keys = keys
	}
	if err := engine.Prepare(tb.Context(), &kv.Store{Driver: w.Driver, Sealer: w.Keys, Now: w.Clock.Now}, w.Keys); err != nil {
		tb.Fatal(err)
	}
	w.start()
	w.history.begin(w)
	return w
}

// Running tells whether this is a running Caddy.
func (w *World) Running() bool { return w.caddy != nil }

// Client reaches the running Caddy on connections it keeps, follows no
// redirect and keeps no cookie.
func (w *World) Client() *http.Client {
	w.TB.Helper()
	transport := w.caddy.transport()
	transport.DisableKeepAlives, transport.MaxIdleConnsPerHost = false, 1000
	w.TB.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Reload makes the installation read its policy again.
func (w *World) Reload() {
	w.TB.Helper()
	if w.caddy != nil {
		w.caddy.reload()
	}
}

// Node starts another process of the same installation: the same store, keys,
// clock and outbox, everything else its own.
func (w *World) Node() *World {
	w.TB.Helper()
	return w.NodeOn(w.TB, w.Driver)
}

// NodeOn is Node with a driver of its own, for one that fails.
func (w *World) NodeOn(tb testing.TB, d kv.Driver) *World {
	n := &World{
		TB: tb, Clock: w.Clock, Driver: d, Keys: w.Keys, Policy: w.Policy, Outbox: w.Outbox, Events: w.Events,
		tls: w.tls, portal: w.portal, hosts: w.hosts, named: w.named, direct: w.direct, parsed: w.parsed,
	}
	n.start()
	return n
}

// NodeWith is Node with a policy of its own, and messages that go to these
// channels only (none given: all): before and after a reload.
func (w *World) NodeWith(p *recovery.Policy, channels ...string) *World {
	w.TB.Helper()
	n := &World{
		TB: w.TB, Clock: w.Clock, Driver: w.Driver, Keys: w.Keys, Policy: p, Outbox: &Outbox{only: channels}, Events: w.Events, tls: w.tls,
	}
	n.start()
	return n
}

func (w *World) start() {
	w.TB.Helper()
	w.Engine = w.engine()
	w.Guard = guard.New(guard.Config{
		Accounts: w.Engine, Methods: w.Engine.Methods, Policy: w.Policy, Keys: w.Keys, Watch: w.Engine.Store.Watcher(), Now: w.Engine.Now, Log: w.Engine.Log,
	})
	pages, err := pages()
	if err != nil {
		w.TB.Fatal(err)
	}
	w.Web = &web.Server{Engine: w.Engine, Pages: pages, Notify: w.Outbox, Log: slog.New(slog.DiscardHandler)}
	if w.tls {
		w.Server = httptest.NewTLSServer(http.HandlerFunc(w.serve))
	} else {
		w.Server = httptest.NewServer(http.HandlerFunc(w.serve))
	}
	if w.named {
		w.Server.URL = strings.Replace(w.Server.URL, "127.0.0.1", "localhost", 1)
	}
	w.Web.Origins = []string{w.Server.URL}
	if w.portal != "" {
		w.Web.Portal, w.Web.Origins = w.portal, w.hosts
	}
	w.TB.Cleanup(func() {
		w.Server.Close()
		w.Guard.Close()
	})
}

func (w *World) engine() *engine.Engine {
	w.TB.Helper()
	hasher := secret.NewHasher(w.Policy.Hash, 1024)
	store := &kv.Store{Driver: w.Driver, Sealer: w.Keys, Now: w.Clock.Now}
	if w.parsed {
		store.Parse = NewParsed().Parse
	}
	e, err := engine.New(&engine.Engine{
		Store:  store,
		Keys:   w.Keys,
		Policy: w.Policy, Notify: w.Outbox, Now: w.Clock.Now, Audit: w.Events.Add, Log: slog.New(slog.DiscardHandler),
		Methods: method.All(method.Set{Keys: w.Keys, Hasher: hasher, Has: w.Outbox.Has}).With(w.methods...),
		Recipes: slices.Concat(recovery.Recipes(), w.recipes),
	})
	if err != nil {
		w.TB.Fatal(err)
	}
	return e
}

// serve does what the Caddy handler does.
func (w *World) serve(rw http.ResponseWriter, r *http.Request) {
	if w.Web.Ours(r) {
		w.Web.ServeHTTP(rw, web.Within(r, &w.Rules))
		return
	}
	if _, clear := w.Web.Secure(r); !clear {
		w.Web.Deny(rw, r, guard.Decision{})
		return
	}
	q := w.Web.Question(r, &w.Rules)
	w.Web.Scrub(r)
	if w.Web.Foreign(r) {
		w.Web.RefuseForeign(rw, r)
		return
	}
	d := w.Guard.Check(r.Context(), q)
	if !d.OK() {
		w.Web.Deny(rw, r, d)
		return
	}
	web.Introduce(r, d.Identity)
	s := web.Follow(w.Guard, rw, r, d, nil)
	defer s.Leave()
	answer := web.FromApp(rw)
	w.app(answer, r)
	answer.Close()
	d.Touch()
}
