package engine

import (
	"net/netip"
	"sync"
)

// visitors tells whether everybody comes from one address: then the limits of a
// network are those of everybody, and a proxy in front hides who comes.
type visitors struct {
	mu       sync.Mutex
	network  string // the only one so far
	several  bool
	accounts map[string]bool // that were named, up to manyAccounts
}

// manyAccounts is how many make it unlikely that they are one person.
const manyAccounts = 3

func (v *visitors) came(network string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.several = v.several || v.network != "" && v.network != network
	v.network = network
}

func (v *visitors) named(account string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.accounts == nil {
		v.accounts = map[string]bool{}
	}
	if len(v.accounts) < manyAccounts {
		v.accounts[account] = true
	}
}

// shared is the address that all forms since the start have come from,
// when several people used it and it is one of a private network, as that of a
// proxy, container or router is; else empty.
func (v *visitors) shared() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.several || len(v.accounts) < manyAccounts {
		return ""
	}
	p, err := netip.ParsePrefix(v.network)
	a := p.Addr()
	if err != nil {
		if a, err = netip.ParseAddr(v.network); err != nil {
			return ""
		}
	}
	if !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() {
		return ""
	}
	return v.network
}
