package web_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// reads is a store that counts them, and how many found something.
type reads struct {
	kv.Driver
	all, found atomic.Int64
}

func (d *reads) Get(ctx context.Context, key string) ([]byte, error) {
	b, err := d.Driver.Get(ctx, key)
	if d.all.Add(1); b != nil {
		d.found.Add(1)
	}
	return b, err
}

// TestWrongAccessKeysGetOneAnswer, and cost one and the same: nobody learns whether
// there is such an account, such a key, or what it was for.
func TestWrongAccessKeysGetOneAnswer(t *testing.T) {
	t.Parallel()
	store := &reads{Driver: memkv.New()}
	w, alice, key := keyed(t, recoverytest.WithDriver(store))
	add := func(k recovery.AccessKey) string { t.Helper(); return makeKey(t, w, alice, k) }
	expired, revoked, suspended := add(recovery.AccessKey{Name: "expired", End: w.Clock.Now().Add(time.Minute)}), add(recovery.AccessKey{Name: "revoked"}), add(recovery.AccessKey{Name: "suspended"})
	elsewhere := add(recovery.AccessKey{Name: "elsewhere", Hosts: []string{"docs.example.com"}})
	w.Clock.Move(time.Minute)
	if _, err := w.Engine.RevokeKey(t.Context(), account(t, w, "alice").ID, "REVOKED"); err != nil {
		t.Fatal(err)
	}
	change(t, w, "alice", func(a *recovery.Account) { a.AccessKeys[2].Suspended = true })
	w.Invite(bob())
	id, _ := recovery.SplitKey(key)
	const secret = "aaaaaaaaaaaaaaaaaaaaaaaaaaa"
	var first string
	for _, tt := range []struct {
		name, key string
		looked    bool // at the store
	}{
		{"unknown account", recovery.JoinKey(strings.Repeat("x", recovery.IDSize), secret), true},
		{"wrong secret", recovery.JoinKey(id, secret), true},
		{"of another account", recovery.JoinKey(account(t, w, "robin").ID, key[len(key)-len(secret):]), true},
		{"expired", expired, true},
		{"revoked", revoked, true},
		{"suspended", suspended, true},
		{"for another host", elsewhere, false},
		{"cut", key[:len(key)-1], false},
		{"longer", key + "a", false},
		{"only its beginning", "sk_", false},
		{"of another service", "sk_live_51H8abcdefghijklmnop", false},
	} {
		all, found := store.all.Load(), store.found.Load()
		res, body := send(t, w, "/api/x", bearer(tt.key))
		res.Header.Del("Date")
		got := strings.Join([]string{res.Status, body}, " ") + headerText(res.Header)
		if first == "" {
			first = got
		}
		if got != first || res.StatusCode != 401 || !strings.Contains(body, `"access_key_refused"`) {
			t.Errorf("%s: got %s, want %s", tt.name, got, first)
		}
		all, found = store.all.Load()-all, store.found.Load()-found
		if tt.looked && (all != 2 || found != 1) {
			t.Errorf("%s: got %d reads, of which %d found something, want 2 and 1", tt.name, all, found)
		}
	}
	if n := w.Events.Count(recovery.EventKeyRefused); n == 0 {
		t.Error("nothing is in the log")
	}
}

func headerText(h http.Header) string {
	var b strings.Builder
	_ = h.Write(&b) // sorted
	return b.String()
}

