package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/caddy-sparekey/sparekey/examples/e2e"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
)

// TestReload changes the configuration, and then restarts Caddy in every way,
// in the middle of a recovery.
func TestReload(t *testing.T) {
	t.Parallel()
	w := e2e.New(t, caddy)
	c := w.Run(e2e.Config{})
	alice := e2e.Alice()
	w.SetUp(c, alice)
	signedIn, b := c.Browser(), c.Browser()
	alice.SignIn(signedIn, "/")
	stays := func(after string) {
		t.Helper()
		if !w.SignedIn(signedIn) {
			t.Fatalf("the session is gone after %s; status %d\n%s", after, signedIn.Status, signedIn.Text())
		}
	}

	b.Get("/.sparekey/recover").Want("recover").Submit("name", alice.Name).Want("sent")
	changed := c.Config
	changed.Extra = append(changed.Extra, "lifetime session_idle 9h")
	c.Write(changed)
	c.Reload()
	stays("a reload")
	b.Client.CloseIdleConnections() // the reload cuts them, and a form is not sent twice
	b.Submit("code", w.MailCode(alice)).Want("choice")
	c.Restart()
	stays("a restart")
	b.Submit("choice", "second_factor").Want("factor")
	c.Kill()
	c.Start()
	stays("kill -9")
	b.Submit("password", alice.Password).Want("factor").Submit("code", w.SMSCode(alice)).TakeApp()
	old := *alice
	c.Kill()
	c.Start()
	alice.Enrol(b)
	if w.SignedIn(signedIn) {
		t.Error("a session outlived the replacement of the second factor")
	}
	alice.SignIn(b, "/after")
	c.Kill()
	c.Start()
	if !w.SignedIn(b) {
		t.Error("kill -9 right after signing in lost the session")
	}
	refuseOld(t, c, alice, &old)
}

// TestReloadRefused wants that a configuration that cannot be loaded leaves
// the running one as it is.
func TestReloadRefused(t *testing.T) {
	t.Parallel()
	w := e2e.New(t, caddy)
	c := w.Run(e2e.Config{})
	alice := e2e.Alice()
	w.SetUp(c, alice)
	b := c.Browser()
	alice.SignIn(b, "/")
	good := c.Config
	for _, extra := range []string{"recover both {\n way telepathy\n}", "templates /nowhere/at/all", "secret " + secret} {
		bad := good
		bad.Extra = []string{extra}
		c.Write(bad)
		if err := c.Load(); err == nil {
			t.Errorf("reload with %q: got no error, want one", extra)
		}
		if !w.SignedIn(b) {
			t.Fatalf("reload with %q was refused, and the session is gone; status %d\n%s", extra, b.Status, b.Text())
		}
	}
	c.Write(good)
	c.Reload()
	if !w.SignedIn(b) {
		t.Error("the session is gone after the next good reload")
	}
}

const reloads = 50

// reloadedSites are a portal, an app, and a host that another proxy asks about.
const reloadedSites = `https://login.example.com:PORT {
	tls internal
	sparekey
}
https://photos.example.com:PORT {
	tls internal
	sparekey
	reverse_proxy APP
}
https://album.example.com:PORT, https://:PORT {
	tls internal
	sparekey
	respond 403
}
`

// TestReloadUnderTraffic reloads while people click: nobody gets an error, nobody
// is signed out, and nobody is let in who is not. Another proxy asks meanwhile.
func TestReloadUnderTraffic(t *testing.T) {
	t.Parallel()
	w := e2e.New(t, caddy)
	port, err := kvtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return fmt.Sprintf("https://%s.example.com:%d", name, port) }
	extra := []string{"from 127.0.0.1", "site " + at("album")}
	c := w.Run(e2e.Config{HTTPS: true, Port: port, Portal: "login.example.com", Sites: reloadedSites, Extra: extra})
	alice := e2e.Alice()
	w.SetUp(c, alice)
	b := c.Browser()
	b.Get(at("photos")+"/").Want("sign-in").Submit("name", alice.Name, "password", alice.Password)
	b.Submit("code", alice.Authenticator.Code(t))
	b.Get(at("album") + "/.sparekey/login?return=/") // where the other proxy leads
	b.Base = at("photos")

	ctx, stop := context.WithCancel(t.Context())
	var traffic sync.WaitGroup
	var sent atomic.Int64
	client := &http.Client{Jar: b.Client.Jar, Transport: b.Client.Transport}
	nobody := &http.Client{Transport: b.Client.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for i, ask := range []func(uri string) error{
		func(uri string) error { return visit(ctx, client, at("photos")+uri) },
		func(uri string) error { return visit(ctx, client, at("photos")+uri) },
		func(uri string) error { return asksAbout(ctx, client, at("album"), uri) },
		func(uri string) error { return sentAway(ctx, nobody, at("photos")+uri) },
	} {
		traffic.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if err := ask(fmt.Sprintf("/%d/%d", i, n)); err != nil && ctx.Err() == nil {
					t.Errorf("visitor %d, request %d: %v", i, n, err)
					return
				}
				sent.Add(1)
			}
		})
	}
	for i := range reloads {
		config := c.Config
		config.Extra = append(slices.Clone(extra), fmt.Sprintf("limit posts %d per 1m", 1000+i))
		c.Write(config)
		if err := c.Load(); err != nil {
			t.Errorf("reload %d: %v", i, err)
			break
		}
	}
	stop()
	traffic.Wait()
	t.Logf("%d requests over %d reloads", sent.Load(), reloads)
	if sent.Load() < reloads {
		t.Errorf("got %d requests through, want at least %d", sent.Load(), reloads)
	}
	if !w.SignedIn(b) {
		t.Error("the session is gone after the reloads")
	}
}

// pageOf asks for a page as a browser does.
func pageOf(ctx context.Context, client *http.Client, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/html")
	return client.Do(req)
}

// visit asks for a page of the app as somebody signed in.
func visit(ctx context.Context, client *http.Client, address string) error {
	res, err := pageOf(ctx, client, address)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	var echo e2e.Echo
	if err := json.Unmarshal(body, &echo); err != nil || res.StatusCode != http.StatusOK || echo.Header.Get("Remote-User") != "alice" {
		return fmt.Errorf("got status %d, want the app: %s", res.StatusCode, body)
	}
	return nil
}

// asksAbout asks as another proxy does whether somebody signed in may go on.
func asksAbout(ctx context.Context, client *http.Client, origin, uri string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, origin+"/.sparekey/verify", nil)
	if err != nil {
		return err
	}
	req.Header = http.Header{"X-Forwarded-Method": {"GET"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {req.URL.Host}, "X-Forwarded-Uri": {uri}}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Header.Get("Remote-User") != "alice" {
		return fmt.Errorf("verify: got status %d for %q, want a yes for alice", res.StatusCode, res.Header.Get("Remote-User"))
	}
	return nil
}

// sentAway asks for a page of the app as nobody.
func sentAway(ctx context.Context, client *http.Client, address string) error {
	res, err := pageOf(ctx, client, address)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusSeeOther || !strings.Contains(res.Header.Get("Location"), url.QueryEscape(address)) {
		return fmt.Errorf("nobody: got status %d to %q, want to be led to the portal", res.StatusCode, res.Header.Get("Location"))
	}
	return nil
}
