package caddymodule

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// peers are those who may ask.
type peers struct {
	networks []netip.Prefix
	unix     bool // whoever may open our Unix sockets
}

// add reads one word of from.
func (p *peers) add(word string) error {
	if word == "unix" {
		p.unix = true
		return nil
	}
	network, err := netip.ParsePrefix(word)
	if a, err2 := netip.ParseAddr(word); err2 == nil && a.Zone() == "" {
		network, err = a.Unmap().Prefix(a.Unmap().BitLen())
	}
	switch {
	case err != nil:
		return fmt.Errorf("from: %q is no address of a proxy: write one such as 127.0.0.1, a network such as 172.18.0.0/16, or unix", word)
	case network.Bits() == 0:
		return fmt.Errorf("from: %s is everybody: write the address of the proxy that asks", word)
	case network != network.Masked():
		return fmt.Errorf("from: %s has bits behind its prefix: write %s", word, network.Masked())
	}
	p.networks = append(p.networks, network)
	return nil
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
