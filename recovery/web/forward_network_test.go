package web_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

// oneFactor signs Alice in with her password alone, where that is enough, and has
// the asker ask with that session.
func (a *asker) oneFactor() {
	a.t.Helper()
	a.Rules.Networks.Ranges = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} // where the browsers of a test are
	b := a.Browser()
	b.Get("/.sparekey/login").Submit("name", "alice", "password", "correct horse staple")
	if a.session = b.Cookie("sparekey").Value; !account(a.t, a.World, "alice").Sessions[1].Near {
		a.t.Fatal("want a session of one factor")
	}
}

// TestNetworkForAnotherProxy: a session of one factor passes where the rules of the
// host name the network of the client, as the proxy tells it, and nowhere else.
// What the client itself says of where it is counts for nothing.
func TestNetworkForAnotherProxy(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	const (
		home, strict, none = "https://photos.example.com/", "https://admin.example.com/", "https://family.example.com/"
		xff                = "X-Forwarded-For"
	)
	home24 := guard.Networks{Ranges: []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24")}, Never: []netip.Addr{netip.MustParseAddr(atRouter)}}
	a.Web.Forward.Hosts["https://photos.example.com"] = &guard.Rules{Networks: home24}
	a.Web.Forward.Hosts["https://admin.example.com"] = &guard.Rules{Factors: 2, Networks: home24}
	a.Web.Forward.Hosts["https://family.example.com"] = &guard.Rules{}
	a.Web.Proxy = func(_ *http.Request, hop netip.Addr) bool { return hop == netip.MustParseAddr("10.0.0.3") }
	a.oneFactor()
	for dialect := range dialects {
		for _, tt := range []struct {
			name, address string
			header        http.Header
			passes        bool
		}{
			{"at home", home, http.Header{xff: {atHome}}, true},
			{"at home, behind a second proxy", home, http.Header{xff: {atHome + ", 10.0.0.3"}}, true},
			{"at home, two factors wanted elsewhere", strict, http.Header{xff: {atHome}}, true},
			{"at home, for a host without a network", none, http.Header{xff: {atHome}}, false},
			{"elsewhere", home, http.Header{xff: {elsewhere}}, false},
			{"the router", home, http.Header{xff: {atRouter}}, false},
			{"said by the client, and the proxy has added to it", home, http.Header{xff: {atHome + ", " + elsewhere}}, false},
			{"said by the client in a line of its own", home, http.Header{xff: {atHome, elsewhere}}, false},
			{"said in other headers", home, http.Header{xff: {elsewhere}, "X-Real-Ip": {atHome}, "Forwarded": {"for=" + atHome}, "Cf-Connecting-Ip": {atHome}}, false},
			{"nobody says it", home, http.Header{"X-Real-Ip": {atHome}}, false},
			{"only proxies", home, http.Header{xff: {"10.0.0.3"}}, false},
			{"no address", home, http.Header{xff: {atHome + ", unknown"}}, false},
		} {
			r := a.about(dialect, "GET", tt.address, true)
			for k, v := range tt.header {
				r.Header[k] = v
			}
			status, reason := 401, "prove"
			if tt.passes {
				status, reason = 200, ""
			}
			a.want(dialect+", "+tt.name, r, status, reason)
		}
		r := a.about(dialect, "GET", home, true)
		r.Header[xff], r.RemoteAddr = []string{atHome}, "192.168.1.7:40000"
		a.want(dialect+", a client at home asks itself", r, 403, "peer")
	}
}
