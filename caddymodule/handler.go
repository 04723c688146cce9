package caddymodule

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sparekey/sparekey/caddymodule/routes"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// Handler asks for a login and a second factor before a request goes on, and
// serves the pages for it under /.sparekey/.
type Handler struct {
	SiteRules

	// What is protected: requests that one of these sets of matchers matches, in any
	// reading of their path. Others pass without a login, and the pages are there for
	// all. Only host, path, method, and not around these. Default: everything.
	Match caddyhttp.RawMatcherSets `json:"match,omitempty" caddy:"namespace=http.matchers"`

	// Serve the pages and protect nothing, where the gate that protects stands
	// behind a matcher which does not lead to them. Default: false.
	Pages bool `json:"pages,omitempty"`

	// File and line of the directive, for errors. Default: not known.
	At string `json:"at,omitempty"`

	app      *App
	rules    *guard.Rules   // SiteRules, as they were read
	lineage  []caddy.Module // what loads this handler; nil once it is judged
	written  json.RawMessage
	protects protection

	site siteHeaders
}

// CaddyModule returns the Caddy module information.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.sparekey", New: func() caddy.Module { return new(Handler) }}
}

// Written implements routes.Gate.
func (h *Handler) Written() json.RawMessage { return h.written }

// Provision finds the app; one with defaults is made when there is none, so
// that the single word "sparekey" is a whole configuration.
func (h *Handler) Provision(ctx caddy.Context) error {
	var err error
	if h.written, err = json.Marshal(h); err != nil { // loading clears the matchers
		return err
	}
	if err = h.loadMatch(ctx); err != nil {
		return err
	}
	app, err := ctx.App("sparekey")
	if err != nil {
		return err
	}
	h.app, h.lineage = app.(*App), ctx.Modules()
	if h.rules, err = h.read(h.At); err != nil {
		return err
	}
	h.app.meetRules(h.rules.Allow)
	if server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok {
		server.RegisterConnContext(keepConn)
	}
	return nil
}

// loadMatch loads the matchers of the directive.
func (h *Handler) loadMatch(ctx caddy.Context) error {
	if len(h.Match) == 0 {
		return nil
	}
	if err := judgeMatch(h.Match); err != nil {
		return at(h.At, err)
	}
	h.protects.target = slices.ContainsFunc(h.Match, beyondHosts)
	for i, set := range h.Match {
		h.Match[i] = widened(set)
	}
	loaded, err := ctx.LoadModule(h, "Match")
	if err != nil {
		return at(h.At, err)
	}
	return h.protects.sets.FromInterface(loaded)
}

// Validate refuses routes in which a gate does not guard: each handler its own
// place, and the first one those of all. It is done here because the app is
// validated too early, or without the routes, and validating starts nothing.
func (h *Handler) Validate() error {
	app, err := routes.App(h.lineage)
	h.lineage = nil
	if err != nil {
		return at(h.At, err)
	}
	if h.app.judged {
		return nil
	}
	h.app.judged = true
	return h.app.judgeRoutes(app)
}

// connKey is where the context of a request has its connection.
type connKey struct{}

// keepConn notes a connection once, however many gates the server has.
func keepConn(ctx context.Context, c net.Conn) context.Context {
	if ctx.Value(connKey{}) != nil {
		return ctx
	}
	return context.WithValue(ctx, connKey{}, c)
}

// ServeHTTP answers our own pages, lets signed-in people pass, and writes the
// answer to everybody else itself: a returned error would run the site's
// handle_errors without a login.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	switch {
	case web.Verifying(r):
		h.verify(w, r)
		return nil
	case web.Misdirected(r):
		front().RefuseMisdirected(h.site.under(h, w, r), r)
		return nil
	}
	rt, err := h.app.acquire()
	if err != nil {
		h.app.refuse(h.site.under(h, w, r), r, err)
		return nil
	}
	d := h.decide(rt, w, r)
	defer rt.after(d)
	if !d.OK() {
		return nil
	}
	ctx := r.Context()
	s := web.Follow(rt.guard, w, r, d, connKey{})
	defer s.Leave()
	answer := web.FromApp(w)
	defer answer.Close()
	if err = next.ServeHTTP(answer, r); err != nil {
		*r = *r.WithContext(ctx) // error routes get this request, and the other context ends here
	}
	return err
}

