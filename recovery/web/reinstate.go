package web

import (
	"net/http"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/templates"
)

// showReinstate is where the link leads by which an administrator undoes what another
// one did.
func (x *exchange) showReinstate() { x.page(http.StatusOK, x.frame(), templates.ReinstatePage{}) }

func (x *exchange) reinstate() {
	ok, err := x.Engine.Reinstate(x.r.Context(), x.r.PostForm.Get("code"), x.client)
	switch {
	case err != nil:
		x.unavailable(err)
	case !ok:
		x.Engine.Refused(x.r.Context(), recovery.Event{Name: recovery.EventTicketFailed, Detail: "none, or over: " + recovery.PurposeReinstate})
		f := x.frame()
		f.Problem = &templates.Text{Key: recovery.ProblemLinkExpired}
		x.page(http.StatusUnprocessableEntity, f, templates.ReinstatePage{})
	default:
		x.redirect(x.loginURL("reinstated", ""))
	}
}
