package caddymodule

import (
	"net/http"
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// keys reads a line, of which there may be several.
func (s *SiteRules) keys(d *caddyfile.Dispenser) error {
	paths := d.RemainingArgs()
	if len(paths) == 0 {
		return reads(d, "keys /PATH...")
	}
	for _, path := range paths {
		if slices.Contains(s.Keys, path) {
			return d.Errf("keys is there twice with %s: write it once", path)
		}
		if err := judgePath("keys", path); literal(path) && err != nil {
			return d.WrapErr(err)
		}
		s.Keys = append(s.Keys, path)
	}
	return nil
}

func (s *SiteRules) loadKeys(rules *guard.Rules) error {
	for _, word := range s.Keys {
		path, err := replaced("keys", word)
		if err == nil {
			err = judgePath("keys", path)
		}
		if err != nil {
			return err
		}
		rules.Keys = append(rules.Keys, path)
	}
	return nil
}

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
