package web

import (
	"errors"
	"net/http"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// showAs is the choice that sets the name one is shown by.
const showAs = "show_as"

// nameOneself sets the name that one is shown by.
func (x *exchange) nameOneself(a *recovery.Account, s *recovery.Session) {
	if !a.OnProbation(s, x.Engine.Now()).IsZero() {
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemProbation)
		return
	}
	if !x.ownFresh(a, s) {
		return
	}
	switch err := x.Engine.ShowAs(x.r.Context(), a.ID, x.r.PostForm.Get("label")); {
	case errors.Is(err, recovery.ErrBadDisplayName):
		x.notChanged("account", recovery.ProblemDisplayName)
	case errors.Is(err, recovery.ErrFull):
		x.notChanged("account", recovery.ProblemFull)
	case err != nil:
		x.unavailable(err)
	default:
		x.redirect(x.ownURL("account", "name_shown"))
	}
}
