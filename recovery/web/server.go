package web

import (
	"log/slog"
	"net/http"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/templates"
)

// Prefix is where our own pages live on every protected host.
const Prefix = templates.Prefix

// Server answers our own pages and the pages in place of an app. All fields
// are set before first use.
type Server struct {
	Engine   *engine.Engine
	Pages    *templates.Set
	Notify   recovery.Notifier                        // nil: nothing can be sent
	Log      *slog.Logger                             // nil: slog.Default()
	Origins  []string                                 // our own origins, as configured: https://photos.example.com; links are made of these only
	ClientIP func(*http.Request) string               // nil: the peer's address
	Forecast func(*recovery.Account) []templates.Loss // nil: the account page leaves it out
	Insecure bool                                     // plain http is allowed off loopback
}

// harden sets what every answer of ours carries.
func (s *Server) harden(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	StayOnTLS(h, r)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
}

// StayOnTLS has browsers that came by https come by https only, for a year, unless
// the site has said something of its own before (ASVS 5.0 3.4.1). Not so on a
// loopback host, where other programs are on other ports of the same name.
func StayOnTLS(h http.Header, r *http.Request) {
	const name = "Strict-Transport-Security"
	if r.TLS != nil && !Loopback(r.Host) && len(h[name]) == 0 {
		h.Set(name, "max-age=31536000")
	}
}

func (s *Server) log() *slog.Logger {
	if s.Log == nil {
		return slog.Default()
	}
	return s.Log
}
