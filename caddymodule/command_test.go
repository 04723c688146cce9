//go:build unix

package caddymodule_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/boltkv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/kv/rediskv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// linkJSON is the result of all commands that print a link.
type linkJSON struct {
	User    string    `json:"user"`
	Link    string    `json:"link"`
	Expires time.Time `json:"expires"`
}

// personJSON is part of what "user show" tells.
type personJSON struct {
	ID        string   `json:"id"`
	State     string   `json:"state"`
	Lang      string   `json:"lang"`
	Groups    []string `json:"groups"`
	CodesLeft int      `json:"codes_left"`
	Contacts  []struct{ Channel, Address string }
	Factors   []struct{ Method string }
	Devices   []struct{ Browser string }
	Sessions  []struct{ Browser string }
}

// story is one operator's day; said is what each command says of its way.
func story(t *testing.T, h *host, said string) {
	t.Helper()
	config := "--config=" + filepath.Join(h.folder, "Caddyfile")
	do := func(args ...string) result { t.Helper(); return sparekey(t, append(args, config)...) }

	first := do("setup-link").want(t, 0, said).out
	second := decode[linkJSON](t, do("setup-link", "--json"))
	if !strings.HasPrefix(first, h.origin()+"/.sparekey/setup#") || strings.Count(first, "\n") != 1 {
		t.Errorf("setup-link: got %q, want one line with a link", first)
	}
	if !strings.HasPrefix(second.Link, h.origin()+"/.sparekey/setup#") || second.Link+"\n" == first {
		t.Errorf("setup-link --json: got %q, want another link", second.Link)
	}
	if left := time.Until(second.Expires); left < 29*time.Minute || left > 30*time.Minute {
		t.Errorf("setup link: got %v left, want 30 min", left)
	}
	if got := strings.TrimSpace(do("user", "list", "--json").want(t, 0, said).out); got != "[]" {
		t.Errorf("user list --json: got %q, want []", got)
	}

	added := decode[linkJSON](t, do("user", "add", "Anna", "--mail", "anna@example.org", "--phone", "+41 79 123 45 67",
		"--group", "family", "--group", "admins", "--group", "family", "--lang", "fr", "--json"))
	if added.User != "Anna" || !strings.HasPrefix(added.Link, h.origin()+"/.sparekey/activate#") {
		t.Errorf("user add: got %+v, want an invitation for Anna", added)
	}
	do("user", "add", "ANNA").want(t, 1, "already taken")
	p := decode[personJSON](t, do("user", "show", "anna@example.org", "--json"))
	if p.State != "invited" || p.Lang != "fr" || !slices.Equal(p.Groups, []string{"family", "admins"}) || len(p.Contacts) != 2 {
		t.Errorf("user show: got %+v, want the invited Anna", p)
	}
	if out := do("user", "list").out; !strings.Contains(out, "Anna") || !strings.Contains(out, "invited") {
		t.Errorf("user list: got %q, want Anna", out)
	}

	rescue := decode[linkJSON](t, do("rescue", "anna", "--json", "--origin", "https://photos.example.com/"))
	if !strings.HasPrefix(rescue.Link, "https://photos.example.com/.sparekey/activate#") {
		t.Errorf("rescue --origin: got %q, want that origin", rescue.Link)
	}
	do("rescue", "bruno").want(t, 1, "no such account")
	do("user", "show", "bruno").want(t, 1, "no such account")
}

func TestCommandsWithCaddyRunning(t *testing.T) {
	h := newHost(t)
	h.start(t)
	story(t, h, "asked the running Caddy at "+h.socket)
}

func TestCommandsWithCaddyStopped(t *testing.T) {
	h := newHost(t)
	h.start(t)
	h.stop(t)
	story(t, h, "opening "+filepath.Join(h.data(), "sparekey.db"))
	if _, err := os.Lstat(filepath.Dir(h.socket)); err == nil {
		t.Errorf("got %s, want no folder for a socket while no Caddy runs", filepath.Dir(h.socket))
	}
}

