package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// askFor begins a recovery at a host and returns the mail that comes of it.
func askFor(t *testing.T, w *recoverytest.World, who *recoverytest.Person, host string) map[string]string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.Server.URL+"/.sparekey/", strings.NewReader("start=recover&name="+who.Name))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return w.Outbox.Last(t, who.Mail, "recover-code").Vars
}

// TestTK12_LinksLeadWhereTheAskingBrowserIs: to the address asked for, that of a
// mapped port, or the public one. A link that only the asking browser can open is
// left out where it would lead to another host: a wildcard beside a named site.
func TestTK12_LinksLeadWhereTheAskingBrowserIs(t *testing.T) {
	t.Parallel()
	const named, public = "http://photos.localhost", "https://photos.example.com"
	for _, tt := range []struct {
		name, public, host string
		unnamed            bool
		want               string // origin of the link; empty: a code and no link
	}{
		{"a site by its name", "", "photos.localhost", true, named},
		{"a mapped port", "", "photos.localhost:8080", true, named},
		{"a mapped port, and the address is written", public, "photos.localhost:8080", true, public},
		{"a host of the wildcard", "", "cats.localhost", true, ""},
		{"a host of the wildcard, and the address is written", public, "cats.localhost", true, public},
		{"a host that nothing can be reached by", "", "cats.localhost", false, named},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := recoverytest.New(t)
			alice := recoverytest.Alice()
			w.Setup(alice)
			w.Web.Origins, w.Web.Public, w.Web.Unnamed = []string{named}, tt.public, tt.unnamed
			mail := askFor(t, w, alice, tt.host)
			origin, _, _ := strings.Cut(mail["link"], "/.sparekey/link#")
			if origin != tt.want || mail["code"] == "" {
				t.Errorf("got link %q and code %q, want %q and a code", mail["link"], mail["code"], tt.want)
			}
		})
	}
}
