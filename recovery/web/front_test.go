package web_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// behind trusts the peers in 10.0.0.0/8, and what they name is in one of these
// headers.
func behind(names ...string) web.Front {
	ours := netip.MustParsePrefix("10.0.0.0/8")
	f := web.Front{
		Peer: func(r *http.Request) bool {
			peer, err := netip.ParseAddrPort(r.RemoteAddr)
			return err == nil && ours.Contains(peer.Addr()) || r.RemoteAddr == "@"
		},
		Proxy: func(_ *http.Request, a netip.Addr) bool { return ours.Contains(a) },
	}
	if names != nil {
		f.Names = func(*http.Request) []string { return names }
	}
	return f
}

const proxy, stranger = "10.0.0.1:1234", "203.0.113.9:1234"

// TestHD06_WhoSaysHTTPS: what a trusted proxy says decides, in both directions, if
// it is one clear word. What a stranger says is nothing.
func TestHD06_WhoSaysHTTPS(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, peer     string
		said           []string
		tls            bool
		https, unclear bool
	}{
		{"nothing in front", stranger, nil, false, false, false},
		{"nothing in front of TLS", stranger, nil, true, true, false},
		{"a stranger claims https", stranger, []string{"https"}, false, false, false},
		{"a stranger denies it", stranger, []string{"http"}, true, true, false},
		{"a stranger says both", stranger, []string{"http", "https"}, false, false, false},
		{"a proxy took it off", proxy, []string{"https"}, false, true, false},
		{"a proxy was reached in the clear", proxy, []string{"http"}, false, false, false},
		{"a proxy that encrypts was reached in the clear", proxy, []string{"http"}, true, false, false},
		{"a proxy that says nothing", proxy, nil, false, false, false},
		{"a proxy that says nothing by TLS", proxy, nil, true, true, false},
		{"a WebSocket", proxy, []string{"wss"}, false, true, false},
		{"a WebSocket in the clear", proxy, []string{"ws"}, true, false, false},
		{"twice", proxy, []string{"https", "https"}, true, false, true},
		{"a client's before the proxy's", proxy, []string{"https", "http"}, false, false, true},
		{"a list", proxy, []string{"https,http"}, true, false, true},
		{"another word", proxy, []string{"spdy"}, true, false, true},
		{"nothing in it", proxy, []string{""}, true, false, true},
		{"capitals", proxy, []string{"HTTPS"}, false, false, true},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.TLS = nil
		if r.RemoteAddr = tc.peer; tc.tls {
			r.TLS = new(tls.ConnectionState)
		}
		if tc.said != nil {
			r.Header["X-Forwarded-Proto"] = tc.said
		}
		if https, clear := behind().Secure(r); https != tc.https || clear == tc.unclear {
			t.Errorf("%s: got https %v, clear %v", tc.name, https, clear)
		}
		if https, clear := (web.Front{}).Secure(r); https != tc.tls || !clear {
			t.Errorf("%s, nothing trusted: got https %v, clear %v", tc.name, https, clear)
		}
	}
}

