package web_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// What is open is so by the method and path that were asked for at the other proxy,
// and nobody is named to the app there.
func TestHD08_OpenPathsAtVerify(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	a.Web.Forward.Hosts["https://photos.example.com"] = &guard.Rules{Open: []guard.Opening{{Paths: []string{"/public/*"}}, {Methods: []string{"POST"}, Paths: []string{"/hook"}}}}
	for dialect := range dialects {
		for _, tc := range []struct {
			method, path string
			status       int
		}{
			{"GET", "/public/a?b=c", 200},
			{"HEAD", "/public/a", 200},
			{"POST", "/hook", 200},
			{"POST", "/public/a", 401},
			{"GET", "/hook", 401},
			{"GET", "/admin?/public/a", 401},
			{"GET", "/Public/a", 401},
			{"PUT", "/hook", 401},
			{"POST", "/hook/", 401},
			{"GET", "/public/../admin", 401},
			{"GET", "/public/..%2fadmin", 401},
			{"GET", "//public/a", 401},
			{"GET", "/public/%2e%2e/admin", 401},
			{"GET", "/public%2fa", 401},
			{"GET", "/public/..;/admin", 401},
			{"GET", "/x/public/a", 401},
			{"OPTIONS", "/public/a", 401},
		} {
			r := a.raw(dialect, tc.method, tc.path)
			r.Header.Set("Remote-User", "root")
			name := fmt.Sprintf("%s, %s %s", dialect, tc.method, tc.path)
			res := a.want(name, r, tc.status, map[int]string{401: "sign_in"}[tc.status])
			if who, named := res.Header["Remote-User"]; tc.status == 200 && (!named || len(who) != 1 || who[0] != "") {
				t.Errorf("%s: got Remote-User %q, want one empty value", name, who)
			}
		}
		for _, further := range []string{"X-Original-Uri", "X-Rewrite-Url", "X-Http-Method-Override"} {
			r := a.raw(dialect, "GET", "/public/a")
			r.Header.Set(further, "/admin")
			a.want(dialect+", "+further, r, 401, "sign_in")
		}
	}
}

// raw is a question about a path that is written as it stands.
func (a *asker) raw(dialect, method, path string) *http.Request {
	a.t.Helper()
	r := a.about(dialect, method, "https://photos.example.com/", false)
	switch dialect {
	case "forwarded":
		r.Header.Set("X-Forwarded-Uri", path)
	case "nginx":
		r.Header.Set("X-Original-Url", "https://photos.example.com"+path)
	default:
		r.RequestURI = "/.sparekey/verify/envoy" + path
	}
	if !web.Verifying(r) {
		a.t.Fatalf("%s is no question", r.URL)
	}
	return r
}
