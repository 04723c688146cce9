package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// Browser opens a browser without scripts on the site.
func (c *Caddy) Browser() *recoverytest.Browser {
	c.tb.Helper()
	b := recoverytest.NewBrowser(c.tb, c.URL)
	transport := c.transport()
	b.Client.Transport = stubborn{transport}
	b.Client.Timeout = 30 * time.Second
	c.tb.Cleanup(transport.CloseIdleConnections)
	return b
}

// transport reaches this Caddy by whatever host name the site has, and trusts
// its own authority.
func (c *Caddy) transport() *http.Transport {
	roots := x509.NewCertPool()
	if text, err := os.ReadFile(c.Root()); err == nil {
		roots.AppendCertsFromPEM(text)
	}
	addr := c.Config.addr() // now: a test may write another Config meanwhile
	return &http.Transport{
		MaxIdleConnsPerHost: 16,
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", addr)
		},
	}
}

// stubborn asks again when the connection was cut, as browsers do without a
// word: Caddy cuts HTTP/1 connections at a reload, with and without Sparekey.
type stubborn struct{ *http.Transport }

const stubbornTries = 5

// RoundTrip implements http.RoundTripper.
func (s stubborn) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := s.Transport.RoundTrip(r)
	for range stubbornTries - 1 {
		if err == nil || r.Method != http.MethodGet || r.Context().Err() != nil {
			break
		}
		res, err = s.Transport.RoundTrip(r)
	}
	return res, err
}
