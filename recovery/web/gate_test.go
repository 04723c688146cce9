package web_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
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

func TestA61_CrossSitePostsAreRefused(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	forms := map[string]url.Values{
		"sign in":      recoverytest.Fields("start", "login", "name", "alice", "password", alice.Password),
		"ask":          recoverytest.Fields("start", "recover", "name", "alice"),
		"sign out":     {},
		"new codes":    recoverytest.Fields("start", "new_codes"),
		"new password": recoverytest.Fields("start", "change_password"),
	}
	marks := []http.Header{
		{"Sec-Fetch-Site": {"cross-site"}},
		{"Sec-Fetch-Site": {"same-site"}},
		{"Sec-Fetch-Site": {"none"}},
		{"Sec-Fetch-Site": {""}},
		{"Sec-Fetch-Site": {"same-origin", "cross-site"}},
		{"Origin": {"null"}},
		{"Origin": {"https://evil.example"}},
		{"Origin": {"http://" + strings.TrimPrefix(w.Server.URL, "http://") + ".evil.example"}},
		{"Origin": {"https://" + strings.TrimPrefix(w.Server.URL, "http://")}},
		{"Origin": {"http://127.0.0.1"}},
		{"Origin": {w.Server.URL, "https://evil.example"}},
		{},
	}
	for name, fields := range forms {
		for _, mark := range marks {
			path := "/.sparekey/"
			if name == "sign out" {
				path += "logout"
			}
			req, err := http.NewRequestWithContext(t.Context(), "POST", w.Server.URL+path, strings.NewReader(fields.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			req.Header = mark.Clone()
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.AddCookie(b.Cookie("sparekey"))
			res, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != 403 || len(res.Header["Set-Cookie"]) > 0 {
				t.Errorf("%s with %v: got status %d, cookies %v, want 403 and none", name, mark, res.StatusCode, res.Header["Set-Cookie"])
			}
		}
	}
	if !w.SignedIn(b) {
		t.Error("a cross-site form signed alice out")
	}
	if n := len(w.Outbox.To("", "recover-code")); n != 0 {
		t.Errorf("a cross-site form sent %d mails", n)
	}
	req, _ := http.NewRequestWithContext(t.Context(), "POST", w.Server.URL+"/.sparekey/logout", nil)
	req.Header.Set("Origin", w.Server.URL)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("our own Origin, from a browser without Sec-Fetch: got status %d, want 200", res.StatusCode)
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
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
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
		{"form", "POST", nav, ""},
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

func TestBadInputChangesAndSpendsNothing(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	b.Get("/.sparekey/recover").Submit("name", "alice").Want("sent")
	hidden := b.Hidden("code")
	code := w.MailCode(alice)
	send := func(contentType, body string, header http.Header) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "POST", w.Server.URL+"/.sparekey/", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		req.AddCookie(b.Cookie("sparekey-flow"))
		for k, v := range header {
			req.Header[k] = v
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	form := "application/x-www-form-urlencoded"
	good := "flow=" + hidden.Get("flow") + "&code=" + code
	for _, tc := range []struct{ name, contentType, body string }{
		{"unknown field", form, good + "&admin=1"},
		{"repeated field", form, good + "&code=" + code},
		{"array field", form, good + "&name[]=x"},
		{"bad UTF-8", form, "flow=" + hidden.Get("flow") + "&code=%ff%fe"},
		{"NUL", form, good + "%00"},
		{"bad escape", form, good + "%zz"},
		{"large body", form, good + "&label=" + strings.Repeat("x", 65<<10)},
		{"many fields", form, good + strings.Repeat("&a=1", 200)},
		{"semicolon", form, good + ";code=x"},
		{"JSON", "application/json", `{"flow":"` + hidden.Get("flow") + `","code":"` + code + `"}`},
		{"plain text", "text/plain", good},
		{"multipart", "multipart/form-data; boundary=x", good},
		{"no type", "", good},
		{"another flow's id", form, "flow=AAAAAAAAAAAAAAAAAAAAAA&code=" + code},
		{"huge flow id", form, "flow=" + strings.Repeat("A", 60<<10) + "&code=" + code},
		{"a kind there is not", form, "start=root&code=" + code},
	} {
		if got := send(tc.contentType, tc.body, nil); got < 400 || got > 499 {
			t.Errorf("%s: got status %d, want 4xx", tc.name, got)
		}
	}
	if got := send(form, good, http.Header{"Cookie": {strings.Repeat("x", 7<<10) + "=1"}}); got != 422 {
		t.Errorf("foreign oversized cookie: got status %d, want 422", got)
	}
	b.Submit("code", code).Want("choice")
}

func TestLinkExpiredIsAClearPage(t *testing.T) {
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	for _, code := range []string{"K7QF-29MX-TTRA", strings.Repeat("A", 43), "flow.token", "x"} {
		b := w.Browser()
		b.Get("/.sparekey/link").Want("confirm").Submit("code", code)
		if b.Status != 422 || b.Page() == "" {
			t.Errorf("%q: got status %d, page %q, want 422 and a page", code, b.Status, b.Page())
		}
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
	w.Allow = []string{"family"}
	b.Get("/").Want("forbidden")
	if b.Status != 403 || !strings.Contains(b.Text(), "alice") {
		t.Errorf("got status %d and %q", b.Status, b.Text())
	}
	w.Allow = []string{recovery.GroupAdmins}
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
