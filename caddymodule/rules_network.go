package caddymodule

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

const networkForm = "network CIDR... factors 1"

func (s *SiteRules) network(d *caddyfile.Dispenser) error {
	if s.Network != nil {
		return d.Err("network is there twice: write all of them into one line")
	}
	words := d.RemainingArgs()
	end := len(words) - 2
	if end < 1 || words[end] != "factors" || words[end+1] != "1" {
		return reads(d, networkForm)
	}
	s.Network = words[:end]
	for _, word := range s.Network {
		if _, err := readNetwork(word); literal(word) && err != nil {
			return d.WrapErr(err)
		}
	}
	return nil
}

func (s *SiteRules) loadNetwork(rules *guard.Rules) error {
	for _, word := range s.Network {
		word, err := replaced("network", word)
		if err != nil {
			return err
		}
		p, err := readNetwork(word)
		if err != nil {
			return err
		}
		rules.Networks.Ranges = append(rules.Networks.Ranges, p)
	}
	if s.Network != nil {
		rules.Networks.Never = routers()
	}
	return nil
}

// span of addresses, and the shortest prefix of it that may be trusted.
type narrow struct {
	within netip.Prefix
	bits   int
}

// narrows are ranges that are somebody's own. All other addresses are strangers':
// there a prefix is one line of one customer.
func narrows() []narrow {
	of := func(text string, bits int) narrow { return narrow{netip.MustParsePrefix(text), bits} }
	return []narrow{of("10.0.0.0/8", 16), of("172.16.0.0/12", 16), of("192.168.0.0/16", 16), of("fc00::/7", 48), of("0.0.0.0/0", 32), of("::/0", 56)}
}

// readNetwork reads a range, or a single address, and refuses one that is too wide
// or means this machine or link.
func readNetwork(word string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(word)
	if a, single := netip.ParseAddr(word); single == nil {
		p, err = netip.PrefixFrom(a, a.BitLen()), nil
	}
	a := p.Addr()
	switch {
	case err != nil || a.Zone() != "" || a.Is4In6():
		return p, fmt.Errorf("network %s: write a range such as 192.168.1.0/24, or an address", word)
	case p.Masked() != p:
		return p, fmt.Errorf("network %s: write the beginning of the range: %s", word, p.Masked())
	case a.IsLoopback(), a.IsUnspecified(), a.IsLinkLocalUnicast(), a.IsMulticast():
		return p, fmt.Errorf("network %s: these are no addresses of other machines of yours: write a range such as 192.168.1.0/24", word)
	}
	i := slices.IndexFunc(narrows(), func(n narrow) bool { return n.within.Contains(a) })
	if n := narrows()[i]; p.Bits() < n.bits {
		return p, fmt.Errorf("network %s: too many machines: write pieces of /%d and longer", word, n.bits)
	}
	return p, nil
}
