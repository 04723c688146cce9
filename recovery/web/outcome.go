package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/templates"
)

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

func seconds(d time.Duration) string { return strconv.Itoa(int((d + time.Second - 1) / time.Second)) }
