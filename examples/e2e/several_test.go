package e2e_test

import (
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/examples/e2e"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// secret is the root key of Caddys that share a Redis.
const secret = "3f0a9d5e7b1c4286f0e1d2c3b4a5968778695a4b3c2d1e0f8264c1b7e5d9a0f3"

// revoked is how soon another Caddy must know that a session has ended.
const revoked = 2 * time.Second

// TestTwoCaddys has two Caddys of one site on one Redis, as behind a load
// balancer: same host and port, different machines (here: loopback addresses).
func TestTwoCaddys(t *testing.T) {
	t.Parallel()
	w := e2e.New(t, caddy)
	config := e2e.Config{Store: "redis " + durable(t).URL(), Secret: secret}
	one := w.Run(config)
	config = one.Config
	config.Bind = "127.0.0.2"
	two := w.Run(config)
	alice := e2e.Alice()
	w.SetUp(one, alice) // the second start left the link of the first alone
	t.Run("session", func(t *testing.T) {
		here := one.Browser()
		alice.SignIn(here, "/a")
		there := sameBrowserAt(t, here, two)
		if !w.SignedIn(there) {
			t.Fatal("a session of one Caddy is not accepted by the other")
		}
		var cookies []string
		for _, c := range there.Client.Jar.Cookies(there.URL) {
			cookies = append(cookies, c.String())
		}
		var streams []recoverytest.OpenRequest
		for _, path := range []string{"/stream/ws", "/stream/events", "/stream/silent", "/stream/upload"} {
			streams = append(streams, recoverytest.Open(t, there.Client.Transport, two.URL+path, strings.Join(cookies, "; ")))
		}
		here.Post("/.sparekey/logout", url.Values{}).Want("signed-out")
		recoverytest.WantOver(t, "signed out at the other Caddy", streams, revoked)
		wantOut(t, w, there)
	})
	t.Run("flow", func(t *testing.T) {
		here := one.Browser()
		here.Get("/.sparekey/recover").Want("recover").Submit("name", alice.Name).Want("sent")
		there := sameBrowserAt(t, here, two)
		flow := here.URL.RequestURI()
		there.Get(flow).Want("sent").Submit("code", w.MailCode(alice)).Want("choice")
		here.Get(flow).Want("choice").Submit("choice", "second_factor").Want("factor")
		there.Get(flow).Want("factor").Submit("password", alice.Password).Want("factor")
		there.Submit("code", w.SMSCode(alice))
		alice.Enrol(there)
		alice.SignIn(here, "/b")
	})
	t.Run("key", func(t *testing.T) { changeOfKey(t, w, one, two, alice) })
}

// sameBrowserAt is the same browser at another Caddy: it starts with the cookies of b
// and keeps its own from there.
func sameBrowserAt(t *testing.T, b *recoverytest.Browser, c *e2e.Caddy) *recoverytest.Browser {
	t.Helper()
	origin, err := url.Parse(b.Base)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(origin, b.Client.Jar.Cookies(origin))
	copied := c.Browser()
	copied.Client.Jar = jar
	return copied
}

// wantOut wants that a browser whose session has just ended elsewhere is
// refused in time, and from then on.
func wantOut(t *testing.T, w *e2e.World, b *recoverytest.Browser) {
	t.Helper()
	for start := time.Now(); w.SignedIn(b); time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > revoked {
			t.Fatalf("a session that ended on another Caddy still works after %v", revoked)
		}
	}
	b.Want("sign-in")
	if w.SignedIn(b) {
		t.Error("a session that had ended came back")
	}
}
