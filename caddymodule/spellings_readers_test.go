//go:build unix

package caddymodule_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
)

// reader is a server that reads addresses in its own way.
type reader struct{ name, address, cookie string }

func otherReaders(t *testing.T, folder string) []reader {
	t.Helper()
	list := []reader{nginxReader(t, folder), nodeReader(t, folder)}
	for name, h := range map[string]http.Handler{
		"Go's ServeMux": muxReader(folder), "chi": chiReader(folder), "an app that decodes twice": carelessReader(folder),
	} {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		list = append(list, reader{name: name, address: s.Listener.Addr().String()})
	}
	return list
}

func muxReader(folder string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(folder)))
	return mux
}

// chiReader routes by the path as it was sent, where that is not the usual way to
// write it, and decodes what is left then.
func chiReader(folder string) http.Handler {
	r := chi.NewRouter()
	r.Use(middleware.CleanPath)
	for _, part := range []string{"public", "admin"} {
		r.Get("/"+part+"/*", func(w http.ResponseWriter, r *http.Request) {
			name, err := url.PathUnescape(chi.URLParam(r, "*"))
			if err != nil {
				http.NotFound(w, r)
				return
			}
			text, err := os.ReadFile(filepath.Join(folder, part, name))
			if err != nil {
				http.NotFound(w, r)
				return
			}
			_, _ = w.Write(text)
		})
	}
	return r
}

// carelessReader does what each of several frameworks does a part of: it decodes
// twice, knows parameters of a segment, and takes a backslash for a slash.
func carelessReader(folder string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		if again, err := url.PathUnescape(path); err == nil {
			path = again
		}
		path, _, _ = strings.Cut(path, "\x00")
		var segments []string
		for segment := range strings.SplitSeq(strings.ReplaceAll(path, `\`, "/"), "/") {
			segment, _, _ = strings.Cut(segment, ";")
			segments = append(segments, strings.TrimRight(segment, " \t"))
		}
		text, err := os.ReadFile(filepath.Join(folder, filepath.Clean("/"+strings.Join(segments, "/"))))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(text)
	})
}

// nodeApp routes by the path that the URL of browsers and Node has, decoded, as
// many apps without a framework do, and by the text of the request as Express does.
const nodeApp = `
const http = require('http'), fs = require('fs'), path = require('path')
const folder = process.argv[2]
const server = http.createServer((request, answer) => {
	try {
		const raw = request.url.split('?')[0]
		const name = raw.startsWith('/admin') ? decodeURIComponent(raw) : decodeURIComponent(new URL(request.url, 'http://any.invalid').pathname)
		answer.end(fs.readFileSync(path.join(folder, name)))
	} catch (e) {
		answer.statusCode = 404
		answer.end()
	}
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
`

func nodeReader(t *testing.T, folder string) reader {
	t.Helper()
	program := filepath.Join(t.TempDir(), "app.cjs")
	if err := os.WriteFile(program, []byte(nodeApp), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", program, folder)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	begin(t, cmd)
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return reader{name: "Node", address: "127.0.0.1:" + strings.TrimSpace(port)}
}

func nginxReader(t *testing.T, folder string) reader {
	t.Helper()
	port, err := kvtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	own := t.TempDir()
	config := filepath.Join(own, "nginx.conf")
	text := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/log;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;
	server { listen 127.0.0.1:%[2]d; root %[3]s; }
}
`, own, port, folder)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	begin(t, exec.Command("nginx", "-p", own, "-e", filepath.Join(own, "log"), "-c", config))
	address := fmt.Sprintf("127.0.0.1:%d", port)
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return reader{name: "nginx", address: address}
		}
		if time.Now().After(end) {
			said, _ := os.ReadFile(filepath.Join(own, "log"))
			t.Fatalf("nginx does not answer: %s", said)
		}
	}
}

// begin starts a program that ends with the test.
func begin(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}
