package web_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// told is what the app got.
func told(t *testing.T, b *recoverytest.Browser) recoverytest.Echo {
	t.Helper()
	var e recoverytest.Echo
	if err := json.Unmarshal([]byte(b.Body), &e); err != nil {
		t.Fatalf("not the app: %v\n%s", err, b.Text())
	}
	return e
}

func TestA54_IdentityHeadersAreOursAlone(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	for _, name := range []string{
		"remote-user", "REMOTE-USER", "Remote_User", "Remote.User", "rEMOTE-uSER", "Remote-user", "remote_user", "Remote-User ",
		"Remote-Groups", "remote_groups", "Remote.Groups", "Remote-Email", "REMOTE_EMAIL", "Remote-Name", "Remote-Anything",
	} {
		for _, n := range []*recoverytest.Browser{b, w.Browser()} {
			hits := w.Hits()
			n.Header = http.Header{strings.TrimSpace(name): {"admin", "root"}}
			n.Get("/echo")
			if n != b {
				if w.Hits() != hits {
					t.Errorf("%q without a session reached the app", name)
				}
				continue
			}
			for k, v := range told(t, n).Header {
				if strings.HasPrefix(strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(k)), "remote-") && (len(v) != 1 || v[0] == "admin" || v[0] == "root") {
					t.Errorf("%q: the app was told %s: %v", name, k, v)
				}
			}
		}
	}
}

func TestHD03_AllFourHeadersAreAlwaysThere(t *testing.T) {
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	plain := &recoverytest.Person{Name: "robin", Password: "staple battery horse"}
	w.Invite(plain)
	b := w.Browser()
	w.SignIn(b, plain, "/echo")
	h := told(t, b).Header
	for name, want := range map[string]string{"Remote-User": "robin", "Remote-Name": "robin", "Remote-Email": "", "Remote-Groups": ""} {
		if got, ok := h[name]; !ok || len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %q, want one value %q", name, got, want)
		}
	}
}

func TestA55_ConnectionCannotRemoveHeaders(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	for _, value := range [][]string{
		{"close, Remote-User"},
		{"remote-groups"},
		{"X-Forwarded-For, keep-alive"},
		{"Remote-User", "Remote-Name", "REMOTE-EMAIL", "remote-groups"},
		{"Upgrade, Remote-User, Cookie"},
	} {
		b.Header = http.Header{"Connection": value}
		b.Get("/echo")
		h := told(t, b).Header
		if h.Get("Remote-User") != "alice" {
			t.Errorf("Connection %q: the app was not told who asks", value)
		}
		for _, line := range h["Connection"] {
			for token := range strings.SplitSeq(line, ",") {
				switch strings.ToLower(strings.TrimSpace(token)) {
				case "close", "keep-alive", "upgrade":
				default:
					t.Errorf("Connection %q: %q was left for the proxy to act on", value, token)
				}
			}
		}
	}
}

func TestA62_EveryAnswerCarriesTheHeaders(t *testing.T) {
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	b := w.Browser().NoFollow()
	check := func(what string) {
		t.Helper()
		h := b.Answer
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "script-src 'self';"} { // an IP address has no name
			if !strings.Contains(csp, want) {
				t.Errorf("%s: CSP %q lacks %s", what, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" || h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: got headers %v", what, h)
		}
		if cc := h.Get("Cache-Control"); cc != "no-store" && !strings.Contains(what, "static") {
			t.Errorf("%s: got Cache-Control %q, want no-store", what, cc)
		}
	}
	for _, path := range []string{
		"/", "/deep/page?x=1", "/.sparekey/", "/.sparekey/login", "/.sparekey/recover", "/.sparekey/setup", "/.sparekey/link",
		"/.sparekey/stop?t=x", "/.sparekey/account", "/.sparekey/nowhere", "/.sparekey/static/sparekey.css", "/.sparekey/static/none", "/.sparekey/?f=none", "/.sparekey/logout",
	} {
		b.Get(path)
		check("GET " + path)
		if b.Status >= 500 {
			t.Errorf("GET %s: got status %d", path, b.Status)
		}
	}
	b.Post("/.sparekey/recover", url.Values{})
	check("405")
	b.Post("/.sparekey/", recoverytest.Fields("start", "login", "name", "x", "password", strings.Repeat("x", 70<<10)))
	check("413")
	for range 6 {
		b.Post("/.sparekey/", recoverytest.Fields("start", "login", "name", "alice", "password", "wrong"))
	}
	if b.Status != 429 {
		t.Errorf("got status %d, want 429", b.Status)
	}
	check("429")
	b.Header.Set("Accept", "application/json")
	b.Header.Set("Sec-Fetch-Mode", "cors")
	b.Header.Set("Sec-Fetch-Dest", "empty")
	b.Get("/api/x")
	check("background")
	if b.Status != 401 || b.Answer.Get("Content-Type") != "application/json" || len(b.Answer["Set-Cookie"]) > 0 {
		t.Errorf("background: got %d %v", b.Status, b.Answer)
	}
}

