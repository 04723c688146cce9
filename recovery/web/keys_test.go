package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// shownKey is the access key on a page.
func shownKey(t *testing.T, b *recoverytest.Browser) string {
	t.Helper()
	key := strings.TrimSpace(strings.Join(b.Want("keys").All("secret"), ""))
	if !strings.HasPrefix(key, recovery.KeyPrefix) {
		t.Fatalf("got %q, want an access key", key)
	}
	return key
}

// byKey asks for a path of the app with an access key.
func byKey(t *testing.T, w *recoverytest.World, key, path string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.Server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// TestPeopleMakeKeysOfTheirOwn, see them, and end them.
func TestPeopleMakeKeysOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	w.Rules.Keys = []string{"/dav/*"}
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := signIn(w, w.Browser(), alice)
	b.Get("/.sparekey/account/keys").Want("account-keys").Submit("label", "phone backup", "paths", "/dav/*", "expires", "30d", "choice", "make_key")
	key := shownKey(t, b)
	if got := byKey(t, w, key, "/dav/a"); got != http.StatusOK {
		t.Errorf("the key: got status %d", got)
	}
	if page := b.Get("/.sparekey/account/keys").Want("account-keys").Text(); strings.Contains(b.Body, key) || !strings.Contains(page, "phone backup") {
		t.Errorf("got %q, want the key by its name, and not again", page)
	}
	for _, bad := range [][]string{{"label", "Phone Backup"}, {"label", ""}, {"label", "x", "hosts", "https://a"}, {"label", "x", "paths", "dav"}, {"label", "x", "expires", "never"}} {
		b.Get("/.sparekey/account/keys").Submit(append(bad, "choice", "make_key")...)
		if b.Status != http.StatusUnprocessableEntity || b.Page() != "account-keys" {
			t.Errorf("%q: got status %d, page %q", bad, b.Status, b.Page())
		}
	}
	id := account(t, w, "alice").AccessKeys[0].ID
	b.Get("/.sparekey/account/keys").Submit("choice", "revoke:"+id).Want("account-keys")
	if got := byKey(t, w, key, "/dav/a"); got != http.StatusUnauthorized {
		t.Errorf("revoked: got status %d", got)
	}
	w.Clock.Move(11 * time.Minute)
	if b.Post("/.sparekey/account/keys", recoverytest.Fields("label", "later", "choice", "make_key")); b.Page() != "factor" {
		t.Errorf("without a fresh proof: got page %q", b.Page())
	}
}

// TestNoKeyOnProbation: none is made or switched on within a day of a recovery, and one
// that a recovery suspended opens again only when its owner says so.
func TestNoKeyOnProbation(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	a := account(t, w, "alice")
	key, _, err := w.Engine.AddKey(t.Context(), a.ID, recovery.AccessKey{Name: "builds"})
	if err != nil {
		t.Fatal(err)
	}
	w.Rules.Keys = []string{"/*"}
	change(t, w, "alice", func(a *recovery.Account) {
		a.EndEverything()
		a.Probation = w.Clock.Now().Add(w.Policy.Lifetimes.Probation)
	})
	b := signIn(w, w.Browser(), alice)
	id := account(t, w, "alice").AccessKeys[0].ID
	for _, choice := range []string{"make_key", "resume:" + id} {
		if b.Post("/.sparekey/account/keys", recoverytest.Fields("label", "x", "choice", choice)); b.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s on probation: got status %d", choice, b.Status)
		}
	}
	if got := byKey(t, w, key, "/a"); got != http.StatusUnauthorized {
		t.Errorf("suspended: got status %d", got)
	}
	w.Clock.Move(w.Policy.Lifetimes.Probation)
	b = signIn(w, w.Browser(), alice)
	b.Get("/.sparekey/account/keys").Want("account-keys").Submit("choice", "resume:"+id).Want("account-keys")
	if got := byKey(t, w, key, "/a"); got != http.StatusOK {
		t.Errorf("switched on again: got status %d", got)
	}
}

