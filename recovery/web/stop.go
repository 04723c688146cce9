package web

import (
	"net/http"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/templates"
)

func (x *exchange) showStop() {
	token := x.r.URL.Query().Get("t")
	event, ok, err := x.Engine.StopWorks(x.r.Context(), token)
	switch {
	case err != nil:
		x.unavailable(err)
	case !ok:
		x.refuse(http.StatusNotFound, recovery.ProblemLinkExpired)
	case event == recovery.EventContactChanged:
		x.page(http.StatusOK, x.frame(), templates.UndoPage{Token: token})
	default:
		x.page(http.StatusOK, x.frame(), templates.StopPage{Token: token})
	}
}

// close closes the account of a link, or of a flow that the owner's act ended.
func (x *exchange) close() (bool, error) {
	if id := x.r.PostForm.Get("flow"); id != "" {
		return x.Engine.StopEnded(x.r.Context(), x.client, id)
	}
	return x.Engine.Stop(x.r.Context(), x.r.PostForm.Get("code"))
}

// stop freezes; it can only close, so it needs no more than the link.
func (x *exchange) stop() {
	ok, err := x.close()
	if err != nil {
		x.unavailable(err)
		return
	}
	if !ok {
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemLinkExpired)
		return
	}
	f := x.frame()
	f.Notice = &templates.Text{Key: "frozen"}
	x.page(http.StatusOK, f, templates.StopPage{})
}
