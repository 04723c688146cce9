package web

import (
	"net/http"
	"strings"
)

// hosts are the origins of the configuration, by what a request asks for.
type hosts struct{ plain, secure map[string]string }

// site tells where a request is.
type site int

// The sites.
const (
	alone    site = iota // there is no portal: each host has its own pages and sign-in
	atPortal             // pages and sign-in of all hosts
	atHost               // one that people are handed over to
	nowhere              // one that is in no configuration: nobody can be
)

// site is where a request is, and the origin it is at as it was configured: the
// same string each time, for it is compared on every request.
func (s *Server) site(r *http.Request) (site, string) {
	if s.Portal == "" {
		return alone, ""
	}
	switch origin := s.origin(r); origin {
	case s.Portal:
		return atPortal, origin
	case "":
		return nowhere, ""
	default:
		return atHost, origin
	}
}

// origin is the configured origin that a request asks for; empty: there is none.
func (s *Server) origin(r *http.Request) string {
	s.sorted.Do(s.sortHosts)
	names, port := s.hosts.plain, ":80"
	if s.secure(r) {
		names, port = s.hosts.secure, ":443"
	}
	if origin, ok := names[r.Host]; ok {
		return origin
	}
	return names[strings.TrimSuffix(strings.ToLower(r.Host), port)]
}

func (s *Server) sortHosts() {
	s.hosts = hosts{map[string]string{}, map[string]string{}}
	for _, origin := range append([]string{s.Portal}, s.Origins...) {
		if host, ok := strings.CutPrefix(origin, "https://"); ok {
			s.hosts.secure[host] = origin
		} else if host, ok := strings.CutPrefix(origin, "http://"); ok {
			s.hosts.plain[host] = origin
		}
	}
}

// unnamed is asked for as the host of a request that no configuration names: no
// cookie is for it.
const unnamed = "unnamed"

// CookieHost is the origin whose cookie a request has to show; empty: that of the
// session itself.
func (s *Server) CookieHost(r *http.Request) string {
	switch where, origin := s.site(r); where {
	case atHost:
		return origin
	case nowhere:
		return unnamed
	case alone, atPortal:
	}
	return ""
}
