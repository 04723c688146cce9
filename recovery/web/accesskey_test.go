package web_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// keyed is a world whose site takes access keys below /api/, and alice's key.
func keyed(t *testing.T, options ...recoverytest.Option) (w *recoverytest.World, alice *recoverytest.Person, key string) {
	t.Helper()
	w, alice = withFactor(t, options...)
	w.Rules.Keys = []string{"/api/*"}
	return w, alice, makeKey(t, w, alice, recovery.AccessKey{Name: "backup"})
}

func makeKey(t *testing.T, w *recoverytest.World, p *recoverytest.Person, k recovery.AccessKey) string {
	t.Helper()
	key, _, err := w.Engine.AddKey(t.Context(), account(t, w, p.Name).ID, k)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func bearer(key string) http.Header { return http.Header{"Authorization": {"Bearer " + key}} }

func basic(user, password string) http.Header {
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}}
}

// send is a request of a program.
func send(t *testing.T, w *recoverytest.World, path string, header http.Header) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.Server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header.Clone()
	if host := header.Get("Host"); host != "" {
		req.Host = host
		req.Header.Del("Host")
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// reached is what the app saw of a request; nil: it was not let in.
func reached(t *testing.T, w *recoverytest.World, path string, header http.Header) *recoverytest.Echo {
	t.Helper()
	res, body := send(t, w, path, header)
	if res.StatusCode != http.StatusOK {
		return nil
	}
	e := new(recoverytest.Echo)
	if err := json.Unmarshal([]byte(body), e); err != nil {
		t.Fatalf("got %q, want what the app saw", body)
	}
	return e
}

// TestProgramsComeInByAccessKeys in each of the ways a program may know, and the
// app is told whose it is.
func TestProgramsComeInByAccessKeys(t *testing.T) {
	t.Parallel()
	w, _, key := keyed(t)
	for name, header := range map[string]http.Header{
		"Bearer":           bearer(key),
		"bearer":           {"Authorization": {"bearer  " + key + " "}},
		"Basic, her name":  basic("alice", key),
		"Basic, any name":  basic("x", key),
		"Basic, no name":   basic("", key),
		"own header":       {"Sparekey-Key": {key}},
		"beside the app's": {"Sparekey-Key": {key}, "Authorization": {"Bearer of-the-app"}},
	} {
		e := reached(t, w, "/api/photos?x=1", header)
		if e == nil || e.Header.Get("Remote-User") != "alice" || e.URI != "/api/photos?x=1" {
			t.Errorf("%s: got %+v, want alice let in", name, e)
			continue
		}
		if strings.Contains(name, "beside") != (e.Header.Get("Authorization") == "Bearer of-the-app") || e.Header["Sparekey-Key"] != nil {
			t.Errorf("%s: the app got %v, want its own credentials and no key", name, e.Header)
		}
	}
	if got := account(t, w, "alice").AccessKeys[0].Used; !got.Equal(recovery.Day(w.Clock.Now())) {
		t.Errorf("got the last use %v, want today", got)
	}
}

// TestAccessKeysOpenNothingElse: neither other paths, however they are written, nor
// our own pages.
func TestAccessKeysOpenNothingElse(t *testing.T) {
	t.Parallel()
	w, _, key := keyed(t)
	for _, path := range []string{
		"/", "/photos", "/api", "/API/x", "/apis/x", "/api/../admin", "/api/..%2fadmin", "/api/%2e%2e/admin", "/x/..//api/x", "/api/%00",
		"/?/api/x", "/admin?p=/api/x", "/admin;/api/x", "/.sparekey/../api/x",
	} {
		if e := reached(t, w, path, bearer(key)); e != nil {
			t.Errorf("%s: got it let in as %s", path, e.Header.Get("Remote-User"))
		}
	}
	if e := reached(t, w, "/api/x", http.Header{"Sparekey-Key": {key}, "X-Original-Url": {"/admin"}}); e != nil {
		t.Error("a header that names another path: got it let in")
	}
	for _, path := range []string{"/.sparekey/account", "/.sparekey/people", "/.sparekey/people/x"} {
		res, body := send(t, w, path, bearer(key))
		if strings.Contains(body, "alice") || res.StatusCode == http.StatusOK && !strings.Contains(body, `data-page="sign-in"`) {
			t.Errorf("%s: got %d and %q, want the key to be nothing there", path, res.StatusCode, body)
		}
	}
}

// TestAccessKeysKeepToTheirScope of hosts and paths, inside what the site opens.
func TestAccessKeysKeepToTheirScope(t *testing.T) {
	t.Parallel()
	w, alice, _ := keyed(t)
	host := strings.TrimPrefix(w.Server.URL, "http://")
	for _, tt := range []struct {
		name  string
		key   recovery.AccessKey
		path  string
		host  string
		wants bool
	}{
		{"its path", recovery.AccessKey{Paths: []string{"/api/photos/*", "/api/ping"}}, "/api/ping", "", true},
		{"below its path", recovery.AccessKey{Paths: []string{"/api/photos/*"}}, "/api/photos/7", "", true},
		{"another path", recovery.AccessKey{Paths: []string{"/api/photos/*", "/api/ping"}}, "/api/pings", "", false},
		{"up from its path", recovery.AccessKey{Paths: []string{"/api/photos/*"}}, "/api/photos/..%2fusers", "", false},
		{"a path that takes no keys", recovery.AccessKey{Paths: []string{"/*"}}, "/admin", "", false},
		{"its host", recovery.AccessKey{Hosts: []string{host}}, "/api/x", "", true},
		{"one of its hosts", recovery.AccessKey{Hosts: []string{"photos.localhost", host}}, "/api/x", "PHOTOS.localhost", true},
		{"its host by default port", recovery.AccessKey{Hosts: []string{"photos.localhost"}}, "/api/x", "photos.localhost:80", true},
		{"another host", recovery.AccessKey{Hosts: []string{"photos.localhost"}}, "/api/x", "docs.localhost", false},
		{"another port", recovery.AccessKey{Hosts: []string{"photos.localhost"}}, "/api/x", "photos.localhost:8443", false},
		{"a host that is none", recovery.AccessKey{Hosts: []string{"photos.localhost"}}, "/api/x", "photos.localhost.", false},
	} {
		tt.key.Name = tt.name[:min(len(tt.name), 40)]
		key := makeKey(t, w, alice, tt.key)
		header := bearer(key)
		if tt.host != "" {
			header.Set("Host", tt.host)
		}
		if got := reached(t, w, tt.path, header) != nil; got != tt.wants {
			t.Errorf("%s: got let in %v, want %v", tt.name, got, tt.wants)
		}
		if _, err := w.Engine.RevokeKey(t.Context(), account(t, w, "alice").ID, tt.key.Name); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAccessKeysObeyAllow: a key is worth what its owner is, and nobody's
// second factor is asked of it.
func TestAccessKeysObeyAllow(t *testing.T) {
	t.Parallel()
	w, _, key := keyed(t)
	for allow, want := range map[string]int{"user:alice": 200, recovery.GroupAdmins: 200, "family": 403} {
		w.Rules.Allow = []string{allow}
		if res, body := send(t, w, "/api/x", bearer(key)); res.StatusCode != want || want == 403 && !strings.Contains(body, `"forbidden"`) {
			t.Errorf("allow %s: got %d and %q, want %d", allow, res.StatusCode, body, want)
		}
	}
}

// TestOwnersHearOfTheirKeys by a notice whose link closes the account, and that key
// with it.
func TestOwnersHearOfTheirKeys(t *testing.T) {
	t.Parallel()
	w, alice, _ := keyed(t)
	w.Clock.Move(time.Minute)
	key, _, err := w.Engine.AddKey(engine.By(t.Context(), engine.Actor{Base: w.Server.URL + "/.sparekey/"}), account(t, w, "alice").ID, recovery.AccessKey{Name: "thief"})
	if err != nil {
		t.Fatal(err)
	}
	m := w.Outbox.Last(t, alice.Mail, "notice")
	if m.Vars["event"] != "access_key_made" || m.Vars["key"] != "thief" || m.Vars["stop"] == "" {
		t.Fatalf("got %v, want what was made, and a link", m.Vars)
	}
	if reached(t, w, "/api/x", bearer(key)) == nil {
		t.Fatal("the key does not open")
	}
	closes(t, w, alice.Mail)
	if reached(t, w, "/api/x", bearer(key)) != nil {
		t.Error("the key opens a closed account")
	}
	if list := account(t, w, "alice").AccessKeys; len(list) != 1 || list[0].Name != "backup" || !list[0].Suspended {
		t.Errorf("got %+v, want the key of before, suspended", list)
	}
}
