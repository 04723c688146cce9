package e2e

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// Encrypted is [World.Example] with nginx as people have it on the internet: by
// https, and in HTTP/2. The rest of the folder is as it is.
func (w *World) Encrypted(folder string) *Example {
	w.TB.Helper()
	return w.example(folder, true)
}

// encrypted is what is different in the files then.
func encrypted(port string) []string {
	return []string{
		"http://photos.localhost", "https://photos.localhost", "http://family.localhost", "https://family.localhost", "http://login.localhost", "https://login.localhost",
		"listen 127.0.0.1:8080", "listen 127.0.0.1:" + port + " ssl http2",
		"include sparekey-http.conf;", "include sparekey-http.conf;\n\tssl_certificate certificate.pem;\n\tssl_certificate_key key.pem;",
	}
}

// certify writes certificate and key of the hosts into the folder of the proxy.
func (e *Example) certify() {
	e.TB.Helper()
	key, now := newKey(e.TB), time.Now()
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hosts of an example"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, DNSNames: []string{"photos.localhost", "family.localhost", "login.localhost", "other.localhost"},
	}
	der := sign(e.TB, cert, cert, key, key)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		e.TB.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, text := range map[string][]byte{"certificate.pem": text, "key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})} {
		if err := os.WriteFile(filepath.Join(e.Dir, name), text, 0o600); err != nil {
			e.TB.Fatal(err)
		}
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	e.TLS = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// secure is a connection to the proxy in a version of HTTP.
func (e *Example) secure(tb testing.TB, version string) *tls.Conn {
	tb.Helper()
	raw, err := e.Dial(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = raw.Close() })
	config := e.TLS.Clone()
	config.ServerName, config.NextProtos = "photos.localhost", []string{version}
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(tb.Context()); err != nil || conn.ConnectionState().NegotiatedProtocol != version {
		tb.Fatalf("got protocol %q, %v, want %s", conn.ConnectionState().NegotiatedProtocol, err, version)
	}
	return conn
}

// RawHTTP2 sends fields of a request as they are, and returns the status; 0: the
// proxy has ended stream or connection.
func (e *Example) RawHTTP2(fields ...[2]string) string {
	e.TB.Helper()
	conn := e.secure(e.TB, "h2")
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	framer := http2.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, f := range fields {
		_ = encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}) // into memory
	}
	fmt.Fprint(conn, http2.ClientPreface)
	_ = framer.WriteSettings()
	if err := framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true}); err != nil {
		e.TB.Fatal(err)
	}
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return "0"
		}
		switch f := frame.(type) {
		case *http2.MetaHeadersFrame:
			return f.PseudoValue("status")
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			return "0"
		}
	}
}
