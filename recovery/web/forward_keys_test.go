package web_test

import (
	"net/http"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

// TestOtherProxiesLetProgramsIn by the same keys and paths, and are given what the
// client sent in Authorization without the key: what they copy replaces it.
func TestOtherProxiesLetProgramsIn(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	const host = "https://photos.example.com"
	a.Web.Forward.Hosts[host] = &guard.Rules{Keys: []string{"/api/*"}, Open: []guard.Opening{{Paths: []string{"/public/*"}}}}
	key, _, err := a.Engine.AddKey(t.Context(), account(t, a.World, "alice").ID, recovery.AccessKey{Name: "backup", Hosts: []string{"photos.example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	for dialect := range dialects {
		for name, header := range map[string]http.Header{"Bearer": bearer(key), "Basic": basic("alice", key), "own header": {"Sparekey-Key": {key}}} {
			r := a.about(dialect, "PROPFIND", host+"/api/x?y=1", false)
			r.Header[http.CanonicalHeaderKey("Authorization")], r.Header["Sparekey-Key"] = header["Authorization"], header["Sparekey-Key"]
			res := a.want(dialect+" "+name, r, 200, "")
			if res.Header.Get("Remote-User") != "alice" || res.Header["Authorization"][0] != "" || res.Header["Sparekey-Key"][0] != "" {
				t.Errorf("%s %s: got %v, want alice, and no key left", dialect, name, res.Header)
			}
		}
		r := a.about(dialect, "GET", host+"/x", true)
		r.Header.Set("Authorization", "Bearer of-the-app")
		if res := a.want(dialect+", the app's own", r, 200, ""); res.Header.Get("Authorization") != "Bearer of-the-app" {
			t.Errorf("%s: got %v, want the app's own credentials", dialect, res.Header)
		}
		if res := a.want(dialect+", open", a.about(dialect, "GET", host+"/public/x", false), 200, ""); res.Header.Get("Remote-User") != "" {
			t.Errorf("%s: got %v, want nobody named", dialect, res.Header)
		}
		for _, tt := range []struct {
			path, key, reason string
			asks              bool
		}{
			{"/api/x", "", "sign_in", true},
			{"/api/x", key[:len(key)-1], "key", true},
			{"/x", key, "sign_in", false},
			{"/api/../x", key, "sign_in", false},
		} {
			r := a.about(dialect, "GET", host+tt.path, false)
			if tt.key != "" {
				r.Header.Set("Authorization", "Bearer "+tt.key)
			}
			if res := a.want(dialect+" "+tt.path, r, 401, tt.reason); (challenge(res) == ", asks for a key") != tt.asks {
				t.Errorf("%s %s: got %v, want asked for a key: %v", dialect, tt.path, res.Header, tt.asks)
			}
		}
	}
}