// TestWaysToTheStore: what is written by one way is seen by all others.
func TestWaysToTheStore(t *testing.T) {
	h := newHost(t)
	h.store = "file" // in the data folder
	h.socket = filepath.Join(h.folder, "xdg/caddy/sparekey/run/sparekey.sock")
	h.start(t)
	sparekey(t, "user", "add", "anna").want(t, 0, h.socket)
	data := filepath.Join(h.folder, "xdg/caddy")
	ways := []struct {
		name string
		args []string
	}{
		{"nothing said", nil},
		{"configuration", []string{"--config", h.caddyfile(t)}},
		{"configuration and adapter", []string{"--adapter", "caddyfile", "-c", h.caddyfile(t)}},
		{"data folder", []string{"--data", data}},
		{"store folder", []string{"--data", filepath.Join(data, "sparekey")}},
		{"store file", []string{"--data", filepath.Join(data, "sparekey", "sparekey.db")}},
	}
	for _, running := range []bool{true, false} {
		if !running {
			h.stop(t)
		}
		for _, tt := range ways {
			t.Run(tt.name, func(t *testing.T) {
				people := decode[[]engine.Person](t, sparekey(t, append([]string{"user", "list", "--json"}, tt.args...)...))
				if len(people) != 1 || people[0].Name != "anna" {
					t.Errorf("running %v: got %v, want anna", running, people)
				}
			})
		}
	}
}

