package web

import (
	"net/http"
	"net/url"
	"strings"

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
	if o.Stored && o.FlowToken != "" {
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
	if recovery.RecipeOf(x.Engine.Recipes, o.Finished).After.To != recovery.ToSignIn {
		x.dropFlow(o.Flow) // before a sign-in its token says which browser has just used a code
	}
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
	recipe := recovery.RecipeOf(x.Engine.Recipes, o.Finished)
	after := recipe.After
	says := after.Notice(o.Flow)
	switch after.To {
	case recovery.ToReturn:
		if recipe.Opens && x.guessed(o.Account) > 0 {
			return x.accountURL("") // which says so
		}
		back := x.Return(o.Return)
		if name, ours := strings.CutPrefix(back, Prefix); ours {
			return x.address(name, url.Values{"done": {says}})
		}
		return back
	case recovery.ToSignIn:
		return x.loginURL(says, o.Return)
	case recovery.ToPerson:
		return x.address("people/"+o.Flow.Person, url.Values{"done": {says}})
	case recovery.ToApprove:
		return x.address(approveAddress, url.Values{"choice": {string(recovery.KindLetIn)}, "done": {says}})
	case recovery.ToAccount:
	}
	return x.ownURL(ownPathOf(recipe), says)
}

// ownPathOf is the page of one's own account where a kind of flow begins and ends.
func ownPathOf(r *recovery.Recipe) string {
	if r == nil || r.After.Page == "" {
		return "account"
	}
	return "account/" + r.After.Page
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
	case p.Key == recovery.ProblemAddressTaken && x.client.Session != "":
		x.notChanged("account/contact", p.Key)
		return
	case p.Key == recovery.ProblemLastAdmin:
		x.notChanged("account/contact", p.Key)
		return
	case p.Key == recovery.ProblemFull:
		x.notChanged("account/devices", p.Key)
		return
	case p.Key == recovery.ProblemBusy:
		status = http.StatusServiceUnavailable
	}
	if state := recovery.InviteStateOf(p.Key); state != recovery.InviteOpen {
		x.page(http.StatusGone, x.frame(), templates.InviteOverPage{State: string(state), Recover: x.recoverable()})
		return
	}
	if f, c, ok := x.again(o, in); ok {
		f.Problem = text(p)
		x.page(status, f, c)
	}
}

// again is the page that tells of a problem: the form that was posted, where it
// may be tried again at once. It is false when there is none: then that has been
// answered.
func (x *exchange) again(o recovery.Outcome, in recovery.Input) (templates.Frame, templates.Content, bool) {
	switch p := o.Problem; {
	case p.Key == recovery.ProblemBusy:
		return x.frame(), templates.SlowDownPage{Wait: p.Wait, Busy: true}, true
	case p.Wait > 0 && !o.Step.Optional: // what may be skipped can be skipped now
		return x.frame(), templates.SlowDownPage{Wait: p.Wait, Ways: templates.Ways{Recover: x.recoverable()}, Unknown: x.client.Device == ""}, true
	case o.Flow != nil:
		f := x.flowFrame(o)
		f.Return = o.Flow.Return
		return f, x.stepPage(o, in), true
	case in.Flow == "" && p.Key != recovery.ProblemFlowFinished:
		return x.entry(in)
	}
	x.ended(o.Problem, in.Flow)
	return templates.Frame{}, nil, false
}

// entry is the page a form came from that never became a flow.
func (x *exchange) entry(in recovery.Input) (templates.Frame, templates.Content, bool) {
	switch show := entries()[in.Start]; {
	case show != nil:
		return show(x, in)
	case in.Code != "":
		return x.startFrame(""), x.link(), true
	}
	return x.refusedFrame(), templates.RefusedPage{}, true
}

// entries has a line for each kind of flow whose form stands on a page of its
// own: that page again. A form of another kind is refused, unless it came with
// the code of a link.
func entries() map[recovery.Kind]func(*exchange, recovery.Input) (templates.Frame, templates.Content, bool) {
	return map[recovery.Kind]func(*exchange, recovery.Input) (templates.Frame, templates.Content, bool){
		recovery.KindLogin:    (*exchange).loginAgain,
		recovery.KindLetIn:    (*exchange).approveAgain,
		recovery.KindSetup:    (*exchange).setupAgain,
		recovery.KindOpenCase: (*exchange).personAgain,
		recovery.KindActivate: (*exchange).activateAgain,
		recovery.KindJoin:     (*exchange).joinAgain,
	}
}
