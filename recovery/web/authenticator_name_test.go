package web_test

import (
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestAuthenticatorsShowThePlace: an account stands in the app under the name of
// the place, else its host, and never under ours. Apps cut at the first colon.
func TestAuthenticatorsShowThePlace(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, want string }{
		{"Photos", "Photos"},
		{"Photos: the family’s", "Photos the family’s"},
		{"", "HOST"},
	} {
		w := recoverytest.New(t, recoverytest.WithPolicy(func(p *recovery.Policy) { p.Site = tt.name }))
		want := strings.ReplaceAll(tt.want, "HOST", strings.ReplaceAll(strings.TrimPrefix(w.Server.URL, "http://"), ":", " "))
		code, err := w.Engine.OpenSetup(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b, p := w.Browser(), recoverytest.Alice()
		b.Get("/.sparekey/setup").Submit("code", code).Submit("name", p.Name, "new_password", p.Password).TakeApp()
		link, err := url.Parse(authenticatorLink(b))
		if err != nil || link.Scheme != "otpauth" {
			t.Fatalf("got link %q and %v", link, err)
		}
		if got := link.Query().Get("issuer"); got != want {
			t.Errorf("%q: got issuer %q, want %q", tt.name, got, want)
		}
		if got, want := link.Path, "/"+want+":alice"; got != want {
			t.Errorf("%q: got label %q, want %q", tt.name, got, want)
		}
	}
}

// authenticatorLink is the link of the page that enrols an authenticator.
func authenticatorLink(b *recoverytest.Browser) string {
	_, link, _ := strings.Cut(b.Body, `href="otpauth:`)
	link, _, _ = strings.Cut(link, `"`)
	return html.UnescapeString("otpauth:" + link)
}
