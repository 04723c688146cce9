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
		web.VerifyUnavailable(w, r)
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
			web.VerifyUnavailable(w, r)
		}
	}()
	return rt.server.Verify(w, r)
}

// forward is what other proxies may ask; nil: nothing.
func (a *App) forward(g *guard.Guard) *web.Forward {
	if len(a.From) == 0 {
		return nil
	}
	return &web.Forward{Guard: g, Peer: a.peers.has, Hosts: a.hosts}
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
