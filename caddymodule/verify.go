package caddymodule

import (
	"net/http"
	"net/netip"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// verify answers the question of another proxy. Nothing of Caddy runs behind it.
func (h *Handler) verify(w http.ResponseWriter, r *http.Request) {
	w = h.site.under(h, w, r)
	rt, err := h.app.acquire()
	if err != nil {
		if h.app.shut.Load() == nil {
			h.app.logger.Error("gate not open", "error", err)
		}
		front().VerifyUnavailable(w, r)
		return
	}
	rt.after(rt.verify(w, r))
}

// verify answers as the guard decides. Whatever panics in here denies.
func (rt *runtime) verify(w http.ResponseWriter, r *http.Request) (d guard.Decision) {
	defer func() {
		if err := recover(); err != nil {
			supervise.Report(rt.logger, "the gate", err)
			d = guard.Decision{}
			front().VerifyUnavailable(w, r)
		}
	}()
	return rt.asked.Verify(w, r)
}

// askedOf answers proxies that ask. They are trusted to speak for their clients
// there, whether Caddy trusts them or not.
func (a *App) askedOf(rt *runtime) *web.Server {
	s := a.pagesOf(rt)
	s.Notify = rt.queue
	s.Front = web.Front{Peer: a.peers.has, Names: clientHeaders, Proxy: func(r *http.Request, hop netip.Addr) bool {
		return a.peers.contains(hop) || trustedAddress(r, hop)
	}}
	if len(a.From) > 0 {
		s.Forward = &web.Forward{Guard: rt.guard, Hosts: a.hosts}
	}
	return s
}
