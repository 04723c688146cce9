package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/examples/e2e"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// durable makes Redis keep what it has over a restart.
func durable(t *testing.T) *kvtest.Redis { return kvtest.StartRedis(t, "--appendonly", "yes") }

// TestStory is the whole life of an account: set-up, sign-in, sign-out, a lost
// phone, and what the old phone opens afterwards (nothing).
func TestStory(t *testing.T) {
	tests := []struct {
		name   string
		config func(t *testing.T) e2e.Config
	}{
		{"file", func(*testing.T) e2e.Config { return e2e.Config{Costly: true} }},
		{"redis", func(t *testing.T) e2e.Config { return e2e.Config{Store: "redis " + durable(t).URL()} }},
		{"https", func(*testing.T) e2e.Config { return e2e.Config{HTTPS: true} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := e2e.New(t, caddy)
			story(t, w, w.Run(tt.config(t)))
		})
	}
}

func story(t *testing.T, w *e2e.World, c *e2e.Caddy) {
	t.Helper()
	const uri = "/album/2024%20summer?id=7&sort=a%26b"
	alice := e2e.Alice()
	c.Browser().Get(uri).Want("setup") // nothing reaches the app before there is an account
	w.SetUp(c, alice)
	if got := w.App.Hits(); got != 1 {
		t.Fatalf("got %d requests at the app, want 1: the set-up ends there", got)
	}

	b, elsewhere := c.Browser(), c.Browser()
	alice.SignIn(b, uri)
	checkCookies(t, b, c)
	checkIdentity(t, b, uri)
	alice.SignInWithCode(elsewhere, 0) // an authenticator code would have to be waited for
	b.Post("/.sparekey/logout", url.Values{}).Want("signed-out")
	if w.SignedIn(b) {
		t.Error("signed out, but a request reached the app")
	}
	if !w.SignedIn(elsewhere) {
		t.Error("signing out here ended the session elsewhere")
	}

	old := *alice
	w.LostPhone(b, alice)
	if w.SignedIn(elsewhere) {
		t.Error("a session outlived the replacement of the second factor")
	}
	alice.SignIn(b, uri)
	refuseOld(t, c, alice, &old)
	if !w.SignedIn(b) {
		t.Error("the refused tries ended the new session")
	}
}

// checkCookies wants the names and marks of the public contract.
func checkCookies(t *testing.T, b *recoverytest.Browser, c *e2e.Caddy) {
	t.Helper()
	for _, name := range []string{"sparekey", "sparekey-device"} {
		cookie := b.Cookie(name)
		if cookie == nil {
			t.Errorf("no cookie %s after signing in", name)
			continue
		}
		if got := strings.HasPrefix(cookie.Name, "__Host-"); got != c.Config.HTTPS {
			t.Errorf("cookie %s: got the __Host- prefix: %v, want %v", cookie.Name, got, c.Config.HTTPS)
		}
	}
	// A jar does not tell the marks: they are read off the answer that sets it.
	answer := c.Browser().NoFollow().Get("/.sparekey/recover").Submit("name", "nobody").Answer
	set := answer.Values("Set-Cookie")
	if len(set) != 1 {
		t.Fatalf("got cookies %q for a flow, want one", set)
	}
	want := []string{"HttpOnly", "SameSite=Lax", "Path=/"}
	if c.Config.HTTPS {
		want = append(want, "Secure", "__Host-sparekey-flow-"+strconv.Itoa(c.Config.Port)+"=")
	}
	for _, w := range want {
		if !strings.Contains(set[0], w) {
			t.Errorf("got cookie %q, want %s in it", set[0], w)
		}
	}
	if strings.Contains(set[0], "Domain") {
		t.Errorf("got cookie %q, want no Domain", set[0])
	}
}

// checkIdentity sends what a liar would send, and wants the app to hear only
// what Sparekey says.
func checkIdentity(t *testing.T, b *recoverytest.Browser, uri string) {
	t.Helper()
	lies := http.Header{
		"Remote-User": {"root"}, "remote_user": {"root"}, "REMOTE-GROUPS": {"root"}, "Remote.Email": {"root@example.org"},
		"Remote-Name": {"root"}, "Remote-Anything": {"root"}, "Connection": {"Remote-User, Remote-Groups"},
	}
	b.Header = lies
	defer func() { b.Header = http.Header{} }()
	b.Get(uri)
	var echo e2e.Echo
	if err := json.Unmarshal([]byte(b.Body), &echo); err != nil {
		t.Fatalf("the app did not answer: %v\n%s", err, b.Body)
	}
	if echo.URI != uri {
		t.Errorf("the app was asked for %s, want %s", echo.URI, uri)
	}
	want := map[string]string{
		"Remote-User": "alice", "Remote-Name": "alice", "Remote-Email": "alice@example.org", "Remote-Groups": "admins",
		"X-Placeholders": "alice alice@example.org admins",
	}
	for name, values := range echo.Header {
		lower := strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(name))
		if strings.HasPrefix(lower, "remote-") && want[name] == "" {
			t.Errorf("the app got a header %s: %q", name, values)
		}
		if name == "Cookie" && strings.Contains(strings.Join(values, ";"), "sparekey") {
			t.Errorf("the app got our cookies: %q", values)
		}
	}
	for name, value := range want {
		if got := echo.Header[name]; !slices.Equal(got, []string{value}) {
			t.Errorf("%s at the app: got %q, want %q", name, got, value)
		}
	}
}

// refuseOld wants that nothing of before the recovery opens anything.
func refuseOld(t *testing.T, c *e2e.Caddy, alice, old *e2e.Person) {
	t.Helper()
	b := c.Browser()
	b.Get("/").Want("sign-in").Submit("name", alice.Name, "password", alice.Password).Want("factor")
	b.Submit("code", old.Authenticator.Code(t)).Want("factor")
	if b.Status != http.StatusUnprocessableEntity {
		t.Errorf("old authenticator: got status %d, want 422", b.Status)
	}
	b.Submit("method", "recovery_code").Want("factor").Submit("code", old.Codes[3])
	if b.Want("factor").Status != http.StatusUnprocessableEntity {
		t.Errorf("old recovery code: got status %d, want 422", b.Status)
	}
	b.Submit("code", alice.Codes[3])
	if b.Status != http.StatusOK || b.Page() != "" {
		t.Errorf("new recovery code: got status %d on page %q, want the app\n%s", b.Status, b.Page(), b.Text())
	}
}
