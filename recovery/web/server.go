package web

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/templates"
)

// Prefix is where our own pages live on every protected host.
const Prefix = templates.Prefix

// Server answers our own pages and the pages in place of an app. All fields
// are set before first use.
type Server struct {
	Engine   *engine.Engine
	Pages    *templates.Set
	Notify   recovery.Notifier                        // nil: nothing can be sent
	Log      *slog.Logger                             // nil: slog.Default()
	Origins  []string                                 // our own origins, as configured: https://photos.example.com; links are made of these only
	ClientIP func(*http.Request) string               // nil: the peer's address
	Forecast func(*recovery.Account) []templates.Loss // nil: the account page leaves it out
	Insecure bool                                     // plain http is allowed off loopback
}

// ServeHTTP answers everything below [Prefix].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.harden(w)
	x := s.exchange(w, r)
	if x.tooOpen() {
		x.refuse(http.StatusForbidden, "insecure_http")
		return
	}
	route, ok := routes()[strings.TrimPrefix(r.URL.Path, Prefix)]
	if id, found := strings.CutPrefix(r.URL.Path, Prefix+"people/"); found && id != "" {
		x.person, ok = id, true
		route = personRoute()
	}
	switch {
	case strings.HasPrefix(r.URL.Path, Prefix+"static/"):
		x.static()
	case !ok:
		x.refuse(http.StatusNotFound, "not_found")
	case (r.Method == http.MethodGet || r.Method == http.MethodHead) && route.get != nil:
		x.get(route)
	case r.Method == http.MethodPost && route.post != nil:
		x.post(route)
	default:
		x.refuse(http.StatusMethodNotAllowed, "not_found")
	}
}

// route is one address below the prefix.
type route struct {
	get, post func(*exchange)
	document  bool // answers only the navigation of a document
}

func routes() map[string]route {
	return map[string]route{
		"":        {get: (*exchange).showFlow, post: (*exchange).submit},
		"login":   {get: (*exchange).showLogin},
		"choose":  {get: (*exchange).showChoose},
		"recover": {get: (*exchange).showRecover, document: true},
		"setup":   {get: (*exchange).showSetup},
		"link":    {get: (*exchange).showLink},
		"stop":    {get: (*exchange).showStop, post: (*exchange).stop},
		"account": {get: (*exchange).showAccount, post: (*exchange).changeAccount, document: true},
		"logout":  {post: (*exchange).logout},
		"people":  {get: (*exchange).showPeople, post: (*exchange).invite, document: true},

		"account/approve": {get: (*exchange).showApprove, document: true},
		"healthz":         {get: (*exchange).health},
		"activate":        {get: (*exchange).showLink},
	}
}

// get answers a page. What shares an origin with the app answers only the
// navigation of a document, and never as a service worker's script.
func (x *exchange) get(rt route) {
	dest := x.r.Header.Get("Sec-Fetch-Dest")
	if x.r.Header.Get("Service-Worker") != "" || rt.document && dest != "" && dest != "document" {
		x.refuse(http.StatusForbidden, "not_found")
		return
	}
	rt.get(x)
}

func (x *exchange) post(rt route) {
	if !x.sameOrigin() {
		x.refuse(http.StatusForbidden, "cross_site")
		return
	}
	if status, key := x.parse(); status != 0 {
		x.refuse(status, key)
		return
	}
	rt.post(x)
}

// harden sets what every answer of ours carries.
func (s *Server) harden(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
}

func (s *Server) log() *slog.Logger {
	if s.Log == nil {
		return slog.Default()
	}
	return s.Log
}

// submit hands a form to the engine and turns the outcome into an answer.
func (x *exchange) submit() {
	in := x.input()
	o, err := x.Engine.Submit(x.r.Context(), x.client, in)
	if err != nil {
		x.unavailable(err)
		return
	}
	// A ticket is bound to this browser although nothing came of it: without
	// its token the link would be dead for good.
	if o.FlowToken != "" && (o.Stored || o.Flow != nil && len(o.Flow.Reserved) > 0) {
		x.addFlow(o.FlowToken)
	} else if o.Stored {
		x.keepFlow(o.Flow)
	}
	switch {
	case o.Finished != "":
		x.finished(o)
	case o.Problem != nil:
		x.problem(o, in)
	default:
		x.redirect(x.flowURL(o.Flow.ID, o.Notice))
	}
}

// finished sets the cookies and leads on.
func (x *exchange) finished(o recovery.Outcome) {
	x.dropFlow(o.Flow)
	if o.Session != "" {
		x.setSession(o.Session, o.Keep)
	}
	if o.Device != "" {
		x.setDevice(o.Device)
	}
	x.redirect(x.afterwards(o))
}

