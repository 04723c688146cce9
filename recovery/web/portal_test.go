package web_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// Hosts of the tests with a portal: a neighbour, another domain, another port.
const (
	portal = "https://login.example.com"
	photos = "https://photos.example.com"
	album  = "https://album.name.duckdns.org"
	nas    = "https://nas.home:8443"
	nas2   = "https://nas.home:9443"
)

func withPortal(t *testing.T, options ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person) {
	t.Helper()
	return withFactor(t, append(options, recoverytest.WithPortal(portal, photos, album, nas, nas2))...)
}

// come signs in on the way to an address of a host.
func come(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person, address string) *recoverytest.Browser {
	w.TB.Helper()
	b.Get(address).Want("sign-in")
	if got := "https://" + b.URL.Host; got != portal {
		w.TB.Fatalf("got the sign-in at %s, want it at the portal", got)
	}
	b.Submit("name", p.Name, "password", p.Password).Want("factor").Submit("code", secondCode(w, p))
	return inApp(w, b, address)
}

// inApp wants the app to answer at an address.
func inApp(w *recoverytest.World, b *recoverytest.Browser, address string) *recoverytest.Browser {
	w.TB.Helper()
	if b.Page() != "" || b.Status != http.StatusOK || b.URL.String() != address {
		w.TB.Fatalf("got page %q, status %d at %s, want the app at %s\n%s", b.Page(), b.Status, b.URL, address, b.Text())
	}
	return b
}

// cookieAt is the session cookie that a browser has for a host.
func cookieAt(t *testing.T, b *recoverytest.Browser, origin string) *http.Cookie {
	t.Helper()
	u, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	name := "__Host-sparekey"
	if u.Port() != "" {
		name += "-" + u.Port()
	}
	for _, c := range b.Client.Jar.Cookies(u) {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// background is what a page of the app asks for with these cookies.
func background(t *testing.T, b *recoverytest.Browser, address string, cookies ...*http.Cookie) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Mode", "cors")
	r.Header.Set("Sec-Fetch-Dest", "empty")
	for _, c := range cookies {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	res, err := b.Client.Transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// TestSE03_OneSignInForSeveralHosts: neighbours, other domains and other ports,
// each with a cookie of its own, and one row for all.
func TestSE03_OneSignInForSeveralHosts(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	b := come(w, w.Browser(), alice, photos+"/trip?id=7&sort=a%26b")
	values := map[string]bool{}
	for _, address := range []string{photos + "/", album + "/x", nas + "/y", nas2 + "/z"} {
		inApp(w, b.Get(address), address)
		inApp(w, b.Get(address), address)
	}
	for _, origin := range []string{portal, photos, album, nas, nas2} {
		c := cookieAt(t, b, origin)
		if c == nil || values[c.Value] || len(c.Value) > 512 {
			t.Fatalf("cookie of %s: got %v, want one of its own", origin, c)
		}
		values[c.Value] = true
	}
	if rows := account(t, w, "alice").Sessions; len(rows) != 1 {
		t.Errorf("got %d sessions, want one", len(rows))
	}
	for _, path := range []string{"account", "people", "recover", "setup", "?f=x"} {
		if b.Get(photos + "/.sparekey/" + path); "https://"+b.URL.Host != portal {
			t.Errorf("%s: got it at %s, want the portal's", path, b.URL)
		}
	}
	b.Get(portal + "/anything").Want("account")
	inApp(w, b.Get(album+"/.sparekey/login?return=/a"), album+"/a") // where other proxies lead
}

// TestSE03_TabsAreHandedOverTogether: ways that began at the same time, and whose
// answers come in any order, all lead where they were to.
func TestSE03_TabsAreHandedOverTogether(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	b := come(w, w.Browser(), alice, album+"/")
	b.NoFollow()
	var steps []string
	for i := range 8 {
		steps = append(steps, b.Get(photos+"/tab/"+string(rune('a'+i))).Answer.Get("Location"))
	}
	for i, step := range steps {
		enter := b.Get(step).Answer.Get("Location")
		b.Get(enter)
		if want := "/tab/" + string(rune('a'+i)); b.Status != http.StatusSeeOther || b.Answer.Get("Location") != want {
			t.Errorf("way %d: got status %d to %q, want %s", i, b.Status, b.Answer.Get("Location"), want)
		}
	}
	other := w.Browser().NoFollow()
	for range 20 {
		other.Get(photos + "/")
	}
	u, _ := url.Parse(photos)
	if got := len(other.Client.Jar.Cookies(u)); got != 8 {
		t.Errorf("a browser that never arrives keeps %d cookies, want 8", got)
	}
}

// TestSE03_SigningOutAnywhereEndsAll, and so does what ends sessions elsewhere.
func TestSE03_SigningOutAnywhereEndsAll(t *testing.T) {
	t.Parallel()
	for _, where := range []string{photos, nas, portal} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			w, alice := withPortal(t)
			b := come(w, w.Browser(), alice, photos+"/")
			inApp(w, b.Get(nas+"/"), nas+"/")
			of := map[string]*http.Cookie{photos: cookieAt(t, b, photos), nas: cookieAt(t, b, nas)}
			for origin, c := range of {
				if got := background(t, b, origin+"/", c); got != http.StatusOK {
					t.Fatalf("%s before: got status %d", origin, got)
				}
			}
			b.Base = where
			b.Post(where+"/.sparekey/logout", url.Values{}).Want("signed-out")
			if c := cookieAt(t, b, where); c != nil {
				t.Errorf("the cookie of %s is still there", where)
			}
			for origin, c := range of {
				if got := background(t, b, origin+"/", c); got != http.StatusUnauthorized {
					t.Errorf("%s: got status %d, want 401", origin, got)
				}
			}
			b.Get(photos + "/").Want("sign-in")
		})
	}
}

