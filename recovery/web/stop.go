package web

import (
	"net/http"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/templates"
)

func (x *exchange) showStop() {
	if id := x.r.URL.Query().Get("f"); id != "" {
		x.showStopEnded(id)
		return
	}
	if token := x.r.URL.Query().Get("t"); token != "" { // links of before have it in the address
		x.showClosing(token)
		return
	}
	x.page(http.StatusOK, x.frame(), templates.StopPage{Ask: true})
}

// showClosing says what closing the account of a link does, and what would open
// it again.
func (x *exchange) showClosing(token string) {
	again, done := x.closedAlready(token)
	if done {
		return
	}
	event, ok, err := x.Engine.StopWorks(x.r.Context(), token)
	var ways []recovery.Way
	if ok && err == nil {
		ways, err = x.Engine.StopReopens(x.r.Context(), token)
	}
	switch {
	case err != nil:
		x.unavailable(err)
	case !ok:
		x.noClosing()
		x.refuse(http.StatusNotFound, recovery.ProblemLinkExpired)
	case event == recovery.EventContactChanged && !again:
		x.page(http.StatusOK, x.frame(), templates.UndoPage{Token: token, Reopening: reopening(ways)})
	default:
		x.page(http.StatusOK, x.frame(), templates.StopPage{Token: token, Again: again, OnlyFirst: event == recovery.EventWaitStarted || event == recovery.EventDeviceLetIn, Reopening: reopening(ways)})
	}
}

// closedAlready looks whether the account of a link is closed. Where it was
// closed by this link nothing is left to press, and that has been answered.
func (x *exchange) closedAlready(token string) (closed, done bool) {
	closed, pressed, err := x.Engine.StopClosed(x.r.Context(), token)
	switch {
	case err != nil:
		x.unavailable(err)
	case pressed:
		x.closed("frozen_already", token)
	default:
		return closed, false
	}
	return closed, true
}

// closed says that the account of a link is closed, and how to open it again.
func (x *exchange) closed(says, token string) {
	ways, err := x.Engine.ReopensNow(x.r.Context(), token)
	if err != nil {
		x.unavailable(err)
		return
	}
	x.showClosed(says, ways)
}

func (x *exchange) showClosed(says string, ways []recovery.Way) {
	f := x.frame()
	f.Notice = &templates.Text{Key: says}
	x.page(http.StatusOK, f, templates.StopPage{Reopening: reopening(ways)})
}

// showStopEnded is the page for a flow that an act of the owner has ended.
func (x *exchange) showStopEnded(id string) {
	ways, ok, err := x.Engine.EndedReopens(x.r.Context(), x.client, id)
	closed := false
	if !ok && err == nil {
		ways, closed, err = x.Engine.EndedClosed(x.r.Context(), x.client, id)
	}
	switch {
	case err != nil:
		x.unavailable(err)
	case closed:
		x.showClosed("frozen_already", ways)
	case !ok:
		x.refuse(http.StatusNotFound, recovery.ProblemLinkExpired)
	default:
		f := x.frame()
		f.Flow = id
		x.page(http.StatusOK, f, templates.StopPage{Reopening: reopening(ways)})
	}
}

// noClosing audits a link that closes nothing.
func (x *exchange) noClosing() {
	x.Engine.Refused(x.r.Context(), recovery.Event{Name: recovery.EventTicketFailed, Detail: "none, or over: " + recovery.PurposeStop})
}

// reopening is what would open the account again, by kind.
func reopening(ways []recovery.Way) templates.Reopening {
	var out templates.Reopening
	for _, w := range ways {
		out.Ways = append(out.Ways, templates.Option{Then: bare(w.Proofs), Wait: w.Wait})
	}
	return out
}

// Choices on the page of a link. Any other closes the account.
const (
	stopLook = "look" // only says what closing does: the secret came by a form, and stands in no address
	stopOnly = "only" // leaves the account open
)

// stop freezes; it can only close, so it needs no more than the link.
func (x *exchange) stop() {
	flow, token, choice := x.r.PostForm.Get("flow"), x.r.PostForm.Get("code"), x.r.PostForm.Get("choice")
	switch {
	case choice == stopLook:
		x.showClosing(token)
		return
	case flow != "":
		x.stopEnded(flow)
		return
	}
	if _, done := x.closedAlready(token); done {
		return
	}
	do := x.Engine.Stop
	if choice == stopOnly {
		do = x.Engine.StopOnly
	}
	ok, err := do(x.r.Context(), token, x.client)
	switch {
	case !x.stopped(ok, err):
	case choice == stopOnly:
		x.redirect(x.loginURL("stopped_only", ""))
	default:
		x.closed("frozen", token)
	}
}

// stopEnded closes the account of a flow that the owner's act ended.
func (x *exchange) stopEnded(flow string) {
	ok, err := x.Engine.StopEnded(x.r.Context(), x.client, flow)
	if !x.stopped(ok, err) {
		return
	}
	ways, _, err := x.Engine.EndedClosed(x.r.Context(), x.client, flow)
	if err != nil {
		x.unavailable(err)
		return
	}
	x.showClosed("frozen", ways)
}

// stopped tells whether that was done; if not, that has been answered.
func (x *exchange) stopped(ok bool, err error) bool {
	switch {
	case err != nil:
		x.unavailable(err)
	case !ok:
		x.noClosing()
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemLinkExpired)
	default:
		return true
	}
	return false
}
