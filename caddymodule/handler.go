package caddymodule

import (
	"context"
	"net"
	"net/http"

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

	// File and line of the directive, for errors. Default: not known.
	At string `json:"at,omitempty"`

	app     *App
	rules   *guard.Rules   // SiteRules, as they were read
	lineage []caddy.Module // what loads this handler; nil once it is judged

	site siteHeaders
}

// CaddyModule returns the Caddy module information.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.sparekey", New: func() caddy.Module { return new(Handler) }}
}

// Line implements routes.Gate.
func (h *Handler) Line() string { return h.At }

// Provision finds the app; one with defaults is made when there is none, so
// that the single word "sparekey" is a whole configuration.
func (h *Handler) Provision(ctx caddy.Context) error {
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
	return routes.Judge(app)
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
	if web.Ours(r) {
		rt.server.Within(h.rules).ServeHTTP(h.site.under(h, w, r), r)
		return d
	}
	if before, ok := caddyhttp.GetVar(r.Context(), passedKey).(*passed); ok {
		return h.again(rt, w, r, before.decision)
	}
	q := rt.server.Question(r, h.rules)
	if q.Key != "" {
		h.app.tellLogged(r)
	}
	web.Scrub(r)
	if web.Foreign(r) {
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

// passedKey is the variable by which a gate tells the next one on the same
// request, or on its error, whom it has let pass: the cookie is taken off by
// then. Neither a client nor a configuration can set a value of that type.
const passedKey = "sparekey.passed"

type passed struct{ decision guard.Decision }

// String implements fmt.Stringer: a placeholder of the variable shows nothing.
func (*passed) String() string { return "" }

// again decides about the same person by the rules of this gate.
func (h *Handler) again(rt *runtime, w http.ResponseWriter, r *http.Request, before guard.Decision) guard.Decision {
	d := rt.guard.Again(before, rt.server.Question(r, h.rules))
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
