package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/examples/e2e"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestExamples walks each folder in which another proxy asks, with that proxy.
func TestExamples(t *testing.T) {
	for _, tt := range []struct {
		folder string
		proxy  func(*testing.T, *e2e.Example)
	}{
		{"nginx", func(t *testing.T, e *e2e.Example) {
			e.Proxy(e2e.Program(t, "nginx"), "-p", e.Dir, "-e", "stderr", "-c", "nginx.conf")
		}},
		{"nginx by https and HTTP/2", func(t *testing.T, e *e2e.Example) {
			e.Proxy(e2e.Program(t, "nginx"), "-p", e.Dir, "-e", "stderr", "-c", "nginx.conf")
		}},
		{"haproxy", func(t *testing.T, e *e2e.Example) { e.Proxy(e2e.Program(t, "haproxy"), "-db", "-f", "haproxy.cfg") }},
		{"traefik", func(_ *testing.T, e *e2e.Example) { e.Recorded("dynamic.yaml", e2e.Traefik) }},
		{"envoy", func(_ *testing.T, e *e2e.Example) { e.Recorded("envoy.yaml", e2e.Envoy) }},
		{"caddy-in-front", func(_ *testing.T, e *e2e.Example) {
			e.Proxy(caddy, "run", "--config", "front.Caddyfile", "--adapter", "caddyfile")
		}},
	} {
		t.Run(tt.folder, func(t *testing.T) {
			t.Parallel()
			folder, _, secure := strings.Cut(tt.folder, " ")
			of := e2e.New(t, caddy).Example
			if secure {
				of = e2e.New(t, caddy).Encrypted
			}
			e := of(folder)
			tt.proxy(t, e)
			s := &behind{e, t, nil}
			s.walk()
			s.lies()
			s.handshakes()
			s.wantClient()
			s.ends()
		})
	}
}

// behind is the story of an app behind another proxy.
type behind struct {
	*e2e.Example
	t *testing.T
	b *recoverytest.Browser
}

// browser is one whose paths are those of a host. Where somebody signs in that is
// the portal.
func (s *behind) browser(host string) *recoverytest.Browser {
	b := recoverytest.NewBrowser(s.t, s.URL(host))
	b.Client.Transport = s.Transport()
	b.Header = s.lied()
	return b
}

// lied is what every request of these people says of where it comes from.
func (s *behind) lied() http.Header {
	return http.Header{"X-Forwarded-For": {"203.0.113.9"}, "X-Real-Ip": {"203.0.113.9"}, "Forwarded": {"for=203.0.113.9"}, "Cf-Connecting-Ip": {"203.0.113.9"}}
}

// wantClient wants all that was done to be from where people come from.
func (s *behind) wantClient() {
	s.t.Helper()
	if runtime.GOOS != "linux" {
		return
	}
	addresses := s.Sparekey.Log.Field("client_ip")
	if len(addresses) < 5 {
		s.t.Errorf("got %d lines with an address, want one for each thing done", len(addresses))
	}
	for _, a := range addresses {
		if a != e2e.Client {
			s.t.Errorf("got the client's address %s in the log, want %s", a, e2e.Client)
		}
	}
}

// wantDenied wants a request of a browser not to come to the app.
func (s *behind) wantDenied(name string, b *recoverytest.Browser, uri string, status ...int) {
	s.t.Helper()
	hits := s.App.Hits()
	if b.Get(uri); !slices.Contains(status, b.Status) || s.App.Hits() != hits {
		s.t.Errorf("%s: got status %d and %d requests at the app, want %d and none\n%s", name, b.Status, s.App.Hits()-hits, status, b.Text())
	}
}

// wantApp wants one to come there, and returns what the app saw.
func (s *behind) wantApp(name string, b *recoverytest.Browser, uri string) e2e.Echo {
	s.t.Helper()
	var saw e2e.Echo
	b.Get(uri)
	if err := json.Unmarshal([]byte(b.Body), &saw); err != nil || b.Status != 200 {
		s.t.Fatalf("%s: got status %d, want the app\n%s", name, b.Status, b.Text())
	}
	return saw
}

