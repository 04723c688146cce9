//go:build unix

package caddymodule_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/boltkv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// checkJSON is a line of doctor --json.
type checkJSON struct {
	Subject, Level, Text, Remedy string
	Line                         *struct {
		Waiting, Sent, Failed int
		LastError             string `json:"last_error"`
	}
}

type diagnosisJSON struct {
	Checks []checkJSON
	Faults int
}

// find returns the first check of a subject whose text holds the words.
func (d diagnosisJSON) find(t *testing.T, subject, words string) checkJSON {
	t.Helper()
	for _, c := range d.Checks {
		if c.Subject == subject && strings.Contains(c.Text, words) {
			return c
		}
	}
	t.Errorf("no line of %s with %q in %+v", subject, words, d.Checks)
	return checkJSON{}
}

// examine runs doctor twice, for people and for programs, and wants the same
// content: every line, the exit code, and nothing that is secret.
func examine(t *testing.T, code int, args ...string) diagnosisJSON {
	t.Helper()
	r := sparekey(t, append([]string{"doctor", "--json"}, args...)...)
	var d diagnosisJSON
	if err := json.Unmarshal([]byte(r.out), &d); err != nil {
		t.Fatalf("%v in %q; it said %s", err, r.out, r.said)
	}
	if r.code != code || (d.Faults > 0) != (code == 1) {
		t.Errorf("got exit code %d and %d faults, want %d: %+v", r.code, d.Faults, code, d.Checks)
	}
	text := sparekey(t, append([]string{"doctor"}, args...)...)
	if text.code != r.code {
		t.Errorf("as text: got exit code %d, want %d", text.code, r.code)
	}
	lines := strings.Split(text.out, "\n")
	for _, c := range d.Checks {
		if c.Subject == "store" || c.Subject == "roster" || slices.Contains(args, "--send-test") {
			continue // it tells how long it took, or what it has done then
		}
		if !slices.ContainsFunc(lines, func(l string) bool {
			return strings.HasPrefix(l, c.Level) && strings.Contains(l, c.Text)
		}) || !strings.Contains(text.out, c.Remedy) {
			t.Errorf("got %s\nwant the line %+v in it", text.out, c)
		}
	}
	for _, s := range []string{"hunter2", "canary"} {
		if all := r.out + r.said + text.out + text.said; strings.Contains(all, s) {
			t.Errorf("%q is shown:\n%s", s, all)
		}
	}
	return d
}

// rosterRecord is where the account of [settle] is listed.
const rosterRecord = "roster/8a"

// settle makes the store that a set-up by somebody leaves behind: quicker than
// by a Caddy, whose every stop takes seconds.
func settle(t *testing.T, h *host, name string, contacts ...recovery.Address) {
	t.Helper()
	const id = "AAAAAAAAAAAAAAAAAAAAAA"
	store := h.open(t)
	defer store.Driver.Close()
	account := recovery.Account{ID: id, Name: name, State: recovery.StateActive, Groups: []string{recovery.GroupAdmins}, Addresses: contacts}
	row := map[string]any{"id": id, "name": name, "state": account.State, "admin": true}
	_, err1 := kv.Create(t.Context(), store, "account/"+id, account, time.Time{})
	_, err2 := kv.Create(t.Context(), store, rosterRecord, []any{row}, time.Time{})
	_, err3 := kv.Create(t.Context(), store, "first", id, time.Time{})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
}

