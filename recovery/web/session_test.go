package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

func TestA21_PlantedCookiesAreReplaced(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	u, _ := url.Parse(w.Server.URL)
	planted := map[string]string{}
	for _, name := range []string{"sparekey", "sparekey-device", "sparekey-flow"} {
		planted[name] = strings.Repeat("A", 65)
		b.Client.Jar.SetCookies(u, []*http.Cookie{{Name: name + "-" + u.Port(), Value: planted[name], Path: "/"}})
	}
	if w.SignedIn(b) {
		t.Fatal("a planted session cookie opened the app")
	}
	w.SignIn(b, alice, "/")
	for name, value := range planted {
		if c := b.Cookie(name); c != nil && c.Value == value {
			t.Errorf("%s still has the planted value", name)
		}
	}
	other := w.Browser()
	w.SignIn(other, alice, "/")
	if a, b := b.Cookie("sparekey").Value, other.Cookie("sparekey").Value; a == b || a == "" {
		t.Error("two sign-ins got the same session cookie")
	}
}

func TestA22_SignedOutCookieIsDeadEverywhere(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	node := w.Node()
	b := w.Browser()
	w.SignIn(b, alice, "/")
	old := b.Cookie("sparekey").Value
	ask := func(w *recoverytest.World) bool {
		return w.Guard.Check(t.Context(), guard.Question{Cookie: old}).OK()
	}
	if !ask(w) || !ask(node) {
		t.Fatal("not signed in on both nodes before the test")
	}
	b.Post("/.sparekey/logout", url.Values{}).Want("signed-out")
	if ask(w) || ask(node) {
		t.Error("the old cookie works after signing out")
	}
	if _, s, err := w.Engine.Account(t.Context(), old); s != nil || err != nil {
		t.Errorf("account page: got session %v, %v, want none", s, err)
	}
}

func TestA24_EveryCookieIsHostOnlySecureAndHidden(t *testing.T) {
	w := recoverytest.New(t, recoverytest.WithTLS())
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser().NoFollow()
	seen := map[string]bool{}
	check := func() {
		t.Helper()
		for _, c := range (&http.Response{Header: b.Answer}).Cookies() {
			seen[c.Name] = true
			if !strings.HasPrefix(c.Name, "__Host-sparekey") || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
				t.Errorf("cookie %q: got %q", c.Name, c.Raw)
			}
			if len(c.Raw) > 4096 {
				t.Errorf("cookie %q has %d bytes", c.Name, len(c.Raw))
			}
		}
	}
	b.Get("/").Want("sign-in")
	check()
	b.Submit("name", alice.Name, "password", alice.Password)
	check()
	b.Get(b.Answer.Get("Location")).Want("factor")
	w.Clock.Move(30 * time.Second)
	b.Submit("code", recoverytest.TOTP(w, alice.Key))
	check()
	b.Post("/.sparekey/logout", url.Values{})
	check()
	b.Get("/.sparekey/recover").Submit("name", alice.Name)
	check()
	if len(seen) != 3 {
		t.Errorf("got cookies %v, want session, device and flow", seen)
	}
}

func TestA25_TheAppNeverSeesOurCookies(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	u, _ := url.Parse(w.Server.URL)
	b.Client.Jar.SetCookies(u, []*http.Cookie{{Name: "theme", Value: "dark", Path: "/"}, {Name: "Sparekey-Device-1", Value: "x", Path: "/"}})
	w.SignIn(b, alice, "/")
	b.Get("/echo")
	if strings.Contains(strings.ToLower(b.Body), "sparekey") {
		t.Errorf("the app was told: %s", b.Body)
	}
	if !strings.Contains(b.Body, "theme=dark") {
		t.Errorf("the app lost its own cookie: %s", b.Body)
	}
}

func TestA56_OddCookiesAreNoCookies(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	good := b.Cookie("sparekey").Value
	values := []string{
		"", strings.Repeat("A", 8<<10), "\x00", "a\x00b", "!!!", good[:len(good)/2], good + "A", good[1:] + good[:1], strings.ToLower(good), strings.ToUpper(good),
		"=" + good[1:], good[:22] + strings.Repeat("A", 43), strings.Repeat("A", 22) + good[22:], strings.Repeat("_", 65), "null", "undefined", "../../etc/passwd",
	}
	for i := range 200 {
		x := []byte(good)
		x[i%len(x)] ^= byte(1 + i%7)
		values = append(values, string(x))
	}
	for _, v := range values {
		if v == good {
			continue
		}
		for _, raw := range []string{v, v + "; " + b.Cookie("sparekey").Name + "=" + v} {
			req, err := http.NewRequestWithContext(t.Context(), "GET", w.Server.URL+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header["Cookie"] = []string{b.Cookie("sparekey").Name + "=" + strings.Map(sendable, raw)}
			res, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if strings.Map(sendable, v) != good && res.StatusCode != 401 {
				t.Errorf("cookie %.80q: got status %d, want 401", raw, res.StatusCode)
			}
		}
	}
}

// sendable drops what Go's client refuses to put into a header.
func sendable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return -1
	}
	return r
}

func TestHD04_TwoDifferentSessionCookiesAreNone(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	c := b.Cookie("sparekey")
	req, err := http.NewRequestWithContext(t.Context(), "GET", w.Server.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header["Cookie"] = []string{c.Name + "=" + c.Value + "; " + c.Name + "=" + strings.Repeat("A", 65)}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 401 {
		t.Errorf("got status %d, want 401", res.StatusCode)
	}
}

func TestSessionEnds(t *testing.T) {
	for _, tc := range []struct {
		name  string
		moves []time.Duration
		want  bool
	}{
		{"7 h idle", []time.Duration{7 * time.Hour}, true},
		{"8 h 1 min idle", []time.Duration{8*time.Hour + time.Minute}, false},
		{"busy for 23 h", repeat(7*time.Hour, 3), true},
		{"busy for 24 h 30 min", append(repeat(7*time.Hour, 3), 210*time.Minute), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := recoverytest.New(t)
			alice := recoverytest.Alice()
			w.Setup(alice)
			b := w.Browser()
			w.SignIn(b, alice, "/")
			got := true
			for _, d := range tc.moves {
				w.Clock.Move(d)
				got = w.SignedIn(b)
			}
			if got != tc.want {
				t.Errorf("got signed in %v, want %v", got, tc.want)
			}
		})
	}
}

func repeat(d time.Duration, n int) (out []time.Duration) {
	for range n {
		out = append(out, d)
	}
	return out
}

func TestA23_ANewPasswordEndsTheOthersOnEveryNode(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	node := w.Node()
	here, there := w.Browser(), w.Browser()
	w.SignIn(there, alice, "/")
	w.SignIn(here, alice, "/")
	old := there.Cookie("sparekey").Value
	for _, n := range []*recoverytest.World{w, node} {
		if !n.Guard.Check(t.Context(), guard.Question{Cookie: old}).OK() {
			t.Fatal("not signed in before")
		}
	}
	here.Post("/.sparekey/", recoverytest.Fields("start", "change_password")).Want("factor").Submit("password", alice.Password).Want("factor")
	w.Clock.Move(time.Minute)
	here.Submit("code", recoverytest.TOTP(w, alice.Key)).Want("new-password").Submit("new_password", "another horse battery").Want("account-sign-in")
	for i, n := range []*recoverytest.World{w, node} {
		if n.Guard.Check(t.Context(), guard.Question{Cookie: old}).OK() {
			t.Errorf("node %d: the other browser is still signed in", i)
		}
	}
}
