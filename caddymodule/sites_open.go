package caddymodule

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/caddy-sparekey/sparekey/caddymodule/routes"
)

// serve notes what a server answers for. A name that two servers have is one site.
func (s *sites) serve(list []routes.Site) {
	for _, site := range list {
		i := slices.IndexFunc(s.served, func(have routes.Site) bool { return have.Host == site.Host })
		if i < 0 {
			s.served = append(s.served, site)
			continue
		}
		have := &s.served[i]
		have.Guarded = have.Guarded || site.Guarded
		if !strings.Contains(have.Open, site.Open) {
			have.Open = strings.TrimPrefix(have.Open+", "+site.Open, ", ")
		}
	}
	slices.SortFunc(s.served, func(a, b routes.Site) int { return strings.Compare(a.Host, b.Host) })
}

// open are the sites of which a gate leaves something open, and others the names
// of those without a gate.
func (s *sites) open() (open []routes.Site, others []string) {
	for _, site := range s.served {
		site.Host = cmp.Or(site.Host, "any other host")
		switch {
		case !site.Guarded:
			others = append(others, site.Host)
		case site.Open != "":
			open = append(open, site)
		}
	}
	return open, others
}

// guarded tells whether a gate protects anything.
func (s *sites) guarded() bool {
	return slices.ContainsFunc(s.served, func(s routes.Site) bool { return s.Guarded })
}

const unguarded = "no site has sparekey: everything is open to everybody"

// tellOpen says in the log what passes without a login: one line for each site.
func (s *sites) tellOpen(log *slog.Logger) {
	open, others := s.open()
	for _, site := range open {
		log.Info("open without a login", "site", site.Host, "what", site.Open)
	}
	switch {
	case len(others) > 0 && !s.guarded():
		log.Warn(unguarded+"; write sparekey into each that shall ask for a login", "sites", others)
	case len(others) > 0:
		log.Info("sites without sparekey are open to everybody", "sites", others)
	}
}

// printOpen says the same to whoever asks for an explanation.
func (s *sites) printOpen(w io.Writer) {
	open, others := s.open()
	if len(open)+len(others) == 0 {
		return
	}
	fmt.Fprint(w, "\nOpen without a login\n")
	for _, site := range open {
		fmt.Fprintf(w, "  %s: %s\n", site.Host, site.Open)
	}
	if len(others) > 0 {
		fmt.Fprintf(w, "  without sparekey, open to everybody: %s\n", strings.Join(others, ", "))
	}
}
