//go:build unix

package caddymodule_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// actJSON is what an action says of an account afterwards.
type actJSON struct {
	Name        string
	DisplayName string `json:"display_name"`
	State       string
	Groups      []string
	RemovedOn   time.Time `json:"removed_on"`
}

// walkActs does each action to somebody by its command.
func walkActs(t *testing.T, h *host) {
	t.Helper()
	config := "--config=" + filepath.Join(h.folder, "Caddyfile")
	do := func(args ...string) actJSON {
		t.Helper()
		return decode[actJSON](t, sparekey(t, append(args, "--reason=because of this", "--json", config)...))
	}
	refused := func(said string, args ...string) {
		t.Helper()
		sparekey(t, append(args, config)...).want(t, 1, said)
	}
	sparekey(t, "user", "add", "anna", "--mail", "anna@example.org", config).want(t, 0, "")
	if got := do("user", "groups", "anna", "--group", "family", "--group", "friends"); !slices.Equal(got.Groups, []string{"family", "friends"}) {
		t.Errorf("groups: got %+v", got)
	}
	if got := do("user", "display-name", "anna", "Anna Martin"); got.DisplayName != "Anna Martin" {
		t.Errorf("display-name: got %+v", got)
	}
	do("user", "extension", "anna", "--number", "+33 1 23 45 67 89", "--extension", "42")
	do("user", "mail", "anna", "anna@example.net")
	do("user", "phone", "anna", "+41791234599")
	do("user", "unlock", "anna")
	do("user", "sign-out", "anna")
	if got := do("user", "rename", "anna", "anna.martin"); got.Name != "anna.martin" {
		t.Errorf("rename: got %+v", got)
	}
	if got := do("user", "disable", "anna.martin"); got.State != "disabled" {
		t.Errorf("disable: got %+v", got)
	}
	if got := do("user", "enable", "anna.martin"); got.State != "invited" {
		t.Errorf("enable: got %+v", got)
	}
	if got := do("user", "remove", "anna.martin"); got.RemovedOn.IsZero() {
		t.Errorf("remove: got %+v", got)
	}
	if got := do("user", "enable", "anna.martin"); !got.RemovedOn.IsZero() {
		t.Errorf("enable: got %+v", got)
	}
	sparekey(t, "user", "invite", "anna.martin", config).want(t, 0, "is the invitation")
	if got := decode[linkJSON](t, sparekey(t, "invite", "person", "bruno", "--group", "family", "--json", config)); !strings.Contains(got.Link, "/.sparekey/activate#") {
		t.Errorf("invite person: got %+v", got)
	}
	sparekey(t, "invite", "person", "bruno", config).want(t, 0, "is the invitation")
	refused("leave the other options out", "invite", "person", "bruno", "--group", "friends")
	if got := do("invite", "revoke", "bruno"); got.State != "invited" {
		t.Errorf("invite revoke: got %+v", got)
	}
	refused("the account is invited", "invite", "revoke", "bruno", "--reason=because of this")
	walkNames(t, config, do, refused)
	refused("say why", "user", "disable", "anna.martin")
	refused("3 to 500", "user", "disable", "anna.martin", "--reason=x")
	refused("rescue alice", "user", "groups", "alice", "--reason=because of this")
	refused("no such account", "user", "disable", "anna", "--reason=because of this")
	refused("somebody else's until lately", "user", "add", "anna")
	refused("use one of", "user", "list", "--show", "everybody")
	if out := sparekey(t, "user", "list", "--show", "invited", config).want(t, 0, "").out; !strings.Contains(out, "anna.martin") || strings.Contains(out, "alice") {
		t.Errorf("user list --show invited: got %q", out)
	}
}

// walkNames gives a name away that is kept from others.
func walkNames(t *testing.T, config string, do func(...string) actJSON, refused func(string, ...string)) {
	t.Helper()
	do("user", "remove", "bruno")
	do("user", "rename", "anna.martin", "annam")
	refused("say it once more", "user", "add", "anna.martin")
	refused("say it once more", "user", "add", "anna.martin", "--give-away", "annamartin")
	sparekey(t, "user", "add", "anna.martin", "--give-away", "Anna.Martin", config).want(t, 0, "is the invitation")
	do("user", "rename", "anna.martin", "another")
	do("user", "rename", "annam", "anna.martin", "--give-away", "anna.martin")
}

