package recoverytest

import (
	"bufio"
	"context"
	"crypto/sha1" //nolint:gosec // RFC 6455 wants it
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// StreamApp is an app whose answers do not end by themselves: what the path ends
// with says how it holds on.
//
//	…ws      a WebSocket that sends back what it gets; only its connection ends it
//	…events  an event each 20 ms, until the context ends
//	…silent  nothing after the header, until the context ends
//	…upload  reads the body, to its end
func StreamApp(rw http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(rw)
	switch {
	case strings.HasSuffix(r.URL.Path, "ws"):
		echoWebSocket(control, r.Header.Get("Sec-WebSocket-Key"))
	case strings.HasSuffix(r.URL.Path, "upload"):
		_, _ = io.Copy(io.Discard, r.Body)
	case strings.HasSuffix(r.URL.Path, "silent"):
		_ = control.Flush()
		<-r.Context().Done()
	case strings.HasSuffix(r.URL.Path, "events"):
		rw.Header().Set("Content-Type", "text/event-stream")
		for r.Context().Err() == nil {
			if _, err := fmt.Fprint(rw, "data: tick\n\n"); err != nil {
				return
			}
			_ = control.Flush()
			time.Sleep(20 * time.Millisecond)
		}
	default:
		fmt.Fprint(rw, "app")
	}
}

func echoWebSocket(control *http.ResponseController, key string) {
	conn, both, err := control.Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	accept := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // RFC 6455 wants it
	fmt.Fprintf(both, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(accept[:]))
	_ = both.Flush()
	_, _ = io.Copy(conn, both)
}

// OpenRequest is one under way.
type OpenRequest struct {
	Name string
	Over chan struct{} // closed when the client saw the end
}

// Open sends a request to a [StreamApp] or a large file and waits until it
// answers.
func Open(tb testing.TB, client http.RoundTripper, url, cookies string) OpenRequest {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	tb.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("Cookie", cookies)
	switch {
	case strings.HasSuffix(url, "ws"):
		req.Header.Set("Connection", "Upgrade")
		req.Header.Set("Upgrade", "websocket")
		req.Header.Set("Sec-Fetch-Dest", "document") // which anybody can say
	case strings.HasSuffix(url, "upload"):
		req.Method, req.Body = http.MethodPost, io.NopCloser(endless{ctx})
	}
	o := OpenRequest{url, make(chan struct{})}
	if req.Body != nil { // the answer comes after it
		go func() {
			defer close(o.Over)
			if res, err := client.RoundTrip(req); err == nil {
				_ = res.Body.Close()
			}
		}()
		time.Sleep(100 * time.Millisecond)
		return o
	}
	res, err := client.RoundTrip(req)
	if err != nil {
		tb.Fatalf("%s: %v", url, err)
	}
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusSwitchingProtocols {
		tb.Fatalf("%s: got status %d, want the app", url, res.StatusCode)
	}
	if both, ok := res.Body.(io.ReadWriter); ok {
		fmt.Fprintln(both, "hello")
		if got, err := bufio.NewReader(both).ReadString('\n'); got != "hello\n" {
			tb.Fatalf("%s: got %q back, %v", url, got, err)
		}
	}
	go func() {
		defer close(o.Over)
		defer res.Body.Close()
		for buffer := make([]byte, 256<<10); ; time.Sleep(10 * time.Millisecond) {
			if _, err := io.ReadFull(res.Body, buffer); err != nil {
				return
			}
		}
	}()
	return o
}

// endless is a body that trickles until ctx ends.
type endless struct{ ctx context.Context }

func (e endless) Read(p []byte) (int, error) {
	select {
	case <-e.ctx.Done():
		return 0, e.ctx.Err()
	case <-time.After(20 * time.Millisecond):
		return copy(p, "x"), nil
	}
}

// WantOver wants that all requests have ended within limit of now.
func WantOver(tb testing.TB, after string, list []OpenRequest, limit time.Duration) {
	tb.Helper()
	begin := time.Now()
	for _, o := range list {
		select {
		case <-o.Over:
			tb.Logf("%s: %s ended after %v", after, o.Name, time.Since(begin).Round(time.Millisecond))
		case <-time.After(time.Until(begin.Add(limit))):
			tb.Errorf("%s: %s goes on after %v", after, o.Name, limit)
		}
	}
}

// WantOpen wants that none of the requests has ended.
func WantOpen(tb testing.TB, after string, list []OpenRequest) {
	tb.Helper()
	for _, o := range list {
		select {
		case <-o.Over:
			tb.Errorf("%s: %s has ended too", after, o.Name)
		default:
		}
	}
}
