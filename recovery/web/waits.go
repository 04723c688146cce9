package web

import (
	"net/http"
	"net/url"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/templates"
)

// showWaits stands in front of the page asked for: somebody has begun a recovery
// that waits, and whoever sits here may stop it, or say that it was them. Then
// the page follows.
func (x *exchange) showWaits(id *guard.Identity) {
	if x.at == atHost {
		x.redirect(x.Portal + x.address("waits", url.Values{"return": {x.host + SafeReturn(x.r.URL.RequestURI())}}))
		return
	}
	a, err := x.Engine.Person(x.r.Context(), id.ID)
	if err != nil {
		x.undecided()
		return
	}
	f := x.mine()
	f.Return = SafeReturn(x.r.URL.RequestURI())
	x.page(http.StatusOK, f, templates.WaitsPage{Waits: shownWaits(a.Showing(id.Browser, x.Engine.Now()))})
}

func shownWaits(waits []recovery.Wait) []templates.Wait {
	var out []templates.Wait
	for _, w := range waits {
		out = append(out, templates.Wait{Goal: string(w.Goal), Began: w.Began, Browser: w.Browser, Until: w.Ready})
	}
	return out
}
