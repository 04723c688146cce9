package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// A body without announced trailers is left as it is: what its type can do
// beside reading (an empty one that is known to be, a socket that is copied by
// the system) stays.
func TestOnlyABodyWithTrailersIsWrapped(t *testing.T) {
	plain := io.NopCloser(strings.NewReader("body"))
	for _, tc := range []struct {
		name    string
		body    io.ReadCloser
		trailer http.Header
		same    bool
	}{
		{"no trailer", plain, nil, true},
		{"trailer announced", plain, http.Header{"X-Sum": nil}, false},
		{"identity announced", plain, http.Header{"Remote-User": nil}, false},
		{"no body", http.NoBody, http.Header{"X-Sum": nil}, true},
		{"of a client", nil, http.Header{"X-Sum": nil}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &http.Request{Header: http.Header{}, Body: tc.body, Trailer: tc.trailer}
			web.Front{}.Scrub(r)
			if (r.Body == tc.body) != tc.same {
				t.Errorf("got a body of type %T, want the same: %v", r.Body, tc.same)
			}
			if _, ok := r.Trailer["Remote-User"]; ok {
				t.Error("the announcement of an identity name is left")
			}
		})
	}
}

// filling adds trailers when its end is read or it is closed, as net/http does.
type filling struct {
	io.Reader
	fill func()
}

func (f filling) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == io.EOF {
		f.fill()
	}
	return n, err
}

func (f filling) Close() error {
	f.fill()
	return nil
}

// The names are gone in the same call that brings them.
func TestTrailersAreScrubbedWithTheLastRead(t *testing.T) {
	for _, last := range []func(io.ReadCloser){
		func(b io.ReadCloser) { _, _ = io.ReadAll(b) },
		func(b io.ReadCloser) { _ = b.Close() },
	} {
		r := &http.Request{Header: http.Header{}, Trailer: http.Header{"X-Sum": nil}}
		r.Body = filling{strings.NewReader("body"), func() {
			r.Trailer["Remote-User"], r.Trailer["Remote_groups"], r.Trailer["X-Sum"] = []string{"root"}, []string{"admins"}, []string{"honest"}
		}}
		web.Front{}.Scrub(r)
		last(r.Body)
		if len(r.Trailer) != 1 || r.Trailer.Get("X-Sum") != "honest" {
			t.Errorf("got trailers %v, want X-Sum only", r.Trailer)
		}
	}
}