func TestEachActionByCommand(t *testing.T) {
	recoverytest.Alone(t)
	for _, tt := range []struct {
		redis, running bool
	}{{false, true}, {false, false}, {true, true}} {
		h := newHost(t)
		if tt.redis {
			h.store = "redis " + kvtest.StartRedis(t).URL()
			h.socket = filepath.Join(h.folder, "xdg", "caddy", "sparekey", "run", "redis.sock")
		}
		h.seed(t)
		h.more = "temporary_password on\nnotify file " + filepath.Join(h.folder, "out")
		h.start(t)
		if tt.running {
			walkResets(t, h)
		} else {
			h.stop(t)
		}
		walkActs(t, h)
		if tt.running {
			h.stop(t)
		}
	}
}

// walkResets has links sent to alice, and makes and revokes a key of hers.
func walkResets(t *testing.T, h *host) {
	t.Helper()
	config := "--config=" + filepath.Join(h.folder, "Caddyfile")
	for _, line := range []string{"user reset-password alice", "user reset-factors alice", "user reset-password alice --temporary"} {
		sparekey(t, append(strings.Fields(line), "--reason=because of this", config)...).want(t, 0, "on its way")
	}
	made := decode[keyJSON](t, sparekey(t, "key", "add", "alice", "--name=door", "--json", config))
	if list := decode[[]keyJSON](t, sparekey(t, "key", "list", "alice", "--json", config)); len(list) != 1 || list[0].ID != made.ID || list[0].Key != "" {
		t.Errorf("got %+v, want the key by its name", list)
	}
	sparekey(t, "key", "revoke", "alice", "door", config).want(t, 0, "revoked: door")
}

// TestRescueInUnderAMinute: from no password and no factor to signed in, with the shell
// alone.
func TestRescueInUnderAMinute(t *testing.T) {
	recoverytest.SlowAlone(t)
	for _, store := range []string{"file", "redis"} {
		for _, running := range []bool{true, false} {
			h := newHost(t)
			if store == "redis" {
				h.store = "redis " + kvtest.StartRedis(t).URL()
			}
			h.seed(t)
			h.start(t)
			if !running {
				h.stop(t)
			}
			begun := time.Now()
			link := strings.TrimSpace(sparekey(t, "rescue", "alice", "--config", filepath.Join(h.folder, "Caddyfile")).want(t, 0, "").out)
			if !running {
				h.start(t)
			}
			h.comeBack(t, link)
			took := time.Since(begun)
			t.Logf("%s, running %t: %s", store, running, took)
			if took > time.Minute {
				t.Errorf("%s, running %t: got %s, want less than a minute", store, running, took)
			}
			h.stop(t)
		}
	}
}

// comeBack walks a rescue link to a new password and factor, and signs in with them.
func (h *host) comeBack(t *testing.T, link string) {
	t.Helper()
	const password = "a horse of another colour"
	page, token, _ := strings.Cut(link, "#")
	code := func(key string, in time.Duration) string {
		got, err := totp.GenerateCode(key, time.Now().Add(in))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	b := recoverytest.NewBrowser(t, h.origin())
	b.Get(strings.TrimPrefix(page, h.origin())).Want("confirm").Submit("code", token)
	chosen := func() *recoverytest.Browser {
		if b.Page() == "choice" && b.Offers("method", "totp") {
			b.Submit("method", "totp")
		} else if b.Page() == "choice" {
			b.Submit("choice", "both")
		}
		return b
	}
	chosen().Want("new-password").Submit("new_password", password)
	chosen()
	key := strings.ReplaceAll(strings.Join(b.Want("enroll").All("secret"), ""), "-", "")
	b.Submit("code", code(key, 0)).Want("codes").Submit("choice", "saved").Want("sign-in")
	b.Submit("name", "alice", "password", password).Want("factor").Submit("code", code(key, 30*time.Second))
	if b.Body != "app" {
		t.Errorf("got page %q, want the app", b.Page())
	}
	again := recoverytest.NewBrowser(t, h.origin())
	again.Get(strings.TrimPrefix(page, h.origin())).Submit("code", token)
	if again.Page() == "new-password" {
		t.Error("the link works twice")
	}
}
