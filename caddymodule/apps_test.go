//go:build unix

package caddymodule_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/fcgi"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// apps are one of each kind that Caddy can have behind the gate: a handler in
// the same process, servers that speak HTTP/1.1 and HTTP/2, and FastCGI.
type apps struct{ http1, http2, fastcgi string } // addresses

func (apps) names() []string { return []string{"handler", "http1", "http2", "php"} }

// site is what sends /NAME to each of them.
func (a apps) site() string {
	return fmt.Sprintf(`route /handler* {
		test_app
	}
	reverse_proxy /http1* %s
	reverse_proxy /http2* h2c://%s
	reverse_proxy /php* %s {
		request_buffers 1MiB
		transport fastcgi {
			root /
		}
	}`, a.http1, a.http2, a.fastcgi)
}

// appSaw is what an app saw of a request, and answers with.
type appSaw struct {
	Proto           int // of the client
	Body            string
	Header, Trailer http.Header
}

func serveApp(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_ = json.NewEncoder(w).Encode(appSaw{Body: string(body), Header: r.Header, Trailer: r.Trailer})
}

func startApps(t *testing.T) apps {
	t.Helper()
	plain := httptest.NewServer(http.HandlerFunc(serveApp))
	second := httptest.NewUnstartedServer(http.HandlerFunc(serveApp))
	second.Config.Protocols = new(http.Protocols)
	second.Config.Protocols.SetUnencryptedHTTP2(true)
	second.Start()
	php, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = fcgi.Serve(php, http.HandlerFunc(serveApp)) }() // until it is closed
	t.Cleanup(func() {
		plain.Close()
		second.Close()
		_ = php.Close()
	})
	return apps{strings.TrimPrefix(plain.URL, "http://"), strings.TrimPrefix(second.URL, "http://"), php.Addr().String()}
}

func init() {
	caddy.RegisterModule(testApp{})
	httpcaddyfile.RegisterHandlerDirective("test_app", func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		h.Next()
		return testApp{}, nil
	})
}

// testApp is an app in Caddy's own process.
type testApp struct{}

func (testApp) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.test_app", New: func() caddy.Module { return new(testApp) }}
}

func (testApp) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	serveApp(w, r)
	return nil
}
