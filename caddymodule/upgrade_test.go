//go:build unix

package caddymodule_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
)

// TestHD01_NoUpgradeToRequests asks an app to change to a protocol in which the
// client could say later who it is. The app must not hear of it; other protocols
// are its own.
func TestHD01_NoUpgradeToRequests(t *testing.T) {
	h := newHost(t)
	session := h.seed(t)
	h.site = startApps(t).site()
	h.start(t)
	for upgrade, want := range map[string]string{
		"h2c": "", "H2C": "", "h2": "", "HTTP/2.0": "", "TLS/1.2": "", "SPDY/3.1": "", "h2c,HTTP/2.0": "",
		"websocket": "websocket", "WebSocket": "websocket", "tcp": "tcp", "connect-udp": "connect-udp", "h2c, websocket": "websocket",
	} {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", h.port))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET /http1 HTTP/1.1\r\nHost: localhost:%d\r\nCookie: %s\r\n", h.port, h.cookie(session))
		fmt.Fprintf(conn, "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: %s\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", upgrade)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		saw := readSaw(t, res.StatusCode, body, 1)
		if got := saw.Header.Get("Upgrade"); got != want {
			t.Errorf("Upgrade %q: the app was asked for %q, want %q", upgrade, got, want)
		}
		if got := saw.Header["Http2-Settings"]; got != nil {
			t.Errorf("Upgrade %q: the app got HTTP2-Settings %q", upgrade, got)
		}
	}
}
