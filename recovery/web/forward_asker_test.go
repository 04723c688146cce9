package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

const proxyPeer = "192.0.2.7:40000"

// asker asks as another proxy does.
type asker struct {
	*recoverytest.World
	t       *testing.T
	session string
}

func newAsker(t *testing.T, options ...recoverytest.Option) *asker {
	t.Helper()
	a := &asker{recoverytest.New(t, options...), t, ""}
	a.Web.Forward = &web.Forward{
		Guard: a.Guard,
		Hosts: map[string]*guard.Rules{
			"https://photos.example.com":      {},
			"https://admin.example.com":       {Allow: []string{recovery.GroupAdmins}},
			"https://family.example.com":      {Allow: []string{"family"}},
			"https://photos.example.com:8443": {},
			"http://localhost:8080":           {},
		},
	}
	a.Web.Peer = func(r *http.Request) bool { return r.RemoteAddr == proxyPeer }
	alice, b := recoverytest.Alice(), a.Browser()
	a.Setup(alice)
	a.SignIn(b, alice, "/")
	a.session = b.Cookie("sparekey").Value
	return a
}

// dialects ask about a request to an address.
var dialects = map[string]func(method string, u *url.URL) *http.Request{ //nolint:gochecknoglobals // a table
	"forwarded": func(method string, u *url.URL) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/.sparekey/verify", nil)
		r.Header = http.Header{"X-Forwarded-Method": {method}, "X-Forwarded-Proto": {u.Scheme}, "X-Forwarded-Host": {u.Host}, "X-Forwarded-Uri": {u.RequestURI()}}
		return r
	},
	"nginx": func(method string, u *url.URL) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/.sparekey/verify/nginx", nil)
		r.Header = http.Header{"X-Original-Method": {method}, "X-Original-Url": {u.Scheme + "://" + u.Host + u.RequestURI()}}
		return r
	},
	"envoy": func(method string, u *url.URL) *http.Request {
		r := httptest.NewRequest(method, "/.sparekey/verify/envoy"+u.RequestURI(), nil)
		r.Host, r.Header = u.Host, http.Header{"X-Forwarded-Proto": {u.Scheme}}
		return r
	},
}

// about is a question; cookie says whether Alice asks.
func (a *asker) about(dialect, method, address string, cookie bool) *http.Request {
	a.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		a.t.Fatal(err)
	}
	r := dialects[dialect](method, u)
	r.RemoteAddr = proxyPeer
	if cookie {
		r.Header.Set("Cookie", web.CookieName("sparekey", u.Scheme == "https" || u.Scheme == "wss", u.Host)+"="+a.session+"; theme=dark")
	}
	return r
}

func (a *asker) ask(r *http.Request) *http.Response {
	a.t.Helper()
	if !web.Verifying(r) {
		a.t.Fatalf("%s is no question", r.URL)
	}
	rec := httptest.NewRecorder()
	a.Web.Verify(rec, r)
	return rec.Result() //nolint:bodyclose // of a recorder
}

// want wants a status, and with one that is no yes its reason.
func (a *asker) want(name string, r *http.Request, status int, reason string) *http.Response {
	a.t.Helper()
	res := a.ask(r)
	if got := res.Header.Get(web.HeaderReason); res.StatusCode != status || got != reason {
		a.t.Errorf("%s: got %d %q, want %d %q", name, res.StatusCode, got, status, reason)
	}
	return res
}

// navigating makes it a page load.
func navigating(r *http.Request) *http.Request {
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	r.Header.Set("Accept", "text/html")
	return r
}

// wait has somebody begin a recovery of Alice's account that waits.
func (a *asker) wait() {
	a.t.Helper()
	_, err := kv.Update(a.t.Context(), a.Engine.Store, recovery.AccountKey(a.session[:22]), time.Time{}, func(acc *recovery.Account, _ bool) error {
		now := a.Clock.Now()
		acc.Waits = append(acc.Waits, recovery.Wait{Goal: recovery.GoalPassword, Began: now, Ready: now.Add(time.Hour), Until: now.Add(2 * time.Hour)})
		return nil
	})
	if err != nil {
		a.t.Fatal(err)
	}
}