// afterwards is where a finished flow leads.
func (x *exchange) afterwards(o recovery.Outcome) string {
	after := recovery.RecipeOf(x.Engine.Recipes, o.Finished).After
	says := after.Notice(o.Flow)
	switch after.To {
	case recovery.ToReturn:
		return SafeReturn(o.Return)
	case recovery.ToSignIn:
		return x.loginURL(says, o.Return)
	case recovery.ToPerson:
		return x.address("people/"+o.Flow.Person, url.Values{"done": {says}})
	case recovery.ToAccount:
	}
	return x.accountURL(says)
}

// problem shows the step again with what went wrong.
func (x *exchange) problem(o recovery.Outcome, in recovery.Input) {
	p := o.Problem
	status := http.StatusUnprocessableEntity
	if p.Wait > 0 {
		x.w.Header().Set("Retry-After", seconds(p.Wait))
		status = http.StatusTooManyRequests
	}
	switch {
	case p.Wait == 0 && o.Flow == nil && in.Flow == "" && in.Start == recovery.KindOpenCase:
		x.caseRefused(in, p)
		return
	case p.Key == recovery.ProblemAddressTaken && x.client.Session != "":
		x.notChanged(p.Key)
		return
	case p.Key == recovery.ProblemBusy:
		status = http.StatusServiceUnavailable
	}
	f, c := x.again(o, in)
	f.Problem = text(p)
	x.page(status, f, c)
}

// again is the page that tells of a problem: the form that was posted, where it
// may be tried again at once.
func (x *exchange) again(o recovery.Outcome, in recovery.Input) (templates.Frame, templates.Content) {
	switch p := o.Problem; {
	case p.Key == recovery.ProblemBusy:
		return x.frame(), templates.SlowDownPage{Wait: p.Wait, Busy: true}
	case p.Wait > 0:
		return x.frame(), templates.SlowDownPage{Wait: p.Wait, Ways: templates.Ways{Recover: x.recoverable()}}
	case o.Flow != nil:
		f := x.flowFrame(o)
		f.Return = o.Flow.Return
		return f, x.stepPage(o, in)
	default:
		return x.entry(in)
	}
}

// entry is the page a form came from that never became a flow.
func (x *exchange) entry(in recovery.Input) (templates.Frame, templates.Content) {
	switch {
	case in.Flow == "" && in.Start == recovery.KindLogin:
		return x.login(in.Return, in.Name)
	case in.Flow == "" && in.Start == recovery.KindSetup:
		return x.startFrame(recovery.KindSetup), templates.SetupPage{}
	case in.Flow == "" && in.Code != "":
		return x.startFrame(""), x.link()
	}
	return x.refusedFrame(), templates.RefusedPage{}
}

func seconds(d time.Duration) string { return itoa(int((d + time.Second - 1) / time.Second)) }

// input copies the fields of the form.
func (x *exchange) input() recovery.Input {
	f := x.r.PostForm.Get
	return recovery.Input{
		Flow: f("flow"), Start: recovery.Kind(f("start")), Return: SafeReturn(f("return")),
		Name: f("name"), Mail: f("mail"), Phone: f("phone"), Extension: f("extension"), Method: f("method"), Choice: f("choice"),
		PIN: secret.Text(f("pin")), Answer: secret.Text(f("answer")), Reason: f("reason"),
		Password: secret.Text(f("password")), NewPassword: secret.Text(f("new_password")), Code: secret.Text(f("code")),
		Remember: f("remember") != "",
	}
}

// health says that the process answers and the store can be read.
func (x *exchange) health() {
	if _, err := x.Engine.HasAccounts(x.r.Context()); err != nil {
		x.w.Header().Set("Retry-After", "5")
		http.Error(x.w, "store away", http.StatusServiceUnavailable)
		return
	}
	x.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = x.w.Write([]byte("ok\n"))
}

func (x *exchange) static() {
	a, ok := x.Pages.Asset(strings.TrimPrefix(x.r.URL.Path, Prefix+"static/"))
	if !ok || x.r.Method != http.MethodGet && x.r.Method != http.MethodHead {
		x.refuse(http.StatusNotFound, "not_found")
		return
	}
	h := x.w.Header()
	h.Set("Content-Type", a.Type)
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("ETag", a.ETag)
	h.Set("Vary", "Accept-Encoding")
	if x.r.Header.Get("If-None-Match") == a.ETag {
		x.w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.Body
	if a.Gzip != nil && strings.Contains(x.r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = a.Gzip
	}
	_, _ = x.w.Write(body)
}
