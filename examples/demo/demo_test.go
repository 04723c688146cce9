package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
)

// In this package, because a command cannot be imported.

func TestOutbox(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"20260101T100000.000000000Z-mail-ana@example.org.txt": "To: ana@example.org\nSubject: <b>Older</b>\n\nType:\n\n    K7QM-4XRT\n\nOr open:\n\nhttp://localhost:8080/.sparekey/link#t0k3n\n\n<script>alert(1)</script> javascript:alert(1)\n",
		"20260101T100001.000000000Z-sms-+41790000000.txt":     "To: +41790000000\nSubject: \n\n482913 is your code for Photos.\n@localhost #482913\n",
		".message-half": "To: nobody\n\nnot complete",
		"other":         "not ours",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "z.txt")); err != nil {
		t.Fatal(err)
	}
	status, body := get(outbox(dir), "http://localhost:8081/")
	if status != http.StatusOK {
		t.Fatalf("got status %d, want 200:\n%s", status, body)
	}
	for _, want := range []string{
		`&lt;b&gt;Older&lt;/b&gt;`, `<span class="code">K7QM-4XRT</span>`, `<span class="code">482913</span>`,
		`<a href="http://localhost:8080/.sparekey/link#t0k3n"`, `&lt;script&gt;`, "(2) Mails",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in:\n%s", want, body)
		}
	}
	for _, never := range []string{"<script", `href="javascript`, "root:", "not complete", "not ours"} {
		if strings.Contains(body, never) {
			t.Errorf("got %s in:\n%s", never, body)
		}
	}
	if strings.Index(body, "Text message") > strings.Index(body, "Older") {
		t.Error("the newest message is not first")
	}
}

func TestOutboxRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		url  string
		want int
	}{
		{"empty folder", "http://localhost:8081/", http.StatusOK},
		{"by number", "http://127.0.0.1:8081/", http.StatusOK},
		{"another name for this machine", "http://evil.example:8081/", http.StatusForbidden},
		{"a file", "http://localhost:8081/20260101T100000.000000000Z-mail-a.txt", http.StatusNotFound},
		{"a way up", "http://localhost:8081/..%2f..%2fetc%2fpasswd", http.StatusNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, body := get(outbox(filepath.Join(t.TempDir(), "none")), tt.url); got != tt.want {
				t.Errorf("got status %d, want %d:\n%s", got, tt.want, body)
			}
		})
	}
}

func TestSampleEscapes(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Remote-User", "<i>alice")
	w := httptest.NewRecorder()
	sample().ServeHTTP(w, r)
	if body := w.Body.String(); !strings.Contains(body, "You are &lt;i&gt;alice") || !strings.Contains(body, "Remote-Groups") {
		t.Errorf("got no name or no headers in:\n%s", body)
	}
}

func TestBusyPort(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = isFree(t.Context(), l.Addr().String())
	if err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("got error %v, want one that names %s", err, l.Addr())
	}
}

// TestRun walks the demo from its start to its end, on other ports.
func TestRun(t *testing.T) {
	t.Chdir(t.TempDir())
	site, mails := freeAddr(t), freeAddr(t)
	text := strings.ReplaceAll(string(config), "localhost:8080", strings.Replace(site, "127.0.0.1", "localhost", 1))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, in, options{site: site, outbox: mails, config: []byte(text)})
		_ = in.Close()
	}()
	said := make(chan string, 1)
	go func() {
		b := make([]byte, 1<<12)
		n, _ := out.Read(b)
		said <- string(b[:n])
		_, _ = io.Copy(io.Discard, out)
	}()
	select {
	case text := <-said:
		if !strings.Contains(text, "/.sparekey/setup#") {
			t.Errorf("got %q, want the set-up link", text)
		}
	case err := <-done:
		t.Fatalf("the demo ended by itself: %v", err)
	case <-time.After(time.Minute):
		t.Fatal("the demo did not start")
	}
	for addr, want := range map[string]int{site: http.StatusUnauthorized, mails: http.StatusOK} {
		if got := status(t, "http://"+strings.Replace(addr, "127.0.0.1", "localhost", 1)+"/"); got != want {
			t.Errorf("%s: got status %d, want %d", addr, got, want)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("end: got error %v", err)
	}
}

func status(t *testing.T, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

func freeAddr(t *testing.T) string {
	t.Helper()
	port, err := kvtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

func get(h http.Handler, url string) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, url, nil))
	return w.Code, w.Body.String()
}
