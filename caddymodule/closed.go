package caddymodule

import (
	"net/http"

	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

// closed is the answer when nothing of ours can run.
func closed(w http.ResponseWriter, r *http.Request) {
	front().Harden(w, r)
	w.Header().Set("Retry-After", "5")
	http.Error(w, "Sign-in is not available right now. You have not been signed out.", http.StatusServiceUnavailable)
}

// refuse answers a request for which nothing is open. Why the store is away is in
// the log once a minute, and not for each request.
func (a *App) refuse(w http.ResponseWriter, r *http.Request, err error) {
	s := a.shut.Load()
	if s == nil {
		a.logger.Error("gate not open", "error", err)
		closed(w, r)
		return
	}
	defer func() {
		if p := recover(); p != nil {
			supervise.Report(a.logger, "the gate", p)
			closed(w, r)
		}
	}()
	s.answer(w, r)
}
