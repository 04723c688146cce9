package web

import (
	"io"
	"net/http"
)

// scrubTrailers removes identity names from the trailers of a request. Go fills
// them in when the end of the body is read, and then with whatever the client
// sent, announced or not; reverse_proxy copies them after that same read. So the
// body is wrapped, but only when the client announced a trailer: without one
// there is no map to fill, and other bodies stay as they are (HD-01).
func scrubTrailers(r *http.Request) {
	deleteTrailers(r.Trailer)
	if r.Trailer != nil && r.Body != nil && r.Body != http.NoBody {
		r.Body = trailedBody{r.Body, r.Trailer}
	}
}

// deleteTrailers removes what is no client's to say. A proxy that says something of
// a request says it before the body.
func deleteTrailers(h http.Header) {
	for name := range h {
		if identityName(name) || forwardingName(name) {
			delete(h, name)
		}
	}
}

// trailedBody is a body whose trailers are told without such names.
type trailedBody struct {
	io.ReadCloser
	trailer http.Header
}

// Read implements io.Reader. The trailers are looked at in the read that ends
// the body, before its reader can.
func (b trailedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		deleteTrailers(b.trailer)
	}
	return n, err
}

// Close implements io.Closer. It may read what is left of the body.
func (b trailedBody) Close() error {
	err := b.ReadCloser.Close()
	deleteTrailers(b.trailer)
	return err
}
