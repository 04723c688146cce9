package web_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// cookieLines are Set-Cookie lines of an app, and whether a browser would come back
// with a cookie that we take for ours, or for a second one of ours.
func cookieLines(port string) map[string]bool {
	return map[string]bool{
		"sparekey-" + port + "=x; Path=/":              true,
		"sparekey-" + port + "=; Max-Age=0; Path=/":    true,
		"sparekey-device-" + port + "=x":               true,
		"sparekey-flow-" + port + "=x; Path=/":         true,
		"__Host-sparekey=x; Secure; Path=/":            true,
		"__host-SPAREKEY-device=x; Secure; Path=/":     true,
		"  sparekey-" + port + "\t = x":                true,
		"=sparekey-" + port + "=x":                     true, // without a name, the value alone comes back
		"sparekey-" + port:                             true,
		"= __Host-sparekey=x":                          true,
		"Sparekey=x; Domain=localhost":                 true,
		"sid=abc; Path=/; HttpOnly":                    false,
		"theme=sparekey; Path=/":                       false,
		"sparekeys=1":                                  false,
		"my-sparekey=1; Path=/":                        false,
		"note=a=sparekey-" + port + "=b; Path=/":       false,
		"last=1; Path=/sparekey; Comment=\"sparekey\"": false,
	}
}

func port(w *recoverytest.World) string {
	return w.Server.URL[strings.LastIndexByte(w.Server.URL, ':')+1:]
}

// settingApp sets the cookies of lines: what the path says is how it answers.
func settingApp(lines map[string]bool) http.Handler {
	set := func(rw http.ResponseWriter) {
		for line := range lines {
			rw.Header().Add("Set-Cookie", line)
		}
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch set(rw); r.URL.Path {
		case "/written":
			fmt.Fprint(rw, "app")
		case "/status":
			rw.WriteHeader(http.StatusNotFound)
		case "/flushed":
			_ = http.NewResponseController(rw).Flush()
			fmt.Fprint(rw, "app")
		case "/hints":
			rw.WriteHeader(http.StatusEarlyHints)
			set(rw)
			fmt.Fprint(rw, "app")
		case "/copied":
			_, _ = io.Copy(rw, io.LimitReader(strings.NewReader(strings.Repeat("x", 100_000)), 100_000))
		}
	})
}

// TestSE04_TheAppSetsNoCookieOfOurs: whatever the app writes, and by whichever
// call, nobody is signed out or in by it, and its own cookies arrive as they were.
func TestSE04_TheAppSetsNoCookieOfOurs(t *testing.T) {
	lines := map[string]bool{}
	app := settingApp(lines)
	w, alice := recoverytest.New(t, func(w *recoverytest.World) { w.App = app }), recoverytest.Alice()
	maps.Copy(lines, cookieLines(port(w)))
	w.Setup(alice)
	b := enter(t, w, w.Browser(), alice)
	var want []string
	for line, ours := range lines {
		if !ours {
			want = append(want, strings.TrimSpace(line))
		}
	}
	slices.Sort(want)
	for _, path := range []string{"/written", "/status", "/nothing", "/flushed", "/hints", "/copied"} {
		t.Run(path, func(t *testing.T) {
			early := earlyCookies(b, path)
			if b.Status == http.StatusNotFound != (path == "/status") {
				t.Errorf("got status %d", b.Status)
			}
			got := b.Answer["Set-Cookie"]
			if slices.Sort(got); !slices.Equal(slices.Compact(got), want) {
				t.Errorf("got %q, want %q", got, want)
			}
			if path == "/hints" && len(early) == 0 {
				t.Error("got no informational answer with cookies, want the app's own")
			}
			for _, line := range early {
				if lines[line] {
					t.Errorf("got %q in an informational answer", line)
				}
			}
			if !w.SignedIn(b) {
				t.Error("signed out by the app")
			}
		})
	}
}

// earlyCookies gets a path, and returns the cookies of informational answers.
func earlyCookies(b *recoverytest.Browser, path string) []string {
	var early []string
	transport := b.Client.Transport
	b.Client.Transport = tracing{transport, &early}
	b.Get(path)
	b.Client.Transport = transport
	return early
}

type tracing struct {
	http.RoundTripper
	early *[]string
}

func (t tracing) RoundTrip(r *http.Request) (*http.Response, error) {
	trace := &httptrace.ClientTrace{Got1xxResponse: func(_ int, h textproto.MIMEHeader) error {
		*t.early = append(*t.early, h["Set-Cookie"]...)
		return nil
	}}
	return t.RoundTripper.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
}

// TestAnswerIsAWriterLikeTheOneBelow: what apps and Caddy's handlers ask of a writer
// works through the answer.
func TestAnswerIsAWriterLikeTheOneBelow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("of the disk"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		below := &readFrom{ResponseWriter: rw}
		answer := web.FromApp(below)
		defer answer.Close()
		switch r.URL.Path {
		case "/file":
			http.ServeFile(answer, r, file)
			if !below.used {
				t.Error("the file was copied, want it handed to the writer below")
			}
		case "/hijack":
			rw.Header().Set("Set-Cookie", "sparekey-80=x")
			conn, both, err := http.Hijacker(answer).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			fmt.Fprintf(both, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nCookies: %d\r\n\r\nraw\n", len(rw.Header()["Set-Cookie"]))
			_ = both.Flush()
		case "/flush":
			answer.Header()["set-cookie"] = []string{"sparekey-80=x"} // not canonical
			http.Flusher(answer).Flush()
			if err := http.NewResponseController(answer).SetWriteDeadline(time.Time{}); err != nil {
				t.Errorf("deadline: %v", err)
			}
			fmt.Fprint(answer, "flushed")
		}
	}))
	defer server.Close()
	for path, want := range map[string]string{"/file": "of the disk", "/hijack": "raw\n", "/flush": "flushed"} {
		res, err := server.Client().Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if string(body) != want || len(res.Cookies()) > 0 || res.Header.Get("Cookies") == "1" {
			t.Errorf("%s: got %q and %v, want %q and no cookie", path, body, res.Header, want)
		}
	}
	if err := web.FromApp(httptest.NewRecorder()).Push("/", nil); err == nil {
		t.Error("a push on a writer that cannot: got no error")
	}
	if _, _, err := web.FromApp(httptest.NewRecorder()).Hijack(); err == nil {
		t.Error("a hijack of a writer that cannot: got no error")
	}
}

type readFrom struct {
	http.ResponseWriter
	used bool
}

func (r *readFrom) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *readFrom) ReadFrom(from io.Reader) (int64, error) {
	r.used = true
	return io.Copy(r.ResponseWriter, from)
}

func (r *readFrom) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(r.ResponseWriter).Hijack()
}

// TestAnswerCostsLittle: every request to the app passes it.
func TestAnswerCostsLittle(t *testing.T) {
	below := discard{http.Header{
		"Content-Type": {"text/html"}, "Content-Length": {"1"}, "Date": {"x"}, "Etag": {"x"}, "Vary": {"x"}, "Last-Modified": {"x"},
		"Cache-Control": {"x"}, "Set-Cookie": {"sid=1; Path=/", "theme=dark; Path=/"},
	}}
	body := []byte("app")
	if got := testing.AllocsPerRun(1000, func() {
		answer := web.FromApp(below)
		_, _ = answer.Write(body)
		answer.Close()
	}); got > 1 {
		t.Errorf("got %v allocations, want one at most", got)
	}
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}