// walk signs in at a page of the app, and is there again.
func (s *behind) walk() {
	s.t.Helper()
	alice, address := e2e.Alice(), s.URL("photos")+"/album?id=7&x=%2F%20a"
	s.SetUpIn(s.browser("login"), s.Sparekey, alice)
	s.b = s.browser("login")
	hits := s.App.Hits()
	s.b.Get(address).Want("sign-in")
	if s.b.URL.Scheme+"://"+s.b.URL.Host != s.URL("login") {
		s.t.Fatalf("got the sign-in at %s, want it at the portal", s.b.URL)
	}
	s.b.Submit("name", alice.Name, "password", alice.Password).Want("factor").Submit("code", alice.Authenticator.Code(s.t))
	if s.b.URL.String() != address {
		s.t.Fatalf("signed in, and then got status %d at %s, want %s\n%s", s.b.Status, s.b.URL, address, s.b.Text())
	}
	if s.App.Hits() != hits+1 {
		s.t.Errorf("got %d requests at the app during a sign-in, want 1", s.App.Hits()-hits)
	}
	s.wantDenied("another group", s.b, s.URL("family")+"/", 403)
	s.b.Base = s.URL("photos")
	saw := s.wantApp("signed in", s.b, "/album?id=7&x=%2F%20a")
	if saw.URI != "/album?id=7&x=%2F%20a" || saw.Header.Get("Remote-User") != "alice" || saw.Header.Get("Remote-Groups") != "admins" {
		s.t.Errorf("the app saw %+v, want that Alice asks for the album", saw)
	}
	if strings.Contains(saw.Header.Get("Cookie"), "sparekey") {
		s.t.Errorf("the app got our cookie: %q", saw.Header.Get("Cookie"))
	}
	fetch := s.browser("photos")
	fetch.Header.Set("Sec-Fetch-Mode", "cors")
	fetch.Header.Set("Sec-Fetch-Dest", "empty")
	s.wantDenied("a fetch of nobody", fetch, "/api", 401)
	s.wantDenied("a host that is not written", s.browser("other"), "/", 403, 404)
	for _, uri := range []string{"/.sparekey/verify", "/.sparekey/verify/nginx", "/.sparekey/verify/envoy/"} {
		s.wantDenied("a question of a client", s.b, uri, 403, 404)
	}
}

// lies has the client say what only the proxy and Sparekey may.
func (s *behind) lies() {
	s.t.Helper()
	forged := []string{
		"Remote-User", "Remote-Name", "Remote-Email", "Remote-Groups", "remote_user", "Remote.User", "REMOTE-USER", "Remote_Groups", "Remote.Groups",
	}
	for _, name := range forged {
		s.b.Header = http.Header{name: {"root"}}
		saw := s.wantApp(name, s.b, "/")
		for k, v := range saw.Header {
			if strings.HasPrefix(strings.ToLower(k), "remote") && slices.Contains(v, "root") {
				s.t.Errorf("%s: the app was told %s: %q", name, k, v)
			}
		}
		if saw.Header.Get("Remote-User") != "alice" {
			s.t.Errorf("%s: the app was told %q, want alice", name, saw.Header["Remote-User"])
		}
		stranger := s.browser("photos")
		stranger.Header = http.Header{name: {"alice"}, "Sec-Fetch-Mode": {"cors"}}
		s.wantDenied(name+" of nobody", stranger, "/", 401)
	}
	for _, connection := range []string{"close, Remote-User", "remote-groups, remote-user"} {
		if s.TLS != nil {
			break // there is no such header in HTTP/2
		}
		s.b.Header = http.Header{"Connection": {connection}}
		if saw := s.wantApp("Connection", s.b, "/"); saw.Header.Get("Remote-User") != "alice" {
			s.t.Errorf("Connection %s: the app was told %q, want alice", connection, saw.Header["Remote-User"])
		}
	}
	for _, name := range []string{"X-Forwarded-Uri", "X-Forwarded-Method", "X-Original-URL", "X-Original-URI", "X-Original-Method", "X-Rewrite-URL", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		stranger := s.browser("photos")
		stranger.Header = http.Header{name: {"/public"}, "Sec-Fetch-Mode": {"cors"}}
		s.wantDenied(name+" of nobody", stranger, "/private", 400, 401, 403)
		if name == "X-Original-URL" || name == "X-Rewrite-URL" {
			s.b.Header = http.Header{name: {"/admin"}}
			if saw := s.wantApp(name, s.b, "/"); saw.Header.Get(name) != "" {
				s.t.Errorf("%s of a client reached the app", name)
			}
		}
	}
	s.b.Header = http.Header{}
	s.twoHosts()
}

// signedIn is the host of the photos, and the cookies that are sent there.
func (s *behind) signedIn() (host, cookies string) {
	s.t.Helper()
	u, err := url.Parse(s.URL("photos"))
	if err != nil {
		s.t.Fatal(err)
	}
	var all []string
	for _, c := range s.b.Client.Jar.Cookies(u) {
		all = append(all, c.String())
	}
	return u.Host, strings.Join(all, "; ")
}

// twoHosts names two hosts in one request: who may be at one of them is not at the
// other by that.
func (s *behind) twoHosts() {
	s.t.Helper()
	host, cookies := s.signedIn()
	rest := " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\nCookie: " + cookies + "\r\n\r\n"
	if got := s.Raw("GET " + s.URL("photos") + "/" + rest); !strings.Contains(got, " 200") {
		s.t.Errorf("an address in the first line: got %q, want the app", got)
	}
	hits := s.App.Hits()
	if got := s.Raw("GET " + s.URL("family") + "/" + rest); strings.Contains(got, " 200") || s.App.Hits() != hits {
		s.t.Errorf("two hosts in one request: got %q, want it refused", got)
	}
}