// By https every answer has browsers stay there, but for a loopback name, which
// other programs have ports of, and where the site has said something itself.
func TestA62_AnswersByTLSStayThere(t *testing.T) {
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	const name = "Strict-Transport-Security"
	for _, tc := range []struct{ url, own, want string }{
		{"https://photos.example.com/", "", "max-age=31536000"},
		{"https://photos.example.com/.sparekey/login", "", "max-age=31536000"},
		{"https://photos.example.com/.sparekey/static/sparekey.css", "", "max-age=31536000"},
		{"https://photos.example.com/.sparekey/nowhere", "", "max-age=31536000"},
		{"https://photos.example.com/.sparekey/login", "max-age=60; preload", "max-age=60; preload"},
		{"https://localhost:8443/.sparekey/login", "", ""},
		{"http://photos.example.com/.sparekey/login", "", ""},
	} {
		r, rw := httptest.NewRequestWithContext(t.Context(), http.MethodGet, tc.url, nil), httptest.NewRecorder()
		if tc.own != "" {
			rw.Header().Set(name, tc.own)
		}
		if web.Ours(r) {
			w.Web.ServeHTTP(rw, r)
		} else {
			w.Web.Deny(rw, r, guard.Decision{})
		}
		if got := rw.Header().Get(name); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.url, got, tc.want)
		}
	}
}

func TestNavigationsGetAPageAndBackgroundRequestsA401(t *testing.T) {
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	nav := http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Accept": {"text/html"}}
	for _, tc := range []struct {
		name   string
		method string
		header http.Header
		page   string
	}{
		{"navigation", "GET", nav, "sign-in"},
		{"old browser", "GET", http.Header{"Accept": {"text/html,*/*"}}, "sign-in"},
		{"frame", "GET", http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"iframe"}}, "frame"},
		{"fetch", "GET", http.Header{"Sec-Fetch-Mode": {"cors"}, "Sec-Fetch-Dest": {"empty"}, "Accept": {"text/html"}}, ""},
		{"image", "GET", http.Header{"Sec-Fetch-Mode": {"no-cors"}, "Sec-Fetch-Dest": {"image"}, "Accept": {"image/*"}}, ""},
		{"script", "GET", http.Header{"Sec-Fetch-Mode": {"no-cors"}, "Sec-Fetch-Dest": {"script"}}, ""},
		{"manifest", "GET", http.Header{"Sec-Fetch-Mode": {"cors"}, "Sec-Fetch-Dest": {"manifest"}}, ""},
		{"service worker", "GET", http.Header{"Sec-Fetch-Mode": {"same-origin"}, "Sec-Fetch-Dest": {"serviceworker"}}, ""},
		{"event source", "GET", http.Header{"Accept": {"text/event-stream"}}, ""},
		{"XMLHttpRequest", "GET", http.Header{"Accept": {"text/html"}, "X-Requested-With": {"XMLHttpRequest"}}, ""},
		{"WebSocket", "GET", http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}}, ""},
		{"curl", "GET", http.Header{"Accept": {"*/*"}}, ""},
		{"through a service worker", "GET", http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"empty"}, "Accept": {"text/html"}}, "sign-in"},
		{"form", "POST", nav, "not-saved"},
		{"form of a script", "POST", http.Header{"Sec-Fetch-Mode": {"cors"}, "Sec-Fetch-Dest": {"empty"}, "Accept": {"text/html"}}, ""},
		{"PUT", "PUT", http.Header{"Accept": {"text/html"}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tc.method, w.Server.URL+"/a?b=c", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header = tc.header.Clone()
			res, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != 401 || len(res.Header["Set-Cookie"]) > 0 {
				t.Errorf("got status %d, cookies %v, want 401 and none", res.StatusCode, res.Header["Set-Cookie"])
			}
			if got := strings.Contains(string(body), `data-page="`+tc.page+`"`); tc.page != "" && !got {
				t.Errorf("got %s, want page %s", body, tc.page)
			}
			if tc.page == "" && !json.Valid(body) {
				t.Errorf("got %s, want JSON", body)
			}
		})
	}
}

