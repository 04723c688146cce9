package caddymodule

import (
	"net/http"
	"net/netip"
	"net/url"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// front trusts whom Caddy trusts: the option trusted_proxies of the server.
func front() web.Front {
	return web.Front{Peer: trustedPeer, Proxy: trustedAddress, Names: clientHeaders}
}

// trustedPeer is Caddy's own decision about the connection.
func trustedPeer(r *http.Request) bool {
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	return trusted
}

// trustedAddress asks Caddy whether it would trust a peer with that address. It
// tells its ranges nobody, and a plugin may choose them for each request.
func trustedAddress(r *http.Request, a netip.Addr) bool {
	server, ok := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if !ok || server == nil {
		return false
	}
	hop := *r
	hop.RemoteAddr, hop.Header = netip.AddrPortFrom(a, 1).String(), nil
	return trustedPeer(caddyhttp.PrepareRequest(&hop, caddy.NewReplacer(), nil, server))
}

// trusts is the same for a server that nobody asks.
func trusts(server *caddyhttp.Server, a netip.Addr) bool {
	r := &http.Request{RemoteAddr: netip.AddrPortFrom(a, 1).String(), URL: new(url.URL)}
	return trustedPeer(caddyhttp.PrepareRequest(r, caddy.NewReplacer(), nil, server))
}

// clientHeaders are those of the option client_ip_headers.
func clientHeaders(r *http.Request) []string {
	if server, ok := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok && server != nil {
		return server.ClientIPHeaders
	}
	return nil
}