// open makes the key and the store, or opens them.
func (h *host) open(t *testing.T) *kv.Store {
	t.Helper()
	key := filepath.Join(h.data(), "sparekey.key")
	if _, err := os.Stat(key); err != nil {
		err1 := os.MkdirAll(h.data(), 0o700)
		err2 := os.WriteFile(key, []byte(strings.Repeat("0f", 32)+"\n"), 0o600)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
	}
	d, err := boltkv.Open(filepath.Join(h.data(), "sparekey.db"), boltkv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store := &kv.Store{Driver: d, Sealer: h.keys(t), Now: time.Now}
	if err := engine.Prepare(t.Context(), store, h.keys(t)); err != nil {
		t.Fatal(err)
	}
	return store
}

// signIn posts a sign-in with a wrong password.
func (h *host) signIn(t *testing.T, name string) {
	t.Helper()
	form := url.Values{"start": {"login"}, "name": {name}, "password": {"wrong horse staple"}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/.sparekey/", h.port), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = fmt.Sprintf("%s:%d", h.name, h.port)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("sign-in of %s: got status %d, want 422", name, res.StatusCode)
	}
}

func samsMail() recovery.Address {
	return recovery.Address{Channel: recovery.ChannelMail, Value: "sam-canary@example.org"}
}

// TestDoctor: with Caddy running and stopped, from a configuration and from
// the store alone.
func TestDoctor(t *testing.T) {
	h := newHost(t)
	settle(t, h, "sam")
	h.more = "notify file " + filepath.Join(h.folder, "out")
	config := "--config=" + filepath.Join(h.folder, "Caddyfile")
	h.start(t)
	d := examine(t, 0, config)
	d.find(t, "accounts", "1 in all, administrators: 1")
	d.find(t, "caddy", "running")
	d.find(t, "store", "file "+filepath.Join(h.data(), "sparekey.db")+" answers in")
	d.find(t, "files", "for its owner only")
	d.find(t, "sites", h.origin())
	d.find(t, "ways", "none is weaker")
	d.find(t, "mail", "notify file: is there")
	d.find(t, "sms", "notify file: is there")
	d.find(t, "push", "nothing sends it")
	if c := d.find(t, "mail", "0 sent, 0 failed, 0 waiting"); c.Line == nil || c.Level != "ok" {
		t.Errorf("got %+v, want the figures", c)
	}

	h.stop(t)
	before := tree(t, h.data())
	d = examine(t, 0, config)
	if c := d.find(t, "caddy", "not running"); c.Level != "warning" {
		t.Errorf("got %+v, want a warning", c)
	}
	d.find(t, "accounts", "1 in all, administrators: 1")
	d.find(t, "mail", "notify file: is there")
	for _, c := range d.Checks {
		if c.Line != nil {
			t.Errorf("got figures %+v of a Caddy that does not run", c)
		}
	}
	if c := examine(t, 0, "--data", h.data()).find(t, "config", "not known"); c.Level != "warning" {
		t.Errorf("got %+v, want a warning", c)
	}
	if after := tree(t, h.data()); after != before {
		t.Errorf("got\n%s\nwant nothing changed:\n%s", after, before)
	}
	if _, err := os.Stat(filepath.Join(h.folder, "out")); err == nil {
		t.Error("doctor made the folder of messages")
	}
}

// doctorFault is one thing that is wrong, and what doctor says of it.
type doctorFault struct {
	name           string
	more           string
	site           string
	spoil          func(t *testing.T, h *host)
	subject, words string
	level, remedy  string
	code           int // of something else; a fault is 1
}

func doctorFaults() []doctorFault {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	nobody := strings.TrimPrefix(gone.URL, "http://")
	smtp := func(host string) string {
		return "notify smtp " + host + " {\n from a@example.org\n user sam\n password hunter2\n}"
	}
	return []doctorFault{
		{name: "mail server away", more: smtp(nobody), subject: "mail", words: "connection refused", level: "fault", remedy: "nobody listens there"},
		{name: "mail server of no name", more: smtp("mail.invalid:587"), subject: "mail", words: "no such host", level: "fault", remedy: "spelling"},
		{name: "gateway away", more: "notify sms " + gone.URL + "/?key=canary", subject: "sms", words: "connection refused", level: "fault", remedy: "nobody listens there"},
		{name: "push service away", more: "notify push ntfy://" + nobody + "/canary", subject: "push", words: "connection refused", level: "fault", remedy: "nobody listens there"},
		{name: "push service that cannot be asked", more: "notify push pushover://shoutrrr:canary@hunter2", subject: "push", words: "use --send-test", level: "ok"},
		{name: "webhook away", more: "notify webhook " + gone.URL + "/canary {\n secret hunter2hunter2hunter2\n}", subject: "webhook", words: "connection refused", level: "fault", remedy: "nobody listens there"},
		{name: "stolen passwords away", more: "passwords breached " + gone.URL + "/canary/", subject: "passwords", words: "connection refused", level: "fault", remedy: "nobody listens there"},
		{name: "stolen passwords in the clear, accepted", more: "passwords breached http://breach.invalid/canary/ insecure", subject: "insecure", words: "learns a part of the hashes", level: "warning", remedy: "use https", code: 1},
		{name: "nothing sends mail", subject: "mail", words: "password by mail_link", level: "warning", remedy: "notify smtp"},
		{name: "nothing sends text messages", subject: "sms", words: "mail_link + password + sms_code", level: "ok"},
		{name: "plain http beyond this machine", site: "photos.lan", subject: "sites", words: "nobody is let in", level: "fault", remedy: "https"},
		{name: "plain http, allowed", site: "photos.lan", more: "insecure_http", subject: "sites", words: "in the clear", level: "warning", remedy: "insecure_http"},
		{name: "a wildcard beside a site", site: "localhost, http://*.localhost", subject: "sites", words: "have a code and no link", level: "warning", remedy: "url ADDRESS"},
		{name: "a wildcard, and the address is written", site: "localhost, http://*.localhost", more: "url http://localhost", subject: "sites", words: "http://localhost", level: "ok"},
		{name: "insecure_http for nothing", more: "insecure_http", subject: "sites", words: "no site needs it", level: "warning", remedy: "take it away"},
		{name: "gateway in the clear, accepted", more: "notify sms http://sms.invalid/?key=canary insecure", subject: "insecure", words: "codes and numbers cross", level: "warning", remedy: "use https", code: 1},
		{name: "weaker than the login, accepted", more: "notify file out\nrecover second_factor {\n way mail_link weak_ok\n}", subject: "ways", words: "lets whoever holds mailbox take over", level: "warning", remedy: "weak_ok accepts it"},
		{name: "weak way, accepted", more: "notify file out\nrecover both off\nrecover second_factor {\n way mail_link password sms_code\n}", subject: "ways", words: "needs a number", level: "warning"},
		{name: "store others read", spoil: mode("sparekey.db", 0o644), subject: "files", words: "may be read by others (mode 0644)", level: "fault", remedy: "chmod 600 "},
		{name: "store others change", spoil: mode("sparekey.db", 0o666), subject: "files", words: "may be changed by others", level: "fault", remedy: "chmod 600 "},
		{name: "folder others read", spoil: mode("", 0o755), subject: "files", words: "(mode 0755)", level: "warning", remedy: "chmod 700 "},
		{name: "folder others change", spoil: mode("", 0o777), subject: "files", words: "may be changed by others", level: "fault", remedy: "chmod 700 "},
		{name: "key others read", spoil: mode("sparekey.key", 0o644), subject: "files", words: "sparekey.key may be read by others", level: "fault", remedy: "chmod 600 "},
		{name: "key of another store", spoil: otherKey, subject: "store", words: engine.ErrKeyMismatch.Error(), level: "fault"},
		{name: "no store", spoil: func(t *testing.T, h *host) {
			if err := os.Remove(filepath.Join(h.data(), "sparekey.db")); err != nil {
				t.Fatal(err)
			}
		}, subject: "store", words: "no store found", level: "fault"},
		{name: "secret that is not here", more: "notify push {env.SPAREKEY_NO_SUCH}", subject: "notify", words: "SPAREKEY_NO_SUCH", level: "fault", remedy: "environment"},
	}
}

// TestDoctorFindsFaults: one thing is wrong at a time. No Caddy runs, since the
// same code looks then.
func TestDoctorFindsFaults(t *testing.T) {
	recoverytest.Alone(t)
	for _, tt := range doctorFaults() {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost(t)
			settle(t, h, "sam")
			h.more = tt.more
			if tt.site != "" {
				h.name = tt.site
			}
			if tt.spoil != nil {
				tt.spoil(t, h)
			}
			code := tt.code
			if tt.level == "fault" {
				code = 1
			}
			c := examine(t, code, "--config", h.caddyfile(t)).find(t, tt.subject, tt.words)
			if c.Level != tt.level || !strings.Contains(c.Remedy, tt.remedy) {
				t.Errorf("got %+v, want %s and the remedy %q", c, tt.level, tt.remedy)
			}
		})
	}
}

