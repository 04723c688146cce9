package web

import (
	"encoding/json"
	"net/http"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// exportData is the choice that hands somebody all that is kept of them.
const exportData = "export"

// exportOwn is a file of all that the account holds, for its owner: fresh, and never
// in a browser or at a time in which the account is not to be changed.
func (x *exchange) exportOwn(a *recovery.Account, s *recovery.Session) {
	if !a.OnProbation(s, x.Engine.Now()).IsZero() {
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemProbation)
		return
	}
	if !x.ownFresh(a, s) {
		return
	}
	text, err := json.MarshalIndent(a.Export(x.Engine.Now()), "", "  ")
	if err != nil {
		x.unavailable(err)
		return
	}
	x.Engine.Exported(x.r.Context(), a)
	h := x.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="my-data.json"`)
	x.w.WriteHeader(http.StatusOK)
	_, _ = x.w.Write(append(text, '\n')) // a browser that went away asks again
}
