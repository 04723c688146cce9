package caddymodule

import (
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"strings"
)

// routers are the gateways and the own addresses of this machine, as they are now.
// A request that comes from one of them may have come from anywhere: a router or a
// container engine puts its own address in place of the client's.
func routers() []netip.Addr {
	var out []netip.Addr
	own, _ := net.InterfaceAddrs() // what cannot be read is none
	for _, a := range own {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			out = append(out, p.Addr().Unmap().WithZone(""))
		}
	}
	v4, _ := os.ReadFile("/proc/net/route")
	v6, _ := os.ReadFile("/proc/net/ipv6_route")
	return append(out, append(gateways4(string(v4)), gateways6(string(v6))...)...)
}

// gateways4 reads the table of Linux, whose third column is the gateway, backwards.
func gateways4(table string) []netip.Addr {
	return gateways(table, 2, func(raw []byte) []byte {
		return binary.BigEndian.AppendUint32(nil, binary.LittleEndian.Uint32(raw))
	})
}

// gateways6 reads the table for IPv6, whose fifth column is the next hop.
func gateways6(table string) []netip.Addr {
	return gateways(table, 4, func(raw []byte) []byte { return raw })
}

func gateways(table string, column int, order func([]byte) []byte) []netip.Addr {
	var out []netip.Addr
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) <= column {
			continue
		}
		raw, err := hex.DecodeString(fields[column])
		if err != nil || len(raw) != 4 && len(raw) != 16 {
			continue
		}
		if a, ok := netip.AddrFromSlice(order(raw)); ok && !a.IsUnspecified() {
			out = append(out, a)
		}
	}
	return out
}
