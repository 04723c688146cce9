package web

import (
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/templates"
)

// Prefix is where our own pages live on every protected host.
const Prefix = templates.Prefix

// Server answers our own pages and the pages in place of an app. All fields
// are set before first use.
type Server struct {
	Front // what stands in front; the zero value: nothing that is trusted

	Engine   *engine.Engine
	Pages    *templates.Set
	Notify   recovery.Notifier                        // nil: nothing can be sent
	Log      *slog.Logger                             // nil: slog.Default()
	Origins  []string                                 // our own origins, as configured: https://photos.example.com; links are made of these only
	Public   string                                   // the origin for links when another one is asked for; empty: the first of Origins
	Unnamed  bool                                     // pages are also at hosts that Origins cannot name, such as those of a wildcard
	Original func(*http.Request) (string, *url.URL)   // method and address as they came, before any rewrite; nil: nothing rewrites
	Forecast func(*recovery.Account) []templates.Loss // nil: the account page leaves it out
	Insecure bool                                     // plain http is allowed off loopback
	Forward  *Forward                                 // what other proxies may ask; nil: nothing

	// Portal is the origin of all pages and of the sign-in, for every host of
	// Origins: those then have cookies of their own, which a ticket brings there.
	// Links lead to it. Empty: each host has its own pages and sign-in.
	Portal string

	unclear sync.Once // the proxy in front that nobody can understand is in the log
	mapped  sync.Once // so is the host that is not at the port it has here
	sorted  sync.Once
	hosts   hosts
	turn    atomic.Uint32 // of the cookies of those on their way to the portal
}

func (s *Server) log() *slog.Logger {
	if s.Log == nil {
		return slog.Default()
	}
	return s.Log
}
