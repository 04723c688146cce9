package web

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
)

// Answer is what the app writes to. Set-Cookie lines with a name of ours are
// dropped from it, in every spelling (SE-04): an app, or whoever writes through it, could
// sign people out, or in as somebody else. Other cookies stay as they were.
type Answer struct {
	http.ResponseWriter
	sent bool // the header is out
}

// FromApp wraps the writer for the app. Close the answer when the app is done.
func FromApp(w http.ResponseWriter) *Answer { return &Answer{ResponseWriter: w} }

// Close looks at the header of an app that has written nothing: the server, or
// whoever handles its error, sends it afterwards.
func (a *Answer) Close() { a.scrub() }

func (a *Answer) scrub() {
	if !a.sent {
		dropOurs(a.ResponseWriter.Header())
	}
}

// WriteHeader implements http.ResponseWriter. An informational answer has a header
// of its own, which browsers take cookies from too; the final one follows.
func (a *Answer) WriteHeader(status int) {
	a.scrub()
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		a.sent = true
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *Answer) Write(p []byte) (int, error) {
	a.begin()
	return a.ResponseWriter.Write(p)
}

// ReadFrom implements io.ReaderFrom, so that a file still goes from the disk to
// the network by itself where the writer below can do that.
func (a *Answer) ReadFrom(r io.Reader) (int64, error) {
	a.begin()
	if from, ok := a.ResponseWriter.(io.ReaderFrom); ok {
		return from.ReadFrom(r)
	}
	return io.Copy(a.ResponseWriter, r)
}

// begin is before what sends the header by itself.
func (a *Answer) begin() {
	a.scrub()
	a.sent = true
}

// FlushError is for http.ResponseController. The first flush sends the header.
func (a *Answer) FlushError() error {
	a.begin()
	return http.NewResponseController(a.ResponseWriter).Flush()
}

// Flush implements http.Flusher, for apps that ask for no more than that.
func (a *Answer) Flush() { _ = a.FlushError() }

// Hijack implements http.Hijacker. What is written to the connection is not looked
// at, but a header that was set before may be written to it.
func (a *Answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	a.scrub()
	return http.NewResponseController(a.ResponseWriter).Hijack()
}

// Push implements http.Pusher where the writer below does.
func (a *Answer) Push(target string, o *http.PushOptions) error {
	if p, ok := a.ResponseWriter.(http.Pusher); ok {
		return p.Push(target, o)
	}
	return http.ErrNotSupported
}

// Unwrap is for http.ResponseController.
func (a *Answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// dropOurs removes the Set-Cookie lines with our names. It sees the header of
// every answer, and allocates only when there is something to remove.
func dropOurs(h http.Header) {
	for name, lines := range h {
		if len(name) != len("Set-Cookie") || !strings.EqualFold(name, "Set-Cookie") {
			continue
		}
		if kept := others(lines); len(kept) == 0 {
			delete(h, name)
		} else if len(kept) < len(lines) {
			h[name] = kept
		}
	}
}

// others are the lines that set no cookie of ours; all of them as they are if
// none does.
func others(lines []string) []string {
	for i, line := range lines {
		if !setsOurs(line) {
			continue
		}
		kept := append([]string(nil), lines[:i]...)
		for _, line := range lines[i+1:] {
			if !setsOurs(line) {
				kept = append(kept, line)
			}
		}
		return kept
	}
	return lines
}

// setsOurs tells whether a Set-Cookie line is for a cookie that comes back under a
// name of ours. One without a name comes back as its value alone, which may look
// like a name (RFC 6265bis, section 5.8.3).
func setsOurs(line string) bool {
	pair, _, _ := strings.Cut(line, ";")
	return ours(strings.TrimLeft(pair, "= \t"))
}

var (
	_ http.Flusher  = (*Answer)(nil)
	_ http.Hijacker = (*Answer)(nil)
	_ http.Pusher   = (*Answer)(nil)
	_ io.ReaderFrom = (*Answer)(nil)
)