// TestRedis: no file, no lock; an empty database is left empty.
func TestRedis(t *testing.T) {
	server := kvtest.StartRedis(t)
	h := newHost(t)
	h.store, h.secret = "redis "+server.URL(), strings.Repeat("0123456789abcdef", 4)
	h.socket = filepath.Join(h.folder, "xdg/caddy/sparekey/run/redis.sock")
	config := "--config=" + h.caddyfile(t)

	sparekey(t, "setup-link", config).want(t, 1, "holds nothing of Sparekey")
	d, err := rediskv.Open(t.Context(), rediskv.Options{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if keys, err := d.Keys(t.Context(), ""); len(keys) != 0 || err != nil {
		t.Errorf("got keys %q, %v, want an empty database", keys, err)
	}
	if _, err := os.Lstat(filepath.Join(h.folder, "xdg")); err == nil {
		t.Error("a command made the data folder")
	}

	h.start(t)
	sparekey(t, "user", "add", "anna", config).want(t, 0, h.socket)
	h.secret = strings.Repeat("fedcba9876543210", 4) + " " + h.secret
	h.start(t) // another store to Caddy: the new socket takes over before the old one closes
	for range 10 {
		sparekey(t, "user", "list", config).want(t, 0, h.socket)
	}
	h.stop(t)
	if out := sparekey(t, "user", "list", config).want(t, 0, "opening redis").out; !strings.Contains(out, "anna") {
		t.Errorf("got %q, want anna", out)
	}
}

func TestMissingStore(t *testing.T) {
	h := newHost(t)
	config := h.caddyfile(t)
	if err := os.WriteFile(filepath.Join(h.folder, "other.json"), []byte(`{"apps":{"http":{}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	before := tree(t, h.folder)
	tests := []struct {
		name, said string
		args       []string
	}{
		{"configuration", "no store found; looked for " + h.data(), []string{"--config", config}},
		{"data folder", "no store found; looked for " + h.folder, []string{"--data", h.folder}},
		{"no such folder", "no store found; looked for " + h.folder, []string{"--data", filepath.Join(h.folder, "nowhere")}},
		{"no such configuration", "no such file", []string{"--config", filepath.Join(h.folder, "nowhere")}},
		{"configuration without us", "does not use sparekey", []string{"--config", filepath.Join(h.folder, "other.json")}},
		{"unknown adapter", `adapter "toml"`, []string{"--config", config, "--adapter", "toml"}},
	}
	for _, tt := range tests {
		for _, cmd := range [][]string{{"setup-link"}, {"rescue", "x"}, {"user", "list"}, {"user", "add", "x"}, {"user", "show", "x"}} {
			t.Run(tt.name+" "+strings.Join(cmd, " "), func(t *testing.T) {
				r := sparekey(t, append(slices.Clone(cmd), tt.args...)...).want(t, 1, tt.said)
				if strings.Count(r.said, "\n") != 1 {
					t.Errorf("got %q, want one sentence", r.said)
				}
			})
		}
	}
	if after := tree(t, h.folder); after != before {
		t.Errorf("got\n%s\nwant nothing changed:\n%s", after, before)
	}
}

// TestMissingKey: a store without its key is not given a new one.
func TestMissingKey(t *testing.T) {
	h := newHost(t)
	h.start(t)
	h.stop(t)
	key := filepath.Join(h.data(), "sparekey.key")
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	sparekey(t, "setup-link", "--data", h.data()).want(t, 1, "no key found at "+key)
	if err := os.WriteFile(key, []byte(strings.Repeat("ab", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	sparekey(t, "setup-link", "--data", h.data()).want(t, 1, engine.ErrKeyMismatch.Error())
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	sparekey(t, "setup-link", "--data", h.data()).want(t, 1, "may be read by others")
}

func TestWrongUsage(t *testing.T) {
	h := newHost(t)
	tests := []struct {
		name, said, args string
	}{
		{"no command", "which command?", ""},
		{"no command of user", "which command?", "user"},
		{"unknown command", `unknown command "sesame"`, "sesame"},
		{"unknown command of user", `unknown command "sesame"`, "user sesame"},
		{"missing argument", "USER", "rescue"},
		{"two names", "NAME", "user show anna bruno"},
		{"surplus argument", "no argument", "setup-link now"},
		{"unknown option", "--color", "setup-link --color"},
		{"option without value", "--data", "setup-link --data"},
		{"option of another command", "--mail", "rescue anna --mail a@example.org"},
		{"two places", "not both", "setup-link --config a --data b"},
		{"adapter alone", "--adapter needs --config", "setup-link --adapter toml"},
		{"origin without scheme", "--origin", "setup-link --origin photos.example.com"},
		{"origin with path", "--origin", "setup-link --origin https://photos.example.com/x"},
		{"origin of a script", "--origin", "setup-link --origin javascript:alert(1)"},
		{"name like an option", "unknown", "user show -x"},
		{"recipient without a test", "--to needs --send-test", "doctor --to a@example.org"},
		{"recipient that is nothing", "not a number with its country code", "doctor --send-test --to anna"},
		{"number without its country", "not a number with its country code", "doctor --send-test --to 0791234567"},
		{"two recipients in one", "not a plain mail address", "doctor --send-test --to a@example.org,b@example.org"},
		{"empty recipient", "not a number", "doctor --send-test --to="},
		{"argument of doctor", "no argument", "doctor now"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := sparekey(t, strings.Fields(tt.args)...).want(t, 2, tt.said)
			if strings.Count(r.said, "\n") != 1 || !strings.Contains(r.said, "--help") {
				t.Errorf("got %q, want one sentence that leads to --help", r.said)
			}
		})
	}
	if got := tree(t, h.folder); strings.Count(got, "\n") != 1 {
		t.Errorf("got %s, want an empty folder", got)
	}
}

// TestHostileWords: no word somebody gives reaches the terminal raw or makes
// anything but a refusal.
func TestHostileWords(t *testing.T) {
	recoverytest.SlowAlone(t)
	h := newHost(t)
	h.start(t)
	words := []string{
		"", " ", "\x1b[31mred", "a\nb", "a\x00b", "../../etc/passwd", "a/b", "<script>", "a,b@", "\u202egnirts", "\xff\xfe",
		strings.Repeat("a", 300), strings.Repeat("a", 70<<10), "{env.HOME}", "' OR 1=1", "123456",
	}
	for _, running := range []bool{true, false} {
		if !running {
			h.stop(t)
		}
		for _, word := range words {
			calls := [][]string{{"rescue", word}, {"user", "show", word}, {"user", "add", "x", "--group", word}, {"user", "add", "x", "--group=a," + word}}
			if word != "" {
				calls = append(calls, []string{"user", "add", "x", "--mail", word}, []string{"user", "add", "x", "--phone", word}, []string{"user", "add", "x", "--lang", word})
			}
			if word != "{env.HOME}" { // strange, but a name
				calls = append(calls, []string{"user", "add", word})
			} else {
				calls = calls[:2]
			}
			for _, args := range calls {
				r := sparekey(t, append(args, "--data", h.data())...)
				if r.code != 1 || r.out != "" || !utf8.ValidString(r.said) || strings.ContainsAny(r.said, "\x1b\x00\u202e") {
					t.Errorf("%.60q: got %d, %q, %.200q, want a refusal", args, r.code, r.out, r.said)
				}
			}
		}
	}
	if out := strings.TrimSpace(sparekey(t, "user", "list", "--json", "--data", h.data()).out); out != "[]" {
		t.Errorf("got %q, want nobody", out)
	}
}

// TestShowHidesSecrets fills an account with things that must not be shown.
func TestShowHidesSecrets(t *testing.T) {
	h := newHost(t)
	h.start(t)
	sparekey(t, "user", "add", "anna", "--mail", "canary@example.org", "--phone", "+41791234567", "--data", h.data()).want(t, 0, "")
	id := decode[personJSON](t, sparekey(t, "user", "show", "anna", "--json", "--data", h.data())).ID
	h.stop(t)
	fill(t, h, id)
	for _, running := range []bool{false, true} {
		if running {
			h.start(t)
		}
		text := sparekey(t, "user", "show", "anna", "--data", h.data()).want(t, 0, "").out
		r := sparekey(t, "user", "show", "anna", "--json", "--data", h.data())
		for _, out := range []string{text, r.out} {
			if strings.Contains(out, "canary") || strings.Contains(out, "+4179") || strings.Contains(out, "\x1b") {
				t.Errorf("got %s, want nothing secret", out)
			}
		}
		for _, want := range []string{"active", "totp", "Firefox on Linux", "c•••@example.org", "•••••67", "remembered until", "Ann's phone"} {
			if !strings.Contains(text, want) {
				t.Errorf("got %s, want %q in it", text, want)
			}
		}
		p := decode[personJSON](t, r)
		if p.CodesLeft != 2 || len(p.Factors) != 2 || len(p.Devices) != 1 || len(p.Sessions) != 1 {
			t.Errorf("got %+v, want 2 codes, 2 factors, 1 device, and 1 session that has not ended", p)
		}
	}
}

func fill(t *testing.T, h *host, id string) {
	t.Helper()
	d, err := boltkv.Open(filepath.Join(h.data(), "sparekey.db"), boltkv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	now := time.Now()
	store := &kv.Store{Driver: d, Sealer: h.keys(t), Now: time.Now}
	_, err = kv.Update(t.Context(), store, "account/"+id, time.Time{}, func(a *recovery.Account, _ bool) error {
		a.State, a.SecondFactor, a.Generation = recovery.StateActive, true, 3
		a.Credentials = []recovery.Credential{
			{ID: "canary", Method: recovery.TOTP, Label: "Ann's phone", Created: now, Data: json.RawMessage(`{"secret":"canary"}`)},
			{ID: "canary", Method: recovery.RecoveryCode, Created: now, Data: json.RawMessage(`{"macs":["canary1","canary2"]}`)},
		}
		a.Devices = []recovery.Device{{ID: "canary", TokenHash: "canary", Browser: "Firefox on Linux\x1b[31m", First: now, Seen: now, Remembered: now.Add(time.Hour), Skip: "canary"}}
		live := recovery.Session{ID: "canary", TokenHash: "canary", Generation: 3, Browser: "Firefox on Linux", Created: now, Seen: now, Idle: 3600, End: now.Add(time.Hour)}
		ended := live
		ended.TokenHash, ended.End = "canary2", now.Add(-time.Minute)
		a.Sessions = []recovery.Session{live, ended}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
