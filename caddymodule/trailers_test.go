//go:build unix

package caddymodule_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// identitySpellings are names that some app reads as one of ours: CGI makes '_'
// of what is neither letter nor digit, and case never counts.
func identitySpellings() []string {
	return []string{
		"Remote-User", "remote-user", "REMOTE-USER", "rEmOtE-uSeR", "Remote_User", "remote_user", "REMOTE_USER", "Remote.User", "remote.user",
		"Remote~User", "Remote!User", "remote|user", "Remote-Groups", "remote_groups", "Remote.Email", "REMOTE_EMAIL", "Remote-Name", "Remote-Anything",
	}
}

// TestHD01_TrailersNameNobody sends identity names behind a body, in every
// spelling, to apps of every kind. Other trailers are the app's.
func TestHD01_TrailersNameNobody(t *testing.T) {
	h := newHost(t)
	session := h.seed(t)
	apps := startApps(t)
	h.global, h.site = "servers {\n\t\tprotocols h1 h2c\n\t}", apps.site()
	h.start(t)
	announcements := []struct {
		name     string
		announce func(identity string) string
	}{
		{"announced", func(identity string) string { return "X-Sum, " + identity }},
		{"another announced", func(string) string { return "X-Sum" }},
		{"none announced", func(string) string { return "" }},
	}
	for _, spelling := range identitySpellings() {
		for _, a := range announcements {
			for _, send := range []func(*testing.T, trailed) appSaw{sendHTTP1, sendHTTP2} {
				for _, app := range apps.names() {
					req := trailed{
						addr: fmt.Sprintf("127.0.0.1:%d", h.port), host: fmt.Sprintf("localhost:%d", h.port), path: "/" + app,
						cookie: h.cookie(session), announce: a.announce(spelling), name: spelling,
					}
					saw := send(t, req)
					where := fmt.Sprintf("%s, %s, HTTP/%d to %s", spelling, a.name, saw.Proto, app)
					if got := saw.Header["Remote-User"]; !slices.Equal(got, []string{"alice"}) {
						t.Errorf("%s: the app was told that %q asks, want alice", where, got)
					}
					if saw.Body != "body" {
						t.Errorf("%s: the app got %q, want the whole body", where, saw.Body)
					}
					for name, value := range saw.Trailer {
						if identityOf(name) {
							t.Errorf("%s: the app got the trailer %s: %q", where, name, value)
						}
					}
					if req.announce != "" && app != "php" && saw.Trailer.Get("X-Sum") != "honest" {
						t.Errorf("%s: the app got the trailers %v, want X-Sum as it was sent", where, saw.Trailer)
					}
				}
			}
		}
	}
}

func identityOf(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "remote") && !strings.ContainsAny(name[6:7], "abcdefghijklmnopqrstuvwxyz0123456789")
}

// trailed is a POST with two trailers.
type trailed struct {
	addr, host, path, cookie string
	announce                 string // value of the Trailer header; empty: none
	name                     string // of the trailer that claims to be root
}

func sendHTTP1(t *testing.T, r trailed) appSaw {
	t.Helper()
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var b strings.Builder
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n", r.path, r.host, r.cookie)
	if r.announce != "" {
		fmt.Fprintf(&b, "Trailer: %s\r\n", r.announce)
	}
	fmt.Fprintf(&b, "\r\n4\r\nbody\r\n0\r\n%s: root\r\nX-Sum: honest\r\n\r\n", r.name)
	if _, err := io.WriteString(conn, b.String()); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return readSaw(t, res.StatusCode, body, 1)
}

// sendHTTP2 writes the frames itself: a client of the library sends no trailer
// that it did not announce.
func sendHTTP2(t *testing.T, r trailed) appSaw {
	t.Helper()
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	f := http2.NewFramer(conn, conn)
	fields := []hpack.HeaderField{
		{Name: ":method", Value: "POST"},
		{Name: ":scheme", Value: "http"},
		{Name: ":authority", Value: r.host},
		{Name: ":path", Value: r.path},
		{Name: "cookie", Value: r.cookie},
	}
	if r.announce != "" {
		fields = append(fields, hpack.HeaderField{Name: "trailer", Value: r.announce})
	}
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	write := func(end bool, fields ...hpack.HeaderField) {
		block.Reset()
		for _, field := range fields {
			if err := encoder.WriteField(field); err != nil {
				t.Fatal(err)
			}
		}
		err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: end})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	write(false, fields...)
	if err := f.WriteData(1, false, []byte("body")); err != nil {
		t.Fatal(err)
	}
	write(true, hpack.HeaderField{Name: strings.ToLower(r.name), Value: "root"}, hpack.HeaderField{Name: "x-sum", Value: "honest"})
	return readHTTP2(t, f)
}

// readHTTP2 reads to the end of the one stream there is.
func readHTTP2(t *testing.T, f *http2.Framer) appSaw {
	t.Helper()
	status, body := 0, []byte(nil)
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		switch frame := frame.(type) {
		case *http2.MetaHeadersFrame:
			if n, err := fmt.Sscan(frame.PseudoValue("status"), &status); n != 1 && frame.PseudoValue("status") != "" {
				t.Fatal(err)
			}
		case *http2.DataFrame:
			body = append(body, frame.Data()...)
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			t.Fatalf("got %v", frame)
		}
		if frame.Header().StreamID == 1 && frame.Header().Flags.Has(http2.FlagDataEndStream) {
			return readSaw(t, status, body, 2)
		}
	}
}

func readSaw(t *testing.T, status int, body []byte, proto int) appSaw {
	t.Helper()
	var saw appSaw
	if err := json.Unmarshal(body, &saw); err != nil || status != http.StatusOK {
		t.Fatalf("got status %d, %v, want the app: %s", status, err, body)
	}
	saw.Proto = proto
	return saw
}