// TestTH06_TheFirstAddressFromTheRightIsTheClient, and never one that a client can
// write. Known is only what every trusted hop vouches for.
func TestTH06_TheFirstAddressFromTheRightIsTheClient(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, peer, header, want string
		known                    bool
		names                    []string
	}{
		{"nothing in front", stranger, "", "203.0.113.9", true, nil},
		{"a stranger names somebody", stranger, "X-Forwarded-For: 192.168.1.5", "203.0.113.9", false, nil},
		{"a stranger writes Forwarded", stranger, "Forwarded: for=192.168.1.5", "203.0.113.9", false, nil},
		{"a stranger writes X-Real-IP", stranger, "X-Real-Ip: 192.168.1.5", "203.0.113.9", false, nil},
		{"a stranger writes CF-Connecting-IP", stranger, "Cf-Connecting-Ip: 192.168.1.5", "203.0.113.9", false, nil},
		{"a stranger that is a proxy", stranger, "Via: 1.1 squid", "203.0.113.9", false, nil},
		{"a proxy overwrites", proxy, "X-Forwarded-For: 198.51.100.7", "198.51.100.7", true, nil},
		{"a proxy appends", proxy, "X-Forwarded-For: 192.168.1.5, 198.51.100.7", "198.51.100.7", true, nil},
		{"a proxy appends a line", proxy, "X-Forwarded-For: 192.168.1.5\nX-Forwarded-For: 198.51.100.7", "198.51.100.7", true, nil},
		{"two proxies append", proxy, "X-Forwarded-For: 192.168.1.5, 198.51.100.7, 10.0.0.2", "198.51.100.7", true, nil},
		{"a port", proxy, "X-Forwarded-For: 198.51.100.7:443", "198.51.100.7", true, nil},
		{"IPv6 in brackets with a zone", proxy, "X-Forwarded-For: [2001:db8::1%eth0]:443", "2001:db8::1", true, nil},
		{"a proxy that speaks both", proxy, "X-Forwarded-For: ::ffff:10.0.0.7", "10.0.0.7", false, nil},
		{"a proxy names nobody", proxy, "", "10.0.0.1", false, nil},
		{"all are proxies", proxy, "X-Forwarded-For: 10.0.0.3, 10.0.0.2", "10.0.0.3", false, nil},
		{"what cannot be read", proxy, "X-Forwarded-For: a", "10.0.0.1", false, nil},
		{"what cannot be read before a proxy", proxy, "X-Forwarded-For: 198.51.100.7, unknown, 10.0.0.2", "10.0.0.2", false, nil},
		{"nothing in it", proxy, "X-Forwarded-For: ", "10.0.0.1", false, nil},
		{"a long way", proxy, "X-Forwarded-For: 198.51.100.7" + strings.Repeat(",10.0.0.2", 16), "10.0.0.2", false, nil},
		{"a socket", "@", "X-Forwarded-For: 198.51.100.7", "198.51.100.7", true, nil},
		{"a socket that names nobody", "@", "", "", false, nil},
		{"another header is named", proxy, "Cf-Connecting-Ip: 198.51.100.7", "198.51.100.7", true, []string{"CF-Connecting-IP"}},
		{"two that differ", proxy, "Cf-Connecting-Ip: 192.168.1.5\nX-Forwarded-For: 198.51.100.7", "192.168.1.5", false, []string{"CF-Connecting-IP"}},
		{"two that agree", proxy, "X-Real-Ip: 198.51.100.7\nX-Forwarded-For: 198.51.100.7", "198.51.100.7", true, []string{"X-Real-IP", "x-forwarded-for"}},
		{"one that nobody has named", proxy, "Cf-Connecting-Ip: 192.168.1.5\nX-Forwarded-For: 198.51.100.7", "198.51.100.7", true, nil},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = tc.peer
		for line := range strings.SplitSeq(tc.header, "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				r.Header.Add(name, value)
			}
		}
		a, known := behind(tc.names...).Client(r)
		if got := a.String(); tc.want != "" && got != tc.want || tc.want == "" && a.IsValid() || known != tc.known {
			t.Errorf("%s: got %s, known %v", tc.name, got, known)
		}
	}
}

// forged are headers that an app may believe of a proxy, in spellings of theirs.
func forged() []string {
	return []string{
		"X-Forwarded-For", "x-forwarded-for", "X_Forwarded_For", "X.Forwarded.Host", "X-Forwarded-Proto", "X-Forwarded-Uri", "X-Forwarded-Prefix",
		"X-Forwarded-Method", "X-Forwarded-Server", "X-Original-Url", "X_ORIGINAL_URI", "X-Original-Method", "X-Rewrite-Url", "Forwarded",
		"FORWARDED", "X-Real-Ip", "x_real_ip", "Cf-Connecting-Ip", "True-Client-Ip", "Client-Ip", "X-Client-Ip", "Front-End-Https",
	}
}