func mode(name string, m os.FileMode) func(*testing.T, *host) {
	return func(t *testing.T, h *host) {
		t.Helper()
		if err := os.Chmod(filepath.Join(h.data(), name), m); err != nil {
			t.Fatal(err)
		}
	}
}

func otherKey(t *testing.T, h *host) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(h.data(), "sparekey.key"), []byte(strings.Repeat("ab", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDoctorIsNotHeldUp: a server that says nothing costs seconds.
func TestDoctorIsNotHeldUp(t *testing.T) {
	recoverytest.Slow(t)
	h := newHost(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	settle(t, h, "sam")
	h.more = "notify smtp " + silent.Addr().String() + " {\n from a@example.org\n}"
	begun := time.Now()
	r := sparekey(t, "doctor", "--config", h.caddyfile(t))
	if took := time.Since(begun); r.code != 1 || took > 9*time.Second || !strings.Contains(r.out, "no answer in time") {
		t.Errorf("got %d after %v and %s, want that the server does not answer", r.code, took, r.out)
	}
}

// TestDoctorSetUp: nobody has an account, and set-up waits for anybody with the
// link.
func TestDoctorSetUp(t *testing.T) {
	h := newHost(t)
	if err := h.open(t).Driver.Close(); err != nil {
		t.Fatal(err)
	}
	c := examine(t, 0, "--data", h.data()).find(t, "accounts", "set-up is open")
	if c.Level != "warning" || !strings.Contains(c.Remedy, "setup-link") {
		t.Errorf("got %+v, want a warning with the command", c)
	}
}

// TestDoctorRoster: an account that the list has lost is missed.
func TestDoctorRoster(t *testing.T) {
	h := newHost(t)
	settle(t, h, "sam")
	store := h.open(t)
	if err := errors.Join(kv.Delete(t.Context(), store, rosterRecord), store.Driver.Close()); err != nil {
		t.Fatal(err)
	}
	if c := examine(t, 0, "--data", h.data()).find(t, "roster", "repaired"); c.Level != "ok" {
		t.Errorf("got %+v, want somebody who was missing to be listed again", c)
	}
}

// TestDoctorRepairsTheRoster: somebody who is listed twice, by a version before and
// another root key, is listed once afterwards.
func TestDoctorRepairsTheRoster(t *testing.T) {
	h := newHost(t)
	settle(t, h, "sam")
	store := h.open(t)
	rows, _, err1 := kv.Load[[]any](t.Context(), store, rosterRecord)
	_, err2 := kv.Create(t.Context(), store, "roster/00", rows, time.Time{})
	if err := errors.Join(err1, err2, store.Driver.Close()); err != nil {
		t.Fatal(err)
	}
	for _, said := range []bool{true, false} {
		r := sparekey(t, "doctor", "--data", h.data()).want(t, 0, "")
		if strings.Contains(r.out, "repaired") != said {
			t.Errorf("got %q, want it to be repaired once", r.out)
		}
	}
	store = h.open(t)
	rows, _, err1 = kv.Load[[]any](t.Context(), store, "roster/00")
	if err := errors.Join(err1, store.Driver.Close()); err != nil || len(rows) != 0 {
		t.Errorf("got %v (%v) in the wrong place, want nothing", rows, err)
	}
}

// TestDoctorRedis: the address is shown and the password is not.
func TestDoctorRedis(t *testing.T) {
	server := kvtest.StartRedis(t)
	h := newHost(t)
	if _, err := server.Do("ACL", "SETUSER", "sam", "on", ">hunter2", "~*", "&*", "+@all"); err != nil {
		t.Fatal(err)
	}
	h.store = "redis " + strings.Replace(server.URL(), "redis://", "redis://sam:hunter2@", 1)
	h.socket = filepath.Join(h.folder, "xdg/caddy/sparekey/run/redis.sock")
	h.start(t)
	examine(t, 0, "--config", h.caddyfile(t)).find(t, "store", server.URL())
}

// TestDoctorRescueOnly: who could not open a closed account again is named.
func TestDoctorRescueOnly(t *testing.T) {
	h := newHost(t)
	settle(t, h, "sam", samsMail())
	h.more = "notify file " + filepath.Join(h.folder, "out")
	config := h.caddyfile(t)
	if c := examine(t, 0, "--config="+config).find(t, "closing", "only you could open them: sam"); c.Level != "warning" || !strings.Contains(c.Remedy, "rescue") {
		t.Errorf("got %+v, want a warning with the command", c)
	}
}
