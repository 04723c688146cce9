package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// TestSE03_OtherProxiesAskAtAPortal with the cookie of their host, and with no
// other; who has none is led by a page of that host to the portal.
func TestSE03_OtherProxiesAskAtAPortal(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	w.Web.Forward = &web.Forward{Guard: w.Guard, Hosts: map[string]*guard.Rules{photos: {}, album: {}}}
	w.Web.Peer = func(r *http.Request) bool { return r.RemoteAddr == proxyPeer }
	b := come(w, w.Browser(), alice, photos+"/")
	inApp(w, b.Get(album+"/"), album+"/")
	for name, question := range dialects {
		ask := func(origin string, c *http.Cookie) *httptest.ResponseRecorder {
			u, err := url.Parse(origin + "/a")
			if err != nil {
				t.Fatal(err)
			}
			r := question(http.MethodGet, u)
			r.RemoteAddr = proxyPeer
			r.Header.Set("Sec-Fetch-Mode", "navigate")
			r.Header.Set("Sec-Fetch-Dest", "document")
			if c != nil {
				r.Header.Set("Cookie", c.Name+"="+c.Value)
			}
			rec := httptest.NewRecorder()
			w.Web.Verify(rec, r)
			return rec
		}
		if got := ask(photos, cookieAt(t, b, photos)); got.Code != http.StatusOK || got.Header().Get("Remote-User") != alice.Name {
			t.Errorf("%s: got status %d for %q, want 200 for alice", name, got.Code, got.Header().Get("Remote-User"))
		}
		for of, c := range map[string]*http.Cookie{"of another host": cookieAt(t, b, album), "of the portal": cookieAt(t, b, portal), "none": nil} {
			got := ask(photos, c)
			if got.Code != http.StatusSeeOther && got.Code != http.StatusUnauthorized {
				t.Errorf("%s, cookie %s: got status %d, want to be asked to sign in", name, of, got.Code)
			}
			if to := got.Header().Get("Location"); to != photos+"/.sparekey/login?return=%2Fa" {
				t.Errorf("%s, cookie %s: led to %q, want the page of that host", name, of, to)
			}
		}
	}
	fresh := come(w, w.Browser(), alice, album+"/")
	inApp(w, fresh.Get(photos+"/.sparekey/login?return=%2Fa"), photos+"/a")
}