// handshakes opens WebSockets through the proxy.
func (s *behind) handshakes() {
	s.t.Helper()
	for origin, want := range map[string]string{s.URL("photos"): " 101", "": " 101", s.URL("family"): " 403", "http://evil.example": " 403"} {
		if got := s.handshake(origin); !strings.Contains(got, want) {
			s.t.Errorf("a WebSocket from %q: got %q, want%s", origin, got, want)
		}
	}
	if s.TLS != nil {
		s.twoAuthorities()
		return
	}
	s.b.Header = http.Header{"Connection": {"Upgrade, HTTP2-Settings"}, "Upgrade": {"h2c"}, "Http2-Settings": {"AAMAAABkAAQAAP__"}}
	if saw := (e2e.Echo{}); json.Unmarshal([]byte(s.b.Get("/").Body), &saw) == nil && saw.Header.Get("Upgrade") != "" && saw.Header.Get("Http2-Settings") != "" {
		s.t.Error("the app was asked for a protocol in which further requests are spoken")
	}
	s.b.Header = http.Header{}
}

// twoAuthorities names two hosts in a request in HTTP/2, and says other things
// there that this version has no place for.
func (s *behind) twoAuthorities() {
	s.t.Helper()
	host, cookies := s.signedIn()
	photos, family := host, strings.TrimPrefix(s.URL("family"), "https://")
	ask := func(authority string, more ...[2]string) string {
		return s.RawHTTP2(append([][2]string{
			{":method", "GET"}, {":scheme", "https"}, {":authority", authority}, {":path", "/x"}, {"cookie", cookies},
		}, more...)...)
	}
	if got := ask(photos); got != "200" {
		s.t.Errorf("one host: got status %s, want the app", got)
	}
	hits := s.App.Hits()
	for name, got := range map[string]string{
		"another one in Host":             ask(family, [2]string{"host", photos}),
		"another one behind it":           ask(family + "," + photos),
		"another group's":                 ask(family),
		"no host":                         ask(""),
		"a change of protocol":            ask(family, [2]string{"upgrade", "h2c"}, [2]string{"connection", "upgrade"}),
		"a question of a client":          s.RawHTTP2([2]string{":method", "GET"}, [2]string{":scheme", "https"}, [2]string{":authority", photos}, [2]string{":path", "/.sparekey/verify/nginx"}),
		"as nobody, and named":            s.RawHTTP2([2]string{":method", "GET"}, [2]string{":scheme", "https"}, [2]string{":authority", photos}, [2]string{":path", "/"}, [2]string{"remote-user", "alice"}),
		"as nobody, with another scheme":  s.RawHTTP2([2]string{":method", "GET"}, [2]string{":scheme", "http"}, [2]string{":authority", photos}, [2]string{":path", "/"}),
		"as nobody, with a fragment":      s.RawHTTP2([2]string{":method", "GET"}, [2]string{":scheme", "https"}, [2]string{":authority", photos}, [2]string{":path", "/#/.sparekey/static/x"}),
		"as nobody, below a page of ours": s.RawHTTP2([2]string{":method", "GET"}, [2]string{":scheme", "https"}, [2]string{":authority", photos}, [2]string{":path", "/.sparekey/../x"}),
	} {
		if strings.HasPrefix(got, "2") {
			s.t.Errorf("%s: got status %s, want it refused", name, got)
		}
	}
	if s.App.Hits() != hits {
		s.t.Errorf("got %d requests at the app, want none", s.App.Hits()-hits)
	}
}

func (s *behind) handshake(origin string) string {
	s.t.Helper()
	host, cookies := s.signedIn()
	request := "GET /stream/ws HTTP/1.1\r\nHost: " + host + "\r\nConnection: Upgrade\r\nUpgrade: websocket" +
		"\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nCookie: " + cookies + "\r\n"
	if origin != "" {
		request += "Origin: " + origin + "\r\n"
	}
	return s.Raw(request + "\r\n")
}

// ends signs out, and takes Sparekey away: then nobody is let pass.
func (s *behind) ends() {
	s.t.Helper()
	old := s.browser("photos")
	old.Client.Jar.SetCookies(s.b.URL, s.b.Client.Jar.Cookies(s.b.URL))
	s.wantApp("before", old, "/")
	s.b.Post("/.sparekey/logout", url.Values{}).Want("signed-out")
	if s.wantDenied("signed out", old.NoFollow(), "/", 303); !strings.Contains(old.Answer.Get("Location"), "/.sparekey/login") {
		s.t.Errorf("signed out: got Location %q, want the sign-in", old.Answer.Get("Location"))
	}
	s.Sparekey.Stop()
	s.wantDenied("Sparekey away", old, "/", 500, 502, 503)
}