// TestHD06_ForwardingHeadersOfStrangersAreRemoved, in every spelling, and those of
// a trusted proxy stay: on a request that is let through, and on its trailers.
func TestHD06_ForwardingHeadersOfStrangersAreRemoved(t *testing.T) {
	t.Parallel()
	for _, name := range forged() {
		for peer, left := range map[string]int{stranger: 1, proxy: 2} {
			r := &http.Request{RemoteAddr: peer, Header: http.Header{name: {"x"}, "X-Format": {"y"}}, Trailer: http.Header{name: nil}}
			behind().Scrub(r)
			if len(r.Header) != left || r.Header.Get("X-Format") != "y" || len(r.Trailer) != 0 {
				t.Errorf("%s from %s: got %v and trailers %v", name, peer, r.Header, r.Trailer)
			}
		}
	}
	for _, name := range []string{"Cookie", "Forward", "X-Forwarder", "X-Requested-With", "Content-Type", "Te", "Via", "X-Csrf-Token", "Cf-Ray", "X-Forwarded-"} {
		r := &http.Request{RemoteAddr: stranger, Header: http.Header{name: {"x"}}}
		if (web.Front{}).Scrub(r); len(r.Header) != 1 {
			t.Errorf("%s: removed, and no proxy's", name)
		}
	}
}

// visitor walks the pages of a world as somebody who comes from an address.
type visitor struct {
	t      *testing.T
	w      *recoverytest.World
	peer   string
	header http.Header
}

func (v visitor) ask(method, target string, form url.Values) *http.Response {
	v.t.Helper()
	r := httptest.NewRequestWithContext(v.t.Context(), method, target, strings.NewReader(form.Encode()))
	r.TLS, r.RemoteAddr, r.Header = nil, v.peer, v.header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	rec := httptest.NewRecorder()
	v.w.Server.Config.Handler.ServeHTTP(rec, r)
	return rec.Result()
}

// inFront is a world behind a proxy at 10.0.0.1.
func inFront(t *testing.T, people bool) *recoverytest.World {
	t.Helper()
	w := recoverytest.New(t)
	if w.Running() {
		t.Skip("Caddy's own option is tried in caddymodule")
	}
	if people {
		w.Setup(recoverytest.Alice())
	}
	w.Web.Front = behind()
	return w
}

// TestHD06_TLSInFront: behind a trusted proxy that took https off, everything is as
// on https; behind nobody it is plain http, whatever is claimed.
func TestHD06_TLSInFront(t *testing.T) {
	t.Parallel()
	w := inFront(t, true)
	w.Web.Origins = []string{"https://photos.example.com"}
	https := http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-For": {"198.51.100.7"}}
	for _, path := range []string{"/", "/.sparekey/login"} {
		status := map[string]int{"/": http.StatusUnauthorized, "/.sparekey/login": http.StatusOK}[path]
		res := visitor{t, w, proxy, https}.ask(http.MethodGet, "http://photos.example.com"+path, nil)
		if res.StatusCode != status || res.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s: got %d and %v, want a page as on https", path, res.StatusCode, res.Header)
		}
		for name, v := range map[string]visitor{
			"a stranger's claim":   {t, w, stranger, https},
			"a proxy that denies":  {t, w, proxy, http.Header{"X-Forwarded-Proto": {"http"}}},
			"a proxy without word": {t, w, proxy, nil},
		} {
			res := v.ask(http.MethodGet, "http://photos.example.com"+path, nil)
			if res.StatusCode != http.StatusForbidden || res.Header.Get("Strict-Transport-Security") != "" {
				t.Errorf("%s, %s: got %d and %v, want plain http refused", path, name, res.StatusCode, res.Header)
			}
		}
	}
	form := url.Values{"start": {"recover"}, "name": {"alice"}}
	https.Set("Origin", "https://photos.example.com")
	res := visitor{t, w, proxy, https}.ask(http.MethodPost, "http://photos.example.com/.sparekey/", form)
	for _, c := range res.Cookies() {
		if !strings.HasPrefix(c.Name, "__Host-sparekey") || !c.Secure {
			t.Errorf("got cookie %s, want one of https alone", c.Raw)
		}
	}
	if len(res.Cookies()) == 0 {
		t.Errorf("got %d, want the form taken", res.StatusCode)
	}
	if https.Set("Origin", "http://photos.example.com"); (visitor{t, w, proxy, https}).ask(http.MethodPost, "http://photos.example.com/.sparekey/", form).StatusCode != http.StatusForbidden {
		t.Error("a form of a page in the clear was taken")
	}
}

