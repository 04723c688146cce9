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

func (n Networks) has(client netip.Addr) bool {
	client = client.Unmap().WithZone("")
	return client.IsValid() && !slices.Contains(n.Never, client) &&
		slices.ContainsFunc(n.Ranges, func(p netip.Prefix) bool { return p.Contains(client) })
}
