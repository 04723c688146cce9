package engine

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// homes are the networks in which one factor is enough. Where everybody comes from
// one address of such a network, a router may stand there that hides its clients:
// whoever is behind it is at home then.
type homes struct {
	mu   sync.Mutex
	list map[string]*home // by network
}

type home struct {
	address  string // the only one so far
	several  bool
	signIns  int
	accounts map[string]bool // up to manyAccounts
}

// manySignIns is after how many from one address, of [manyAccounts] and more, it
// is told.
const manySignIns = 10

// OneAddress is a network in which one factor is enough, and the only address from
// which people have signed in there.
type OneAddress struct{ Network, Address string }

// Text says it.
func (o OneAddress) Text() string {
	return "all who signed in from the network " + o.Network + " since the start came from one address, " + o.Address +
		": if that is a router or a proxy, one factor is enough for everybody behind it"
}

// Remedy is what to do about it.
func (o OneAddress) Remedy() string {
	return "name a proxy in trusted_proxies (global options, servers); write network in pieces that leave out the address of a router"
}

// came notes a sign-in. It is true when that makes it many, once for a network.
func (h *homes) came(network, address, account string) bool {
	if p, err := netip.ParsePrefix(network); err != nil || p.IsSingleIP() {
		return false // one address is what was written
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.list == nil {
		h.list = map[string]*home{}
	}
	at := h.list[network]
	if at == nil {
		at = &home{address: address, accounts: map[string]bool{}}
		h.list[network] = at
	}
	before := at.hides()
	at.several = at.several || at.address != address
	at.signIns++
	if len(at.accounts) < manyAccounts {
		at.accounts[account] = true
	}
	return at.hides() && !before
}

// hides is false for IPv6, where what is counted as one address is the whole of a
// home.
func (h *home) hides() bool {
	_, err := netip.ParseAddr(h.address)
	return err == nil && !h.several && h.signIns >= manySignIns && len(h.accounts) >= manyAccounts
}

func (h *homes) hidden() []OneAddress {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []OneAddress
	for network, at := range h.list {
		if at.hides() {
			out = append(out, OneAddress{network, at.address})
		}
	}
	slices.SortFunc(out, func(a, b OneAddress) int { return strings.Compare(a.Network, b.Network) })
	return out
}
