package caddymodule

import (
	"net/netip"
	"slices"
	"testing"
)

// TestNarrowNetworksLoad with each kind of address that is somebody's own.
func TestNarrowNetworksLoad(t *testing.T) {
	for _, word := range []string{"192.168.1.0/24", "192.168.0.0/16", "10.7.0.0/16", "172.16.5.9", "fd12:3456:789a::/48", "203.0.113.9", "203.0.113.9/32", "2001:db8:0:100::/56", "100.64.0.9"} {
		if _, err := readNetwork(word); err != nil {
			t.Error(err)
		}
	}
}

// TestGatewaysAreRead from tables as Linux writes them.
func TestGatewaysAreRead(t *testing.T) {
	v4 := "Iface\tDestination\tGateway \tFlags\neth0\t00000000\t0101A8C0\t0003\neth0\t0001A8C0\t00000000\t0001\n"
	if got := gateways4(v4); !slices.Equal(got, []netip.Addr{netip.MustParseAddr("192.168.1.1")}) {
		t.Errorf("got %v, want 192.168.1.1", got)
	}
	v6 := "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003 eth0\n"
	if got := gateways6(v6); !slices.Equal(got, []netip.Addr{netip.MustParseAddr("fe80::1")}) {
		t.Errorf("got %v, want fe80::1", got)
	}
	if !slices.Contains(routers(), netip.MustParseAddr("127.0.0.1")) {
		t.Error("the addresses of this machine are not among them")
	}
}
