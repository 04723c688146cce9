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
	case event == recovery.EventContactChanged:
		x.page(http.StatusOK, x.frame(), templates.UndoPage{Token: token, Reopening: reopening(ways)})
	default:
		x.page(http.StatusOK, x.frame(), templates.StopPage{Token: token, Reopening: reopening(ways)})
	}
}

// showStopEnded is the page for a flow that an act of the owner has ended.
func (x *exchange) showStopEnded(id string) {
	ways, ok, err := x.Engine.EndedReopens(x.r.Context(), x.client, id)
	switch {
	case err != nil:
		x.unavailable(err)
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

// close closes the account of a link, or of a flow that the owner's act ended.
func (x *exchange) close() (bool, error) {
	if id := x.r.PostForm.Get("flow"); id != "" {
		return x.Engine.StopEnded(x.r.Context(), x.client, id)
	}
	return x.Engine.Stop(x.r.Context(), x.r.PostForm.Get("code"), x.client)
}

// stop freezes; it can only close, so it needs no more than the link.
func (x *exchange) stop() {
	choice := x.r.PostForm.Get("choice")
	if choice == stopLook {
		x.showClosing(x.r.PostForm.Get("code"))
		return
	}
	only := choice == stopOnly
	do := x.close
	if only {
		do = func() (bool, error) { return x.Engine.StopOnly(x.r.Context(), x.r.PostForm.Get("code"), x.client) }
	}
	ok, err := do()
	switch {
	case err != nil:
		x.unavailable(err)
	case !ok:
		x.noClosing()
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemLinkExpired)
	case only:
		x.redirect(x.loginURL("stopped_only", ""))
	default:
		f := x.frame()
		f.Notice = &templates.Text{Key: "frozen"}
		x.page(http.StatusOK, f, templates.StopPage{})
	}
}
