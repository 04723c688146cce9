package web_test

//lint:file-ignore SA1019 the client of net/http refuses the name of the header, and x/net has no other

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// TestForeignHandshakesOverHTTP2 has a real server and client speak: where the
// protocol is named is Go's own business, and only read here. Go lets both speak so
// by a setting that it reads when a process starts.
func TestForeignHandshakesOverHTTP2(t *testing.T) {
	const setting = "http2xconnect=1"
	if !strings.Contains(os.Getenv("GODEBUG"), setting) {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), "GODEBUG="+setting)
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if (web.Front{}).Foreign(r) {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	client := &http2.Transport{TLSClientConfig: server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()}
	defer client.CloseIdleConnections()
	for origin, want := range map[string]int{server.URL: http.StatusOK, "https://evil.example": http.StatusForbidden, "": http.StatusOK} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodConnect, server.URL+"/ws", io.NopCloser(strings.NewReader("")))
		if err != nil {
			t.Fatal(err)
		}
		req.Header[":protocol"] = []string{"websocket"}
		if origin != "" {
			req.Header.Set("Origin", origin)
		}
		res, err := client.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if res.Body.Close(); res.StatusCode != want || res.ProtoMajor != 2 {
			t.Errorf("from %q: got status %d over %s, want %d", origin, res.StatusCode, res.Proto, want)
		}
	}
}