// decide answers the request unless it may go on, and then has told the app
// who is asking. Whatever panics in here denies.
func (h *Handler) decide(rt *runtime, w http.ResponseWriter, r *http.Request) (d guard.Decision) {
	defer func() {
		if err := recover(); err != nil {
			supervise.Report(rt.logger, "the gate", err)
			d = guard.Decision{}
			closed(h.site.under(h, w, r), r)
		}
	}()
	if rt.server.Ours(r) {
		rt.server.ServeHTTP(h.site.under(h, w, r), web.Within(r, h.rules))
		return d
	}
	if before, ok := caddyhttp.GetVar(r.Context(), passedKey).(*passed); ok {
		return h.again(rt, w, r, before.decision)
	}
	if _, clear := rt.server.Secure(r); !clear {
		rt.server.Deny(h.site.under(h, w, r), r, d)
		return d
	}
	q := h.question(rt, r)
	if q.Key != "" {
		h.app.tellLogged(r)
	}
	rt.server.Scrub(r)
	if rt.server.Foreign(r) {
		rt.server.RefuseForeign(h.site.under(h, w, r), r)
		return d
	}
	d = rt.guard.Check(r.Context(), q)
	if !d.OK() {
		rt.server.Deny(h.site.under(h, w, r), r, d)
		return d
	}
	introduce(r, d.Identity)
	caddyhttp.SetVar(r.Context(), passedKey, &passed{d})
	return d
}

// question is what the gate asks about a request.
func (h *Handler) question(rt *runtime, r *http.Request) guard.Question {
	q := rt.server.Question(r, h.rules)
	q.Free = h.Pages || len(h.protects.sets) > 0 && h.leavesOpen(rt, r)
	return q
}

// leavesOpen tells whether the matcher does not protect a request.
func (h *Handler) leavesOpen(rt *runtime, r *http.Request) bool {
	first, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request)
	if !ok {
		return false
	}
	var paths []string
	if h.protects.target {
		_, paths = rt.server.Target(r)
	}
	return !h.protects.of(r, &first, paths)
}

// passedKey is the variable by which a gate tells the next one on the same
// request, or on its error, whom it has let pass: the cookie is taken off by
// then. Neither a client nor a configuration can set a value of that type.
const passedKey = "sparekey.passed"

type passed struct{ decision guard.Decision }

// String implements fmt.Stringer: a placeholder of the variable shows nothing.
func (*passed) String() string { return "" }

// again decides about the same person by the rules of this gate.
func (h *Handler) again(rt *runtime, w http.ResponseWriter, r *http.Request, before guard.Decision) guard.Decision {
	d := rt.guard.Again(before, h.question(rt, r))
	if !d.OK() {
		rt.server.Deny(h.site.under(h, w, r), r, d)
		return d
	}
	introduce(r, d.Identity)
	return d
}

// introduce tells the app, the access log and placeholders who is asking; nil:
// nobody.
func introduce(r *http.Request, id *guard.Identity) {
	if id == nil {
		return
	}
	web.Introduce(r, id)
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		repl.Set("http.auth.user.id", id.User)
		repl.Set("http.auth.user.email", id.Mail)
		repl.Set("http.auth.user.groups", id.Groups)
	}
}

// Interface guards
var (
	_ caddy.Provisioner = (*Handler)(nil)
	_ caddy.Validator   = (*Handler)(nil)
	_ routes.Gate       = (*Handler)(nil)
)
