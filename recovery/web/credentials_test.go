package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// A yes to another proxy is complete, whatever the client has in Connection.
func TestHD02_ConnectionAtVerifyRemovesNothing(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	for dialect := range dialects {
		for _, value := range [][]string{
			{"close, Remote-User"},
			{"remote-groups"},
			{"Remote-User", "Remote-Name", "REMOTE-EMAIL", "remote_groups"},
			{"Cookie, Authorization, X-Forwarded-Host, X-Original-Url, X-Forwarded-Uri"},
			{"Upgrade, Remote-User"},
		} {
			r := a.about(dialect, "GET", "https://photos.example.com/x", true)
			r.Header["Connection"] = value
			res := a.want(dialect+" "+strings.Join(value, ", "), r, 200, "")
			for name, want := range map[string]string{"Remote-User": "alice", "Remote-Name": "alice", "Remote-Email": "alice@example.org", "Remote-Groups": recovery.GroupAdmins} {
				if got := res.Header[name]; len(got) != 1 || got[0] != want {
					t.Errorf("%s, Connection %q: %s is %q, want %q", dialect, value, name, got, want)
				}
			}
			if got := res.Header["Connection"]; got != nil {
				t.Errorf("%s: the answer has Connection %q", dialect, got)
			}
		}
	}
}

// credentials are those of a person, where programs send a key.
func credentials(alice *recoverytest.Person, session string) map[string]http.Header {
	out := map[string]http.Header{"Bearer password": bearer(alice.Password), "Bearer session": bearer(session), "header": {"Sparekey-Key": {session}}}
	for _, name := range []string{"alice", "alice@example.org", ""} {
		for what, password := range map[string]string{"right": alice.Password, "wrong": "wrong horse staple", "session": session, "code": alice.Codes[0]} {
			out["Basic "+name+" "+what] = basic(name, password)
		}
	}
	return out
}

// TestHD12_PasswordsOpenNothingButTheSignIn: who sends a password, code or session
// as a program sends its key is nobody, is told the same whether it is right, and
// spends nothing of the account.
func TestHD12_PasswordsOpenNothingButTheSignIn(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	alice := recoverytest.Alice()
	a.Rules.Keys = []string{"/*"}
	a.Web.Forward.Hosts["https://photos.example.com"] = &guard.Rules{Keys: []string{"/*"}}
	before, hits := account(t, a.World, "alice"), a.Hits()
	alice.Codes = []string{"0000-0000"}
	said := map[string]string{}
	for name, header := range credentials(alice, a.session) {
		for dialect := range dialects {
			r := a.about(dialect, "GET", "https://photos.example.com/api/x", false)
			for k, v := range header {
				r.Header[k] = v
			}
			if res := a.ask(r); res.StatusCode != 401 {
				t.Errorf("%s, %s: got %d %q, want 401", dialect, name, res.StatusCode, res.Header.Get("Sparekey-Reason"))
			}
		}
		res, body := send(t, a.World, "/api/x", header)
		if res.StatusCode != 401 || res.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: got %d and cookie %q, want 401 and none", name, res.StatusCode, res.Header.Get("Set-Cookie"))
		}
		for _, secret := range []string{alice.Password, a.session, url.QueryEscape(alice.Password)} {
			if strings.Contains(body, secret) {
				t.Errorf("%s: the answer says it again", name)
			}
		}
		said[name] = body
	}
	for _, name := range []string{"alice", "alice@example.org", ""} {
		if said["Basic "+name+" right"] != said["Basic "+name+" wrong"] {
			t.Errorf("%q: got %q for the right password and %q for a wrong one", name, said["Basic "+name+" right"], said["Basic "+name+" wrong"])
		}
	}
	if after := account(t, a.World, "alice"); after.Revision != before.Revision {
		t.Errorf("got revision %d of the account, want %d", after.Revision, before.Revision)
	}
	if a.Hits() != hits {
		t.Errorf("got %d requests at the app, want none", a.Hits()-hits)
	}
}
