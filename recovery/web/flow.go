package web

import (
	"net/http"
	"slices"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/templates"
)

// showFlow renders where a flow stands, and writes nothing.
func (x *exchange) showFlow() {
	id := x.r.URL.Query().Get("f")
	if id == "" {
		x.redirect(x.accountURL(""))
		return
	}
	o, err := x.Engine.Show(x.r.Context(), x.client, id)
	if x.r.Method == http.MethodHead && err == nil && o.Problem == nil && o.Step.ByBrowser {
		x.peek(o.Flow)
		return
	}
	if !x.stands(o, err) {
		return
	}
	f := x.flowFrame(o)
	f.Notice = x.notice()
	x.page(http.StatusOK, f, x.stepPage(o, recovery.Input{}))
}

// stands tells whether a flow can be shown; if not, that has been answered.
func (x *exchange) stands(o recovery.Outcome, err error) bool {
	switch {
	case err != nil:
		x.unavailable(err)
	case o.Problem != nil:
		x.ended(o.Problem, x.r.URL.Query().Get("f"))
	default:
		return true
	}
	return false
}

// ended is the page of a flow that does not go on. Where an act of the owner has
// ended it, the account can be locked from here.
func (x *exchange) ended(p *recovery.Problem, flow string) {
	f := x.refusedFrame()
	if p.Key == recovery.ProblemFlowFinished {
		f.Notice, f.Return = &templates.Text{Key: p.Key}, x.Return(p.Args["return"])
		x.page(http.StatusOK, f, templates.RefusedPage{Done: true})
		return
	}
	f.Problem = text(p)
	lock := p.Key == recovery.ProblemOwnerSignedIn || p.Key == recovery.ProblemOwnerChanged
	if lock {
		f.Flow = flow
	}
	x.page(http.StatusUnprocessableEntity, f, templates.RefusedPage{Lock: lock})
}

// showChoose lists the other ways on from where a flow stands. It writes
// nothing: what is pressed there is posted like on the step itself.
func (x *exchange) showChoose() {
	o, paths, err := x.Engine.Alternatives(x.r.Context(), x.client, x.r.URL.Query().Get("f"))
	if !x.stands(o, err) {
		return
	}
	if o.Step.Enroll && len(o.Step.Methods) > 0 && !o.Unready {
		s := step{exchange: x, Outcome: o}
		x.page(http.StatusOK, x.flowFrame(o), templates.ChoicePage{Again: true, Factors: s.factorOptions(append(o.Step.Methods, o.Step.Method)), Later: slices.Contains(o.Step.Methods, recovery.Later)})
		return
	}
	c := templates.ChoosePage{Recover: x.recoverable() && o.Step.Method != recovery.NewContact}
	if !o.Unready {
		c.Choice = string(o.Flow.Goal)
	}
	for _, p := range paths {
		c.Options = append(c.Options, templates.Option{Method: p.Method, Wait: p.Wait, Then: bare(p.Then)})
	}
	x.page(http.StatusOK, x.flowFrame(o), c)
}

// flowFrame is the frame of the page a flow stands at.
func (x *exchange) flowFrame(o recovery.Outcome) templates.Frame {
	f := x.frame()
	if o.Stored {
		f.Flow = o.Flow.ID
	} else {
		f.Start, f.Return = string(o.Flow.Kind), o.Flow.Return
	}
	f.SignedIn = o.Flow.Session != ""
	if o.Step.Dead != "" && !o.Unready {
		f.Problem = &templates.Text{Key: o.Step.Dead}
	}
	return f
}

// goOn is the method of a page that only asks to go on: what follows is not
// made yet, and showing a page makes nothing.
const goOn = "go_on"

// stepPage is the page a flow stands at. It is nil for a step that no line fills.
func (x *exchange) stepPage(o recovery.Outcome, in recovery.Input) templates.Content {
	lines, key := proofPages(), o.Step.Page
	switch {
	case o.Unready:
		return templates.ConfirmPage{Ways: templates.Ways{Method: goOn}}
	case o.Step.Enroll:
		lines, key = enrolments(), o.Step.Method
	}
	line, ok := lines[key]
	if !ok {
		return nil
	}
	return line(step{exchange: x, Outcome: o, in: in})
}
