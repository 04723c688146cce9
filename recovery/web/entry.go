package web

import (
	"net/http"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/templates"
)

// startFrame is the frame of a page before its first POST.
func (x *exchange) startFrame(kind recovery.Kind) templates.Frame {
	f := x.frame()
	f.Start = string(kind)
	f.Return = x.Return(x.r.URL.Query().Get("return"))
	return f
}

// login is the page that asks for name and password, the name as typed before.
func (x *exchange) login(back, name string) (templates.Frame, templates.SignInPage) {
	f := x.frame()
	f.Start, f.Return = string(recovery.KindLogin), back
	return f, templates.SignInPage{Name: name, Remember: true, Recover: x.recoverable(), Passkeys: x.asksPasskeys()}
}

func (x *exchange) loginAgain(in recovery.Input) (templates.Frame, templates.Content, bool) {
	f, c := x.login(in.Return, in.Name)
	c.Kept = in.Remember
	return f, c, true
}

func (x *exchange) showLogin() {
	ready, err := x.Engine.HasAccounts(x.r.Context())
	if err != nil {
		x.unavailable(err)
		return
	}
	if !ready {
		x.showSetup()
		return
	}
	asked := x.r.URL.Query().Get("return")
	back := x.Return(asked)
	if x.handsOver(back) {
		return
	}
	if asked != "" && x.signedIn() {
		x.redirect(back)
		return
	}
	f, c := x.login(back, "")
	f.Notice = x.notice()
	x.page(http.StatusOK, f, c)
}

func (x *exchange) showRecover() {
	if x.r.URL.Query().Get("choice") == string(recovery.KindUnlock) {
		x.page(http.StatusOK, x.startFrame(recovery.KindUnlock), templates.RecoverPage{})
		return
	}
	c := templates.RecoverPage{AskPhone: x.Engine.HasExtensions(), Case: x.cases()}
	x.page(http.StatusOK, x.startFrame(recovery.KindRecover), c)
}

func (x *exchange) showSetup() {
	ready, err := x.Engine.HasAccounts(x.r.Context())
	if err != nil {
		x.unavailable(err)
		return
	}
	if ready {
		f := x.frame()
		f.Problem = &templates.Text{Key: recovery.ProblemSetupDone}
		x.page(http.StatusNotFound, f, templates.RefusedPage{})
		return
	}
	x.page(http.StatusOK, x.startFrame(recovery.KindSetup), templates.SetupPage{})
}

func (x *exchange) setupAgain(recovery.Input) (templates.Frame, templates.Content, bool) {
	return x.startFrame(recovery.KindSetup), templates.SetupPage{}, true
}

func (x *exchange) showLink() { x.page(http.StatusOK, x.startFrame(""), x.link()) }

// link is the page that asks for the code of a link.
func (x *exchange) link() templates.ConfirmPage { return templates.ConfirmPage{Case: x.cases()} }

// showInvitation is where an invitation leads.
func (x *exchange) showInvitation() {
	f, c := x.invitation()
	x.page(http.StatusOK, f, c)
}

func (x *exchange) invitation() (templates.Frame, templates.ActivatePage) {
	signed := x.r.URL.Query().Get("by")
	return x.startFrame(recovery.KindActivate), templates.ActivatePage{By: x.Engine.LinkedBy(signed), Signed: signed}
}

// showJoin is where a group's link leads.
func (x *exchange) showJoin() {
	f, c, _ := x.joinAgain(recovery.Input{})
	x.page(http.StatusOK, f, c)
}

func (x *exchange) joinAgain(recovery.Input) (templates.Frame, templates.Content, bool) {
	signed := x.r.URL.Query().Get("by")
	return x.startFrame(recovery.KindJoin), templates.ActivatePage{By: x.Engine.LinkedBy(signed), Signed: signed, Group: true}, true
}

func (x *exchange) activateAgain(recovery.Input) (templates.Frame, templates.Content, bool) {
	f, c := x.invitation()
	return f, c, true
}

// showCase is where the link of a case leads, and showRescue that of the
// operator's rescue.
func (x *exchange) showCase() { x.showHelp("case") }

func (x *exchange) showRescue() { x.showHelp("rescue") }

func (x *exchange) showHelp(what string) {
	c := templates.ConfirmPage{Ways: templates.Ways{Method: what}, Signed: x.r.URL.Query().Get("by")}
	c.By = x.Engine.LinkedBy(c.Signed)
	x.page(http.StatusOK, x.startFrame(""), c)
}
