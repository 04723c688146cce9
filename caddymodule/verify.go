package caddymodule

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

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

// peers are those who may ask.
type peers struct {
	networks []netip.Prefix
	unix     bool // whoever may open our Unix sockets
}

// has tells whether a connection is from one of them. It is the connection's own
// address that counts, and nothing that is said of another one.
func (p *peers) has(r *http.Request) bool {
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && strings.HasPrefix(local.Network(), "unix") {
		return p.unix
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(host)
	return err == nil && p.contains(a)
}

func (p *peers) contains(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, n := range p.networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}
