package caddymodule

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

// Forwarding has other proxies ask, below /.sparekey/verify, whether a request to
// one of their apps may go on.
type Forwarding struct {
	// Peers that may ask, by the address of their connection: addresses, networks
	// such as 172.18.0.0/16, or the word unix for those who may open a Unix socket
	// that Caddy listens at. Placeholders are replaced. Default: nobody.
	From []string `json:"from,omitempty"`

	// The hosts they may ask about, and the rules of each. Every other host is
	// refused.
	Sites []*ForwardedSite `json:"sites,omitempty"`

	peers  peers
	hosts  map[string]*guard.Rules // by origin
	behind []string                // the origins, as they were written
}

// ForwardedSite is a host behind another proxy.
type ForwardedSite struct {
	// The address that people type: photos.example.com, with a port unless it is
	// 443, and with http:// where it is not https. One name, without a wildcard.
	// Placeholders are replaced. Required.
	Host string `json:"host"`

	SiteRules

	// File and line, for errors. Default: not known.
	Line string `json:"line,omitempty"`
}

// from reads who may ask.
func (f *Forwarding) from(d *caddyfile.Dispenser) error {
	const form = "from ADDRESS|NETWORK|unix..., such as from 127.0.0.1"
	if f.From = d.RemainingArgs(); len(f.From) == 0 {
		return reads(d, form)
	}
	for _, word := range f.From {
		if err := new(peers).add(word); literal(word) && err != nil {
			return d.WrapErr(err)
		}
	}
	return nothingMore(d, form)
}

// site reads a host and its rules, which are those of the directive.
func (f *Forwarding) site(d *caddyfile.Dispenser) error {
	s := &ForwardedSite{Line: lineOf(d)}
	if !d.AllArgs(&s.Host) {
		return reads(d, "site HOST, and its rules in a block; one host each")
	}
	if _, err := s.origin(); literal(s.Host) && err != nil {
		return d.WrapErr(err)
	}
	f.Sites = append(f.Sites, s)
	return s.block(d)
}

// origin is scheme, host and port as browsers write them.
func (s *ForwardedSite) origin() (string, error) {
	text := s.Host
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Path != "" && u.Path != "/" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("site: %q is no host: write its name as people type it, such as photos.example.com", s.Host)
	}
	if strings.ContainsAny(u.Host, "*{") {
		return "", fmt.Errorf("site: %q is more than one host: write a site for each, since a host that is not written is refused", s.Host)
	}
	return origin(u.Scheme, u.Hostname(), portOf(u)), nil
}

// siteOf is the host behind another proxy that is found at an origin; nil: none is.
func (f *Forwarding) siteOf(asked string) (*ForwardedSite, error) {
	for _, s := range f.Sites {
		host, err := replaced("site", s.Host)
		if err != nil {
			return nil, at(s.Line, err)
		}
		if found, err := (&ForwardedSite{Host: host}).origin(); err != nil {
			return nil, at(s.Line, err)
		} else if found == asked {
			return s, nil
		}
	}
	return nil, nil
}