// TestAD01_AKeyForSomebodyElse is made where the operator has that, never for an
// administrator, and opens nothing that asks for a proof of its owner.
func TestAD01_AKeyForSomebodyElse(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	w.Rules.Keys = []string{"/dav/*"}
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	path := "/.sparekey/people/" + account(t, w, "robin").ID
	fields := recoverytest.Fields("label", "desk phone", "reason", "asked me for it", "choice", "key")
	b := signIn(w, w.Browser(), alice)
	if b.Post(path, fields); b.Status != http.StatusForbidden {
		t.Errorf("while it is off: got status %d", b.Status)
	}
	w.Policy.AdminKeys = true
	key := shownKey(t, b.Get(path+"?do=key").Want("person").Submit("label", "desk phone", "reason", "asked me for it", "choice", "key"))
	if told := w.Outbox.Last(t, robin.Mail, "notice").Vars; told["event"] != string(recovery.EventKeyMade) || told["by_admin"] == "" || told["reason"] == "" {
		t.Errorf("robin was told %v", told)
	}
	if got := byKey(t, w, key, "/dav/a"); got != http.StatusOK {
		t.Errorf("the key: got status %d", got)
	}
	for name, rules := range map[string]guard.Rules{"factors": {Factors: 2}, "fresh": {Fresh: time.Minute}} {
		rules.Keys = w.Rules.Keys
		w.Rules = rules
		if got := byKey(t, w, key, "/dav/a"); got == http.StatusOK {
			t.Errorf("where %s are asked: got status %d", name, got)
		}
	}
	robins := signIn(w, w.Browser(), robin)
	if page := robins.Get("/.sparekey/account/keys").Want("account-keys").Text(); !strings.Contains(page, "Made by alice") {
		t.Errorf("robin sees %q, want who made it", page)
	}
	change(t, w, "robin", func(a *recovery.Account) { a.Groups = []string{recovery.GroupAdmins} })
	if b.Post(path, recoverytest.Fields("label", "another", "reason", "asked me for it", "choice", "key")); b.Status != http.StatusForbidden {
		t.Errorf("for an administrator: got status %d", b.Status)
	}
}

// TestARecoveryListsTheKeysThatItSuspends on its last page; each is switched on again
// with a fresh factor, by its owner.
func TestARecoveryListsTheKeysThatItSuspends(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	w.Rules.Keys = []string{"/dav/*"}
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := signIn(w, w.Browser(), alice)
	b.Get("/.sparekey/account/keys").Want("account-keys").Submit("label", "phone backup", "choice", "make_key")
	key := shownKey(t, b)
	w.Clock.Move(25 * time.Hour)

	b = w.Browser()
	w.Ask(b, alice)
	b.Want("choice").Submit("choice", "password").Want("factor")
	w.Clock.Move(time.Minute)
	b.Submit("code", recoverytest.TOTP(w, alice.Key)).Want("new-password")
	if !strings.Contains(b.Text(), "phone backup") {
		t.Errorf("got %q, want the key to be named", b.Text())
	}
	if got := byKey(t, w, key, "/dav/a"); got != http.StatusOK {
		t.Errorf("nothing has changed yet: got status %d", got)
	}
	alice.Password = "another horse battery"
	b.Submit("new_password", alice.Password).Want("sign-in")
	if got := byKey(t, w, key, "/dav/a"); got == http.StatusOK {
		t.Error("the key goes on after a recovery")
	}
	w.Clock.Move(25 * time.Hour)
	signIn(w, b, alice)
	id := account(t, w, "alice").AccessKeys[0].ID
	w.Clock.Move(11 * time.Minute)
	b.Post("/.sparekey/account/keys", recoverytest.Fields("choice", "resume:"+id))
	if account(t, w, "alice").AccessKeys[0].Suspended == false {
		t.Error("switched on without a fresh factor")
	}
	signIn(w, b, alice)
	b.Get("/.sparekey/account/keys").Want("account-keys").Post("/.sparekey/account/keys", recoverytest.Fields("choice", "resume:"+id)).Want("account-keys")
	if got := byKey(t, w, key, "/dav/a"); got != http.StatusOK {
		t.Errorf("switched on again: got status %d", got)
	}

	w.Clock.Move(25 * time.Hour)
	b = w.Browser()
	w.Ask(b, alice)
	b.Want("choice").Submit("choice", "second_factor").Want("factor").Submit("password", alice.Password).Want("factor")
	b.Submit("code", w.SMSCode(alice)).TakeApp()
	alice.Key = strings.ReplaceAll(strings.Join(b.All("secret"), ""), "-", "")
	if b.Submit("code", recoverytest.TOTP(w, alice.Key)).Want("codes"); !strings.Contains(b.Text(), "phone backup") {
		t.Errorf("got %q, want the key to be named beside the codes", b.Text())
	}
}
