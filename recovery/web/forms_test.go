package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// foreignMarks are headers of a form that does not come from the site at the
// address, or does not say where it comes from.
func foreignMarks(own string) []http.Header {
	host := strings.TrimPrefix(own, "http://")
	return []http.Header{
		{"Sec-Fetch-Site": {"cross-site"}},
		{"Sec-Fetch-Site": {"same-site"}},
		{"Sec-Fetch-Site": {"none"}},
		{"Sec-Fetch-Site": {""}},
		{"Sec-Fetch-Site": {"same-origin", "cross-site"}},
		{"Origin": {"null"}},
		{"Origin": {"https://evil.example"}},
		{"Origin": {"http://" + host + ".evil.example"}},
		{"Origin": {"https://" + host}},
		{"Origin": {"http://127.0.0.1"}},
		{"Origin": {own, "https://evil.example"}},
		{},
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
	for name, fields := range forms {
		for _, mark := range foreignMarks(w.Server.URL) {
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
	if res.StatusCode != 303 {
		t.Errorf("our own Origin, from a browser without Sec-Fetch: got status %d, want 303", res.StatusCode)
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

func TestA40_EmptyFormsGetNowhere(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	stays := func(page, field string) {
		t.Helper()
		hidden := b.Want(page).Hidden(field)
		empty := url.Values{}
		for k, v := range hidden {
			empty[k] = v
		}
		for _, name := range []string{"name", "password", "code", "new_password", "choice", "method", "mail", "phone"} {
			empty.Set(name, "")
		}
		for _, fields := range []url.Values{{}, hidden, empty} {
			probe := w.Browser()
			probe.Client.Jar = b.Client.Jar
			probe.Post("/.sparekey/", fields)
			if probe.Status < 400 || probe.Status > 499 {
				t.Errorf("%s, empty form %v: got status %d, want 4xx", page, fields, probe.Status)
			}
			if id := hidden.Get("flow"); id != "" {
				probe.Get("/.sparekey/?f=" + id).Want(page)
			}
		}
	}
	b.Get("/")
	stays("sign-in", "name")
	b.Get("/.sparekey/recover")
	stays("recover", "name")
	b.Submit("name", "alice")
	stays("sent", "code")
	b.Submit("code", w.MailCode(alice))
	stays("choice", "choice")
	b.Submit("choice", "second_factor")
	stays("factor", "password")
	b.Submit("password", alice.Password)
	stays("factor", "code")
	b.Submit("code", w.SMSCode(alice))
	stays("enroll", "code")
}