func TestReturnTarget(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	for target, want := range map[string]string{
		"/album?id=7&x=%2F":         "/album?id=7&x=%2F",
		"/a#part":                   "/a#part",
		"//evil.example":            "/",
		"/\\evil.example":           "/",
		"https://evil.example":      "/",
		"https://good@evil.example": "/",
		"javascript:alert(1)":       "/",
		"/%0d%0aX: y":               "/",
		"/%09/evil.example":         "/",
		"/%2fevil.example":          "/",
		"/%5cevil.example":          "/",
		"https:evil":                "/",
		"":                          "/",
		"/.sparekey/logout":         "/",
	} {
		b := w.Browser().NoFollow()
		b.Get("/.sparekey/login?return=" + url.QueryEscape(target)).Want("sign-in")
		hidden := b.Hidden("name")
		hidden.Set("return", target)
		hidden.Set("name", alice.Name)
		hidden.Set("password", alice.Password)
		b.Post("/.sparekey/", hidden)
		b.Get(b.Answer.Get("Location")).Want("factor")
		w.Clock.Move(time.Minute)
		b.Submit("code", recoverytest.TOTP(w, alice.Key))
		if got := b.Answer.Get("Location"); b.Status != 303 || got != want {
			t.Errorf("return %q: got %d to %q, want 303 to %q", target, b.Status, got, want)
		}
	}
}

func TestForbiddenSaysWhoYouAre(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	w.Rules.Allow = []string{"family"}
	b.Get("/").Want("forbidden")
	if b.Status != 403 || !strings.Contains(b.Text(), "alice") {
		t.Errorf("got status %d and %q", b.Status, b.Text())
	}
	w.Rules.Allow = []string{recovery.GroupAdmins}
	if !w.SignedIn(b) {
		t.Error("a member of the group is not let in")
	}
}

func TestPlainHTTPOffLoopbackIsRefused(t *testing.T) {
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	for _, path := range []string{"/", "/.sparekey/login"} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", w.Server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "photos.example.com"
		req.Header.Set("Accept", "text/html")
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != 403 || strings.Contains(string(body), `name="password"`) {
			t.Errorf("%s: got status %d, and a password field: %v", path, res.StatusCode, strings.Contains(string(body), `name="password"`))
		}
	}
}

func TestHD10_TwoTabsTwoTargets(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	one := w.Browser()
	two := w.Browser()
	two.Client.Jar = one.Client.Jar
	one.Get("/one").Submit("name", "alice", "password", alice.Password).Want("factor")
	two.Get("/two").Submit("name", "alice", "password", alice.Password).Want("factor")
	w.Clock.Move(time.Minute)
	one.Submit("code", recoverytest.TOTP(w, alice.Key))
	w.Clock.Move(time.Minute)
	two.Submit("code", recoverytest.TOTP(w, alice.Key))
	if one.URL.Path != "/one" || two.URL.Path != "/two" {
		t.Errorf("got %s and %s, want /one and /two", one.URL.Path, two.URL.Path)
	}
}