// TestAccessKeysAreRefusedTogether: which of several would count, and what a page
// elsewhere had its browser send, is not looked into.
func TestAccessKeysAreRefusedTogether(t *testing.T) {
	t.Parallel()
	w, alice, key := keyed(t)
	other := makeKey(t, w, alice, recovery.AccessKey{Name: "other"})
	b := w.Browser()
	w.SignIn(b, alice, "/")
	cookie := b.Cookie("sparekey")
	for name, header := range map[string]http.Header{
		"two headers":         {"Authorization": {"Bearer " + key, "Bearer " + other}},
		"twice the same":      {"Authorization": {"Bearer " + key, "Bearer " + key}},
		"both headers":        {"Authorization": {"Bearer " + key}, "Sparekey-Key": {other}},
		"own header twice":    {"Sparekey-Key": {key, key}},
		"a list":              {"Sparekey-Key": {key + ", " + key}},
		"list of schemes":     {"Authorization": {"Bearer " + key + ", Basic YTpi"}},
		"unknown scheme":      {"Authorization": {"Token " + key}},
		"no scheme":           {"Authorization": {key}},
		"as the user name":    basic(key, ""),
		"broken base64":       {"Authorization": {basic("x", key).Get("Authorization") + "*"}},
		"cross-site":          {"Authorization": {"Bearer " + key}, "Sec-Fetch-Site": {"cross-site"}},
		"same site":           {"Authorization": {"Bearer " + key}, "Sec-Fetch-Site": {"same-site"}},
		"site twice":          {"Authorization": {"Bearer " + key}, "Sec-Fetch-Site": {"none", "cross-site"}},
		"site of none":        {"Authorization": {"Bearer " + key}, "Sec-Fetch-Site": {""}},
		"page elsewhere":      {"Authorization": {"Bearer " + key}, "Origin": {"https://evil.example"}},
		"page without origin": {"Authorization": {"Bearer " + key}, "Origin": {"null"}},
	} {
		header.Set("Cookie", cookie.Name+"="+cookie.Value) // a session does not help: it is the key that asks
		if res, body := send(t, w, "/api/x", header); res.StatusCode != 401 || !strings.Contains(body, `"access_key_refused"`) || len(res.Header["Set-Cookie"]) > 0 {
			t.Errorf("%s: got %d and %q, want it refused", name, res.StatusCode, body)
		}
		if e := reached(t, w, "/photos", header); e == nil || strings.Contains(headerText(e.Header), key) {
			t.Errorf("%s: where no keys are taken: got %+v, want the session let in, and no key at the app", name, e)
		}
	}
	for name, header := range map[string]http.Header{
		"typed address": {"Authorization": {"Bearer " + key}, "Sec-Fetch-Site": {"none"}},
		"own page":      {"Authorization": {"Bearer " + key}, "Sec-Fetch-Site": {"same-origin"}, "Origin": {w.Server.URL}},
	} {
		if reached(t, w, "/api/x", header) == nil {
			t.Errorf("%s: got it refused", name)
		}
	}
}

// TestGuessesLockNoAccessKeyOut: who tries many is told to wait, and a right key of
// the same network passes meanwhile.
func TestGuessesLockNoAccessKeyOut(t *testing.T) {
	t.Parallel()
	w, _, key := keyed(t)
	wrong := bearer(key[:len(key)-4] + "aaaa")
	var last *http.Response
	for range w.Policy.Limits.Keys.Count + 1 {
		last, _ = send(t, w, "/api/x", wrong)
	}
	if last.StatusCode != http.StatusTooManyRequests || last.Header.Get("Retry-After") == "" {
		t.Errorf("got %d, want to be told to wait", last.StatusCode)
	}
	if reached(t, w, "/api/x", bearer(key)) == nil {
		t.Error("the right key is refused because others guess")
	}
	if n := w.Events.Count(recovery.EventKeyRefused); n > 2 {
		t.Errorf("got %d lines in the log, want them joined", n)
	}
	w.Clock.Move(w.Policy.Limits.Keys.Per)
	if res, _ := send(t, w, "/api/x", wrong); res.StatusCode != 401 {
		t.Errorf("got %d after the wait, want 401", res.StatusCode)
	}
}

// leaving is a store that can be away.
type leaving struct {
	kv.Driver
	away atomic.Bool
}

func (d *leaving) Get(ctx context.Context, key string) ([]byte, error) {
	if d.away.Load() {
		return nil, errors.New("the store is away")
	}
	return d.Driver.Get(ctx, key)
}

// TestAccessKeysWhenTheStoreIsAway: nobody knows, so it is neither yes nor no.
func TestAccessKeysWhenTheStoreIsAway(t *testing.T) {
	t.Parallel()
	store := &leaving{Driver: memkv.New()}
	w, _, key := keyed(t, recoverytest.WithDriver(store))
	store.away.Store(true)
	if res, _ := send(t, w, "/api/x", bearer(key)); res.StatusCode != 503 || res.Header.Get("Retry-After") == "" {
		t.Errorf("got %d, want 503", res.StatusCode)
	}
	store.away.Store(false)
	if reached(t, w, "/api/x", bearer(key)) == nil {
		t.Error("the key is refused although the store is back")
	}
}
