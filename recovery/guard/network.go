package guard

import (
	"net/netip"
	"slices"
)

// Networks are where one factor is enough.
type Networks struct {
	Ranges []netip.Prefix
	Never  []netip.Addr // routers and this machine: behind their addresses may be anybody
}

// Of is the range that a client is in. One whose address cannot be told is in none.
func (n Networks) Of(client netip.Addr) (netip.Prefix, bool) {
	client = client.Unmap().WithZone("")
	if !client.IsValid() || slices.Contains(n.Never, client) {
		return netip.Prefix{}, false
	}
	i := slices.IndexFunc(n.Ranges, func(p netip.Prefix) bool { return p.Contains(client) })
	if i < 0 {
		return netip.Prefix{}, false
	}
	return n.Ranges[i], true
}
