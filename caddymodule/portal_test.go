//go:build unix

package caddymodule_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// severalHosts is a wildcard site with an open host, two protected ones with
// different groups, and the portal, if there is one.
func (h *host) severalHosts(t *testing.T, portal string) string {
	t.Helper()
	word := ""
	if portal != "" {
		word = "portal " + portal
	}
	path := filepath.Join(h.folder, "Caddyfile")
	text := fmt.Sprintf(`{
	admin off
	persist_config off
	storage file_system %s
	log {
		output file %s
	}
	sparekey {
		store %s
		secret %s
		%s
	}
}
http://*.localhost:%d {
	@open host open.localhost
	handle @open {
		respond "open"
	}
	@login host login.localhost
	handle @login {
		sparekey
	}
	@photos host photos.localhost
	handle @photos {
		sparekey {
			allow admins
		}
		respond "photos for {http.auth.user.id}"
	}
	@album host album.localhost
	handle @album {
		sparekey {
			allow friends
		}
		respond "album"
	}
	handle {
		abort
	}
}
`, filepath.Join(h.folder, "certificates"), filepath.Join(h.folder, "log"), h.store, h.secret, word, h.port)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// runs starts Caddy with a Caddyfile.
func (h *host) runs(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := load(config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
}

func (h *host) at(name string) string { return fmt.Sprintf("http://%s.localhost:%d", name, h.port) }

// TestOneSignInForAWildcardSite: three hosts in one site, and one sign-in.
func TestOneSignInForAWildcardSite(t *testing.T) {
	h := newHost(t)
	alice := recoverytest.Alice()
	h.seedPerson(t, alice)
	h.runs(t, h.severalHosts(t, h.at("login")))
	b := recoverytest.NewBrowser(t, h.at("login"))
	b.Client.Transport = &http.Transport{DialContext: toLoopback}
	b.Get(h.at("photos") + "/trip?id=7").Want("sign-in")
	if b.URL.Host != strings.TrimPrefix(h.at("login"), "http://") {
		t.Fatalf("got the sign-in at %s", b.URL)
	}
	if policy := b.Answer.Get("Content-Security-Policy"); !strings.Contains(policy, fmt.Sprintf("form-action 'self' %s %s;", h.at("photos"), h.at("album"))) {
		t.Errorf("got %q, want the two protected hosts, and no others", policy)
	}
	b.Submit("name", alice.Name, "password", alice.Password).Want("factor").Submit("method", recovery.RecoveryCode).Submit("code", alice.Codes[0])
	if want := h.at("photos") + "/trip?id=7"; b.Body != "photos for alice" || b.URL.String() != want {
		t.Fatalf("got %q at %s, want the photos at %s", b.Body, b.URL, want)
	}
	if b.Get(h.at("open") + "/"); b.Body != "open" {
		t.Errorf("got %q, want the open host", b.Body)
	}
	if b.Get(h.at("album") + "/").Want("forbidden"); b.Status != http.StatusForbidden || !strings.Contains(b.Text(), "alice") {
		t.Errorf("got status %d: %s", b.Status, b.Text())
	}
	b.Get(h.at("login") + "/photos").Want("account")
	b.Base = h.at("album")
	b.Post(h.at("album")+"/.sparekey/logout", url.Values{}).Want("signed-out")
	b.Get(h.at("photos") + "/").Want("sign-in")
}

// TestSeveralHostsAreToldOfThePortal by doctor and in the log, in one line each.
func TestSeveralHostsAreToldOfThePortal(t *testing.T) {
	h := newHost(t)
	h.seed(t)
	remedy := "portal " + h.at("login") + " into"
	path := h.severalHosts(t, "")
	h.runs(t, path)
	d := examine(t, 0, "--config", path)
	if c := d.find(t, "portal", "3 hosts have a sign-in each"); c.Level != "warning" || !strings.Contains(c.Remedy, remedy) {
		t.Errorf("got %+v, want a warning that says what to write", c)
	}
	log, err := os.ReadFile(filepath.Join(h.folder, "log"))
	if err != nil || strings.Count(string(log), remedy) != 1 {
		t.Errorf("got %d lines of it in the log, want one; %v", strings.Count(string(log), remedy), err)
	}
	path = h.severalHosts(t, h.at("login"))
	h.runs(t, path)
	if c := examine(t, 0, "--config", path).find(t, "portal", h.at("login")+", for "+h.at("photos")); c.Level != "ok" {
		t.Errorf("got %+v, want the portal and its hosts", c)
	}
}

// TestAPortalIsToldOfHostsItDoesNotServe at the start and by doctor, each with what
// to write: addresses without a name, hosts that no site names, and networks that
// are no use because the portal asks for both factors.
func TestAPortalIsToldOfHostsItDoesNotServe(t *testing.T) {
	h := newHost(t)
	h.seed(t)
	path := h.severalHosts(t, h.at("login"))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	more := strings.Replace(string(text), "allow friends", "network 192.168.7.0/24 192.168.9.0/24 factors 1", 1)
	more = strings.Replace(more, "handle @login {\n\t\tsparekey", "handle @login {\n\t\tsparekey {\n\t\t\tnetwork 192.168.0.0/21 factors 1\n\t\t}", 1)
	more += fmt.Sprintf("http://192.0.2.7:%d, http://*.example.com:%d {\n\tsparekey\n}\n", h.port, h.port)
	if err := os.WriteFile(path, []byte(strings.Replace(more, "sparekey {\n", "sparekey {\n\t\tinsecure_http\n", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	h.runs(t, path)
	log, err := os.ReadFile(filepath.Join(h.folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	d := examine(t, 0, "--config", path)
	for text, remedy := range map[string]string{
		"192.0.2.7:%d is an address without a name":                                           "give it a name",
		"stands at hosts that no site names":                                                  "name them beside the wildcard",
		h.at("album") + " has network 192.168.9.0/24, and people sign in at " + h.at("login"): "write network 192.168.9.0/24 factors 1",
	} {
		if strings.Contains(text, "%d") {
			text = fmt.Sprintf(text, h.port)
		}
		if c := d.find(t, "portal", text); c.Level != "warning" || !strings.Contains(c.Remedy, remedy) {
			t.Errorf("got %+v, want a warning with %q", c, remedy)
		}
		if strings.Count(string(log), text) != 1 {
			t.Errorf("got %d lines in the log of %q, want one", strings.Count(string(log), text), text)
		}
	}
	if strings.Contains(string(log), "192.168.7.0/24") {
		t.Error("the network that the portal has too is warned of")
	}
}
