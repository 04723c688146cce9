package recoverytest

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
)

// WithPortal has one sign-in for several hosts, all by https: origins such as
// https://login.example.com. Their names lead to the server in browsers of this
// world only.
func WithPortal(portal string, hosts ...string) Option {
	return func(w *World) { w.tls, w.portal, w.hosts = true, portal, hosts }
}

// browserAtPortal opens a browser whose paths are those of the portal; other
// hosts are written with their origin.
func (w *World) browserAtPortal() *Browser {
	w.TB.Helper()
	b := NewBrowser(w.TB, w.portal)
	if w.direct {
		b.Client.Transport = direct{http.HandlerFunc(w.serve)}
		return b
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // it answers for any name
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, w.Server.Listener.Addr().String())
		},
	}
	w.TB.Cleanup(transport.CloseIdleConnections)
	b.Client.Transport = transport
	return b
}
