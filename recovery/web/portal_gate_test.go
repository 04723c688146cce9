package web_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// visitorAt asks without a session, as a browser does for what stands in mode and
// dest.
func visitorAt(t *testing.T, w *recoverytest.World, method, address, mode, dest string) *recoverytest.Browser {
	t.Helper()
	b := w.Browser().NoFollow()
	b.Header = http.Header{"Sec-Fetch-Mode": {mode}, "Sec-Fetch-Dest": {dest}, "Sec-Fetch-Site": {"same-origin"}}
	if method == http.MethodPost {
		return b.Post(address, recoverytest.Fields("note", "x"))
	}
	return b.Get(address)
}

// TestSE03_WhoIsNotSignedInAtAHost is led to the portal by a page load, and told
// where it is by everything else, without a cookie.
func TestSE03_WhoIsNotSignedInAtAHost(t *testing.T) {
	t.Parallel()
	w, _ := withPortal(t)
	const address = photos + "/a?b=c"
	const signIn = portal + "/.sparekey/login?return=https%3A%2F%2Fphotos.example.com%2Fa%3Fb%3Dc"
	for _, tc := range []struct {
		name, method, address, mode, dest string
		status                            int
		page                              string
	}{
		{"page load", http.MethodGet, address, "navigate", "document", http.StatusSeeOther, ""},
		{"through a service worker", http.MethodGet, address, "navigate", "empty", http.StatusSeeOther, ""},
		{"frame", http.MethodGet, address, "navigate", "iframe", http.StatusUnauthorized, "frame"},
		{"form", http.MethodPost, address, "navigate", "document", http.StatusUnauthorized, "not-saved"},
		{"script", http.MethodGet, address, "cors", "empty", http.StatusUnauthorized, ""},
		{"image", http.MethodGet, address, "no-cors", "image", http.StatusUnauthorized, ""},
		{"page load at a host of nobody", http.MethodGet, "https://other.example.com/", "navigate", "document", http.StatusForbidden, "refused"},
		{"script at a host of nobody", http.MethodGet, "https://other.example.com/", "cors", "empty", http.StatusUnauthorized, ""},
		{"our page at a host of nobody", http.MethodGet, "https://other.example.com/.sparekey/login", "navigate", "document", http.StatusForbidden, "refused"},
		{"a form of ours", http.MethodPost, photos + "/.sparekey/", "navigate", "document", http.StatusNotFound, "refused"},
		{"an app at the portal", http.MethodPost, portal + "/api", "cors", "empty", http.StatusNotFound, ""},
	} {
		b := visitorAt(t, w, tc.method, tc.address, tc.mode, tc.dest)
		if b.Status != tc.status || b.Page() != tc.page {
			t.Errorf("%s: got status %d and page %q, want %d and %q", tc.name, b.Status, b.Page(), tc.status, tc.page)
		}
		cookies := (&http.Response{Header: b.Answer}).Cookies()
		if leads := tc.status == http.StatusSeeOther; leads != (len(cookies) == 1) || leads && !strings.HasPrefix(b.Answer.Get("Location"), portal+"/.sparekey/login?n=") {
			t.Errorf("%s: got %d cookies and %q", tc.name, len(cookies), b.Answer.Get("Location"))
		}
		if tc.mode == "cors" && tc.address == address {
			var said struct {
				SignIn string `json:"sign_in"`
			}
			if err := json.Unmarshal([]byte(b.Body), &said); err != nil || said.SignIn != signIn {
				t.Errorf("%s: got %q, %v, want the sign-in at %s", tc.name, said.SignIn, err, signIn)
			}
		}
		if policy := b.Answer.Get("Content-Security-Policy"); strings.Contains(policy, "form-action") && strings.Contains(policy, album) && tc.page != "frame" && !strings.HasPrefix(tc.address, portal) {
			t.Errorf("%s: got %q, want forms of other hosts to lead nowhere else", tc.name, policy)
		}
	}
	if w.Hits() != 0 {
		t.Errorf("the app was asked %d times", w.Hits())
	}
	policy := w.Browser().Get("/.sparekey/login").Answer.Get("Content-Security-Policy")
	if want := "form-action 'self' " + strings.Join([]string{photos, album, nas, nas2}, " ") + ";"; !strings.Contains(policy, want) {
		t.Errorf("got %q, want %q in it", policy, want)
	}
}

// TestSE03_AReplacedTokenIsNotHandedOver: a browser that has not read the answer to
// a proof still has the token of before. It is not sent round between a host and
// the portal until that is over.
func TestSE03_AReplacedTokenIsNotHandedOver(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	b := come(w, w.Browser(), alice, photos+"/")
	late := w.Browser()
	for _, origin := range []string{portal, photos} {
		u, err := url.Parse(origin)
		if err != nil {
			t.Fatal(err)
		}
		late.Client.Jar.SetCookies(u, b.Client.Jar.Cookies(u))
	}
	begin(w, b, alice, recovery.KindStepUp)
	for _, origin := range []string{photos, album} {
		if late.Get(origin + "/a?b"); late.Status != http.StatusForbidden || !strings.Contains(late.Want("refused").Body, `href="`+origin+`/a?b"`) {
			t.Errorf("%s: got status %d, want the page that leads there again\n%s", origin, late.Status, late.Body)
		}
	}
	if cookieAt(t, late, album) != nil {
		t.Error("the token of before was handed over")
	}
	w.Clock.Move(10 * time.Second)
	late.Get(photos + "/a?b").Want("sign-in")
	u, _ := url.Parse(portal)
	late.Client.Jar.SetCookies(u, b.Client.Jar.Cookies(u)) // the answer has come
	inApp(w, late.Get(photos+"/a?b"), photos+"/a?b")
}

// TestAHostAtAnotherPortIsTold once in the log: of a mapped port nobody knows here.
func TestAHostAtAnotherPortIsTold(t *testing.T) {
	t.Parallel()
	w, _ := withPortal(t)
	var said bytes.Buffer
	w.Web.Log = slog.New(slog.NewTextHandler(&said, nil))
	visitorAt(t, w, http.MethodGet, "https://unknown.example.com:9443/", "navigate", "document")
	if said.Len() > 0 {
		t.Errorf("a host of nobody: said %q, want nothing", &said)
	}
	for _, address := range []string{photos + ":9443/", photos + ":9443/.sparekey/login", portal + ":9443/"} {
		if b := visitorAt(t, w, http.MethodGet, address, "navigate", "document"); b.Status != http.StatusForbidden {
			t.Errorf("%s: got status %d, want 403", address, b.Status)
		}
	}
	if n := strings.Count(said.String(), "asked="+photos+":9443 configured="+photos); n != 1 || strings.Count(said.String(), "\n") != 1 {
		t.Errorf("got %q, want one line", &said)
	}
}