// TestSE05_StreamsOfEveryHostEnd when the session is ended at another one.
func TestSE05_StreamsOfEveryHostEnd(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t, func(w *recoverytest.World) { w.App = http.HandlerFunc(recoverytest.StreamApp) })
	b := come(w, w.Browser(), alice, photos+"/")
	inApp(w, b.Get(nas+"/"), nas+"/")
	var list []recoverytest.OpenRequest
	for _, origin := range []string{photos, nas} {
		list = append(list, recoverytest.Open(t, b.Client.Transport, origin+"/events", cookieAt(t, b, origin).String()))
	}
	b.Post("/.sparekey/logout", url.Values{}).Want("signed-out")
	recoverytest.WantOver(t, "signed out at the portal", list, 1500*time.Millisecond)
}

// TestSE03_CookiesOutliveANewToken: a proof replaces the token of the session.
// What pages of other hosts do in the background goes on, the next page there is
// led past the portal for a new cookie, and what was copied before the last two
// proofs is worth nothing.
func TestSE03_CookiesOutliveANewToken(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	b := come(w, w.Browser(), alice, photos+"/")
	first := cookieAt(t, b, photos)
	begin(w, b, alice, recovery.KindStepUp)
	w.Clock.Move(time.Minute)
	if got := background(t, b, photos+"/", first); got != http.StatusOK {
		t.Errorf("in the background: got status %d, want 200", got)
	}
	if inApp(w, b.Get(photos+"/a?b"), photos+"/a?b"); cookieAt(t, b, photos).Value == first.Value {
		t.Error("the next page brought no new cookie")
	}
	begin(w, b, alice, recovery.KindStepUp)
	if got := background(t, b, photos+"/", first); got != http.StatusUnauthorized {
		t.Errorf("a copy of two proofs ago: got status %d, want 401", got)
	}
	inApp(w, b.Get(photos+"/"), photos+"/")
	b.Post("/.sparekey/", recoverytest.Fields("start", "change_password")).Want("factor").Submit("password", alice.Password).Want("factor")
	b.Submit("code", secondCode(w, alice)).Want("new-password").Submit("new_password", "another horse staple")
	if inApp(w, b.Get(photos+"/"), photos+"/"); len(account(t, w, "alice").Sessions) != 1 {
		t.Error("a new password left more than one row")
	}
}

// A session of before there were such cookies gets what they need with the first.
func TestSE03_OlderSessionsAreHandedOverToo(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	b := come(w, w.Browser(), alice, photos+"/")
	change(t, w, "alice", func(a *recovery.Account) { a.Sessions[0].Host = "" })
	inApp(w, b.Get(nas+"/"), nas+"/")
	inApp(w, b.Get(photos+"/"), photos+"/")
}

// A browser keeps the cookie of a host as long as that of the portal.
func TestSE03_KeepingSignedInHoldsForEveryHost(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	b := w.Browser()
	b.Get(photos+"/").Submit("name", alice.Name, "password", alice.Password, "remember", "1").Want("factor").Submit("code", secondCode(w, alice))
	b.NoFollow()
	step := b.Get(nas + "/").Answer.Get("Location")
	b.Get(b.Get(step).Answer.Get("Location"))
	for _, c := range (&http.Response{Header: b.Answer}).Cookies() {
		if left := account(t, w, "alice").Sessions[0].End.Sub(w.Clock.Now()); c.Name != "__Host-sparekey-8443" || time.Duration(c.MaxAge)*time.Second != left.Truncate(time.Second) {
			t.Errorf("got %s with Max-Age %d, want what is left of the session, %s", c.Name, c.MaxAge, left)
		}
	}
}
