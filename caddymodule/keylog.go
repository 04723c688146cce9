package caddymodule

import (
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// tellLogged says once that the access log of a site has an access key in it: Caddy
// writes it before any handler sees the request, and leaves out the values of
// Authorization and Cookie only.
func (a *App) tellLogged(r *http.Request) {
	if len(r.Header[web.HeaderKey]) == 0 || a.keyLogged.Load() {
		return
	}
	server, ok := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if ok && server.Logs != nil && a.keyLogged.CompareAndSwap(false, true) {
		a.logger.Warn("an access key came in the header Sparekey-Key, which the access log writes down as it is: send it in Authorization, " +
			"or write in the site: log { format filter { request>headers>Sparekey-Key delete } }")
	}
}
