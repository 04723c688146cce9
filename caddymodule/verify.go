package caddymodule

import (
	"net/http"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
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
