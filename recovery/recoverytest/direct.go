package recoverytest

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
)

// direct carries requests of browsers to an installation in this process without
// a connection, which would be a third of the work of a crawl.
type direct struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (d direct) RoundTrip(req *http.Request) (res *http.Response, err error) {
	defer func() {
		if p := recover(); p != nil { // a server ends the connection
			res, err = nil, fmt.Errorf("the answer to %s broke off: %v", req.URL, p)
		}
	}()
	in := req.Clone(req.Context())
	in.RequestURI, in.Host = req.URL.RequestURI(), cmp.Or(req.Host, req.URL.Host)
	in.RemoteAddr = "127.0.0.1:50000"
	if in.URL, err = url.ParseRequestURI(in.RequestURI); err != nil {
		return nil, err
	}
	if req.URL.Scheme == "https" {
		in.TLS = new(tls.ConnectionState)
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	d.handler.ServeHTTP(rec, in)
	res = rec.Result()
	res.Request = req
	return res, nil
}