// TestHD06_AnUnclearProxyOpensNothing: 400 on our pages, the app is not reached,
// and neither cookies nor anything else is read.
func TestHD06_AnUnclearProxyOpensNothing(t *testing.T) {
	t.Parallel()
	w := inFront(t, false)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	session := b.Cookie("sparekey")
	hits := w.Hits()
	for _, said := range [][]string{{"https", "http"}, {"http", "http"}, {"https, http"}, {"HTTPS"}, {""}, {"h2"}} {
		for _, path := range []string{"/", "/.sparekey/login", "/.sparekey/account", "/.sparekey/static/sparekey.css"} {
			header := http.Header{"X-Forwarded-Proto": said, "Cookie": {session.Name + "=" + session.Value}}
			res := visitor{t, w, proxy, header}.ask(http.MethodGet, w.Server.URL+path, nil)
			if res.StatusCode != http.StatusBadRequest || len(res.Cookies()) > 0 || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%q %s: got %d and %v", said, path, res.StatusCode, res.Header)
			}
			if res := (visitor{t, w, stranger, header}).ask(http.MethodGet, w.Server.URL+path, nil); res.StatusCode != http.StatusOK {
				t.Errorf("%q %s of a stranger: got %d, want it dropped", said, path, res.StatusCode)
			}
		}
	}
	if got := w.Hits() - hits; got != 6 {
		t.Errorf("the app was reached %d times, want 6: by what a stranger says nothing", got)
	}
}

// TestTH06_LimitsCountBehindTrustedProxies: each visitor of a proxy counts by
// himself, and what he writes in front of his address does not.
func TestTH06_LimitsCountBehindTrustedProxies(t *testing.T) {
	t.Parallel()
	cross := func(way string) string {
		w := inFront(t, false) // refusals of one kind are one event for a while
		header := http.Header{"X-Forwarded-For": {way}, "Sec-Fetch-Site": {"cross-site"}}
		visitor{t, w, proxy, header}.ask(http.MethodPost, w.Server.URL+"/.sparekey/", nil)
		return w.Events.Last(recovery.EventCrossSite).Network
	}
	for way, want := range map[string]string{
		"198.51.100.7":                      "198.51.100.7",
		"192.0.2.1, 198.51.100.7":           "198.51.100.7",
		"192.0.2.1, 198.51.100.7, 10.9.9.9": "198.51.100.7",
		"192.0.2.1, 2001:db8:1:2::5":        "2001:db8:1:2::/64",
		"192.0.2.1, nobody":                 "10.0.0.1",
	} {
		if got := cross(way); got != want {
			t.Errorf("%q: counted for %q, want %q", way, got, want)
		}
	}
}

// Names are the same in capitals.
func TestLoopbackIsThisMachine(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost:8080": true, "photos.LOCALHOST": true, "127.0.0.2:80": true, "[::1]:80": true, "::1": true,
		"": false, "localhost.example.com": false, "xlocalhost": false, "128.0.0.1": false, "[::2]:80": false, "0.0.0.0": false,
	} {
		if got := web.Loopback(host); got != want {
			t.Errorf("%q: got %v, want %v", host, got, want)
		}
	}
}
